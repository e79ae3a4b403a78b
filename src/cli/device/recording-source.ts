/**
 * A recording, sent as the microcontroller that took it would: its own rate, raw counts and their scale, the shaft speed of
 * its log. What no count says (scale, rate, speed) stands in an `index.json` or a `NAME.json` beside the file.
 */
import { basename, extname } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { joinParts } from "../../core/maths/join-parts.ts";
import { createFileNotes, type FileNotes } from "../../training/dataset/recordings/file-notes.ts";
import type { RecordedSignal } from "../../training/dataset/recordings/recording-set.ts";
import { findFileScale } from "../../training/dataset/samples/file-scale.ts";
import { chooseQuantisation, readCountBlocks } from "../../training/dataset/samples/quantise-samples.ts";
import { openSampleFile, readStatedRate } from "../../training/dataset/samples/sample-file.ts";
import { joinScale, type SidecarPart } from "../../training/dataset/sidecar/sidecar.ts";
import { accelerometerChannel, type SampleSource } from "./sample-source.ts";

/** One accelerometer's samples, all of a recording. */
interface PlayedSignal extends Pick<RecordedSignal, "counts" | "scale" | "sampleRateHz" | "shaftRpm"> {
  /** The end of the machine at which it sits, as the recording calls it. */
  readonly end: string;
}

export interface RecordingPlayback {
  /** Accelerometers that are sent; empty: all. */
  readonly ends: readonly string[];
  /** It begins again at its end, with a splice that no machine made. */
  readonly loop: boolean;
}

/** 32 Mi samples a channel: it is played from memory. */
const maxSamples = 2 ** 25;
/** Range of a converter of unknown scale, in g; a recording that is played has one. */
const range = { min: -50, max: 50 };
const blockSamples = 8192;

/** What is played, and how fast the shaft turned. */
interface PlayedRecording {
  readonly source: SampleSource;
  readonly shaftRpm: number;
}

/** Reads the recording `path`. Fails with DATA_MISSING, DATA_FORMAT, CONFIG_INVALID, or USAGE without a needed channel. */
export async function openRecordingSource(
  path: string,
  { ends, loop }: RecordingPlayback,
): Promise<PlayedRecording> {
  const notes = createFileNotes();
  const there = await notes.channelsOf(path);
  const chosen = there.length === 0 ? ends : there.filter((end) => ends.length === 0 || ends.includes(end));
  if (chosen.length < ends.length) {
    throw new AuroraError("DATA_MISSING", `${basename(path)} has no channel ${ends.join(", ")}`, {
      op: "open recording",
      subject: path,
      hint: `it has ${there.join(" and ")}`,
    });
  }
  const signals: PlayedSignal[] = [];
  for (const end of chosen.length === 0 ? [null] : chosen) signals.push(await readSignal(path, end, notes));
  return { source: createPlayback(signals, loop), shaftRpm: signals[0]!.shaftRpm };
}

/** Plays signals of one length, rate and speed. */
export function createPlayback(signals: readonly PlayedSignal[], loop: boolean): SampleSource {
  const first = signals[0];
  if (first === undefined || signals.some(({ counts }) => counts.length !== first.counts.length)) {
    throw new RangeError("a recording source needs channels of one length");
  }
  const { sampleRateHz, shaftRpm } = first;
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

async function readSignal(path: string, end: string | null, notes: FileNotes): Promise<PlayedSignal> {
  const place = extname(path) === ".npy" ? await notes.placeOf(path, end) : null;
  const file = await openSampleFile(path, place === null ? end : `${place}`);
  const said = await notes.of(path, end);
  const find = <K extends keyof SidecarPart>(key: K): SidecarPart[K] =>
    said.find((part) => part[key] !== undefined)?.[key];
  const [rateHz, shaftRpm] = [find("rateHz") ?? (await readStatedRate(path)), find("shaftRpm")];
  const { scale } = findFileScale(file, joinScale(said));
  if (rateHz === undefined || shaftRpm === undefined || scale === null) {
    throw new AuroraError("DATA_MISSING", `nothing says rate, shaft speed and scale or unit of ${path}`, {
      op: "open recording",
      subject: path,
      hint: "a device states them: write them into a NAME.json or an index.json beside the recording",
    });
  }
  const quantisation = await chooseQuantisation(file, scale, range);
  const parts: Int16Array[] = [];
  let samples = 0;
  for await (const { counts } of readCountBlocks(file, quantisation, blockSamples)) {
    parts.push(counts.slice());
    samples += counts.length;
    if (samples > maxSamples) throw tooLong(path);
  }
  const counts = joinParts(parts, Int16Array);
  return { end: end ?? "DE", counts, scale: quantisation.scale, sampleRateHz: rateHz, shaftRpm };
}

function tooLong(path: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `${path} is longer than ${maxSamples} samples`, {
    op: "open recording",
    subject: path,
    hint: "play a part of it",
  });
}
