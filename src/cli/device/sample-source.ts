/**
 * Where a simulated device gets its samples from: physics, a recording, or a test's own. A recording is sent as the
 * microcontroller that took it would: its own rate, raw counts and their scale, the shaft speed of its log. Nothing is
 * resampled, scaled or smoothed.
 */
import { basename, dirname, join } from "node:path";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { DeviceChannel } from "../../core/contract/device/device-message.ts";
import type { TurbineSimulation } from "../../core/simulate/turbine-simulation.ts";
import {
  type CwruEnd,
  type CwruRecording,
  type CwruSignal,
  readCwruIndex,
  readCwruSignals,
} from "./cwru-recordings.ts";

/** Samples of all channels, taken at once by one converter. Read by one reader, in order. */
export interface SampleSource {
  /** 1 to 16 waveforms, all at one sampling rate. */
  readonly channels: readonly DeviceChannel[];
  /**
   * Fills the buffers (one a channel, all of one length) from the front.
   * `samples` is how many were written to each: fewer than asked near the end, 0 when the source has ended.
   */
  read(into: readonly Int16Array[]): SourceRead;
}

export interface SourceRead {
  readonly samples: number;
  /** Shaft speed over these samples; 0 at a standstill. */
  readonly shaftRpm: number;
}

/** Name of a channel that an accelerometer at a bearing has here: `accel-de`, `accel-fe`. */
export function accelerometerChannel(end: "DE" | "FE"): string {
  return `accel-${end.toLowerCase()}`;
}

/** Channels of a simulated device: the generator's drive end, and its other end. */
const simulatedChannels = [accelerometerChannel("DE"), "accel-nde"];

/** Wraps a turbine of a simulation, which nobody else may read. Endless, unless `durationS` is given. */
export function createSimulatedSource(
  simulation: TurbineSimulation,
  turbine: number,
  durationS: number = Number.POSITIVE_INFINITY,
): SampleSource {
  const { sampleRateHz, scale } = simulation;
  let left = Math.round(durationS * sampleRateHz);
  const { sensors } = simulation;
  return {
    channels: simulatedChannels.slice(0, sensors).map((name) => ({ name, unit: "g", sampleRateHz, scale })),
    read: (into) => {
      const samples = Math.min(into[0]!.length, left);
      if (samples <= 0) return { samples: 0, shaftRpm: 0 };
      const block = simulation.nextBlock(turbine, samples);
      for (const [index, counts] of block.sensors.entries()) into[index]!.set(counts);
      left -= samples;
      return { samples, shaftRpm: block.shaftRpm };
    },
  };
}

export interface RecordingPlayback {
  /** Accelerometers that are sent; empty: all. */
  readonly ends: readonly CwruEnd[];
  /** It begins again at its end, with a splice that no machine made. */
  readonly loop: boolean;
}

/** Reads a recording of the CWRU folder `dir`. Fails with DATA_MISSING or DATA_FORMAT. */
export async function openRecordingSource(
  dir: string,
  recording: CwruRecording,
  { ends, loop }: RecordingPlayback,
): Promise<SampleSource> {
  const signals = await readCwruSignals(dir, recording);
  const chosen = ends.length === 0 ? signals : signals.filter((signal) => ends.includes(signal.end));
  if (chosen.length < Math.max(1, ends.length)) {
    throw new AuroraError("DATA_MISSING", `${recording.file} has no channel ${ends.join(", ")}`, {
      op: "open recording",
      subject: recording.file,
      hint: `it has ${signals.map((signal) => signal.end).join(" and ")}`,
    });
  }
  return createRecordingSource(chosen, loop);
}

/** Finds the index entry of a recording's file, for example `data/cwru/Normal_48k_load0.npy`. */
export async function findRecording(path: string): Promise<{ dir: string; recording: CwruRecording }> {
  const dir = dirname(path);
  const index = await readCwruIndex(dir).catch((cause: unknown) => {
    if (!hasErrorCode(cause, "DATA_MISSING")) throw cause;
    throw new AuroraError("DATA_MISSING", `there is no ${join(dir, "index.json")} beside ${basename(path)}`, {
      op: "find recording",
      subject: path,
      hint: "name a .npy of a CWRU folder: scale, rate and shaft speed stand in the index beside it",
      cause,
    });
  });
  const recording = index.find(({ file }) => file === basename(path));
  if (recording === undefined) {
    throw new AuroraError("DATA_MISSING", `${basename(path)} is not in ${dir}/index.json`, {
      op: "find recording",
      subject: path,
      hint: "scale, rate and shaft speed of a recording stand in the index beside it",
    });
  }
  return { dir, recording };
}

function createRecordingSource(signals: readonly CwruSignal[], loop: boolean): SampleSource {
  const first = signals[0];
  if (first === undefined || signals.some((signal) => signal.counts.length !== first.counts.length)) {
    throw new RangeError("a recording source needs channels of one length");
  }
  const { sampleRateHz, shaftRpm } = first.recording;
  const total = first.counts.length;
  let position = 0;
  return {
    channels: signals.map(({ end, scale }) => ({
      name: accelerometerChannel(end),
      unit: "g",
      sampleRateHz,
      scale,
    })),
    read: (into) => {
      if (position === total && loop) position = 0;
      const samples = Math.min(into[0]!.length, total - position);
      for (const [index, signal] of signals.entries()) {
        into[index]!.set(signal.counts.subarray(position, position + samples));
      }
      position += samples;
      return { samples, shaftRpm };
    },
  };
}
