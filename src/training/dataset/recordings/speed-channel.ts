/** How the shaft's speed goes over a recording, from a channel of it or of another file: means over short runs. Keeps no sample. */
import { join } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { openSampleFile } from "../samples/sample-file.ts";
import type { SampleFile } from "../samples/samples.ts";
import type { SpeedSource } from "./manifest-entry.ts";
import type { RecordedSpeed } from "./recording-set.ts";

/** Samples of a run where the speed is a channel of the recording: a third of a second at 12 kHz. */
const runSamples = 4096;
/** Runs of a recording at most: two days at 100 kHz, or of one value a second. */
const maxRuns = 2 ** 22;

/**
 * Reads the speed beside the recording `file` below `root`, which has `rateHz`. A run of which most values are missing, or whose
 * mean is not above 0, is 0: the shaft is taken to stand, and no window is cut there. Fails with DATA_MISSING, DATA_FORMAT, USAGE.
 */
export async function readSpeed(
  source: SpeedSource,
  { root, file, rateHz }: { readonly root: string; readonly file: string; readonly rateHz: number },
): Promise<RecordedSpeed> {
  const path = join(root, source.file ?? file);
  const samples = await openSampleFile(path, source.channel);
  const rpm =
    source.rateHz === null
      ? await averageRuns(samples, { run: runSamples, scale: source.rpmOfOne })
      : await averageRuns(samples, { run: 1, scale: source.rpmOfOne });
  if (rpm.every((each) => each === 0)) {
    throw new AuroraError("DATA_FORMAT", `${path} holds no speed above 0`, {
      op: "read speed",
      subject: path,
      hint: "name the channel that holds the shaft's speed, in rpm or with `unit: hz`",
    });
  }
  return { everySamples: source.rateHz === null ? runSamples : rateHz / source.rateHz, rpm };
}

/** Mean over the runs in which the shaft turns. */
export function meanSpeed({ rpm }: RecordedSpeed): number {
  let [sum, count] = [0, 0];
  for (const each of rpm) {
    if (each <= 0) continue;
    sum += each;
    count++;
  }
  return sum / Math.max(1, count);
}

/** The speed from sample `from` on. */
export function sliceSpeed({ everySamples, rpm }: RecordedSpeed, from: number): RecordedSpeed {
  const first = Math.min(Math.round(from / everySamples), rpm.length - 1);
  return { everySamples, rpm: rpm.subarray(first) };
}

async function averageRuns(
  file: SampleFile,
  { run, scale }: { readonly run: number; readonly scale: number },
): Promise<Float32Array> {
  const means: number[] = [];
  let [sum, count, missing] = [0, 0, 0];
  const end = (): void => {
    const there = count - missing;
    means.push(there > count / 2 && sum > 0 ? (scale * sum) / there : 0);
    [sum, count, missing] = [0, 0, 0];
    if (means.length <= maxRuns) return;
    throw new AuroraError("DATA_FORMAT", `${file.path} holds more than ${maxRuns} values of speed`, {
      op: "read speed",
      subject: file.path,
      hint: "cut the recording, or give its speed at a lower rate",
    });
  };
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      if (Number.isFinite(value)) sum += value;
      else missing++;
      count++;
      if (count === run) end();
    }
  }
  if (count > 0) end();
  return Float32Array.from(means);
}
