/** Where a simulated device gets its samples from: physics, a recording, or a test's own. */
import type { DeviceChannel } from "../../core/contract/device/device-message.ts";
import type { TurbineSimulation } from "../../core/simulate/turbine-simulation.ts";

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

/** Wraps a turbine of a simulation, which nobody else may read. Endless, unless `durationS` is given. */
export function createSimulatedSource(
  simulation: TurbineSimulation,
  turbine: number,
  durationS: number = Number.POSITIVE_INFINITY,
): SampleSource {
  const { sampleRateHz, scale } = simulation;
  let left = Math.round(durationS * sampleRateHz);
  return {
    channels: [{ name: accelerometerChannel("DE"), unit: "g", sampleRateHz, scale }],
    read: (into) => {
      const buffer = into[0]!;
      const samples = Math.min(buffer.length, left);
      if (samples <= 0) return { samples: 0, shaftRpm: 0 };
      const block = simulation.nextBlock(turbine, samples);
      buffer.set(block.counts);
      left -= samples;
      return { samples, shaftRpm: block.shaftRpm };
    },
  };
}
