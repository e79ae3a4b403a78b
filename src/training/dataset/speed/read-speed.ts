/** How the shaft's speed goes over a recording, from a channel of it or of another file. Keeps no sample. */
import { join } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { openSampleFile } from "../samples/sample-file.ts";
import type { SampleFile } from "../samples/samples.ts";
import { measurePulseRate } from "./pulse-speed.ts";
import type { RecordedSpeed } from "./recorded-speed.ts";
import type { SpeedSource } from "./speed-source.ts";

/**
 * Samples of a run where the speed is a channel at some ten thousand samples a second: within 40 ms a shaft that takes 10 s to double its
 * speed turns as good as evenly.
 */
const runSamples = 512;
/** Runs of a recording at most: six hours at 100 kHz, or six weeks of one value a second. */
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
  const { rpmOfOne, isPulses } = source;
  const ownHz = source.rateHz ?? rateHz;
  const run = isPulses || source.rateHz === null ? runSamples : 1;
  const rpm = isPulses
    ? (await measurePulseRate(samples, { run, rateHz: ownHz })).map((pulses) => pulses * rpmOfOne)
    : await averageRuns(samples, { run, scale: rpmOfOne });
  if (rpm.every((each) => each === 0)) {
    throw new AuroraError("DATA_FORMAT", `${path} holds no ${isPulses ? "pulses" : "speed above 0"}`, {
      op: "read speed",
      subject: path,
      hint: isPulses
        ? "name the channel of the tachometer, whose signal rises once a pulse"
        : "name the channel that holds the shaft's speed, in rpm or with `unit: hz`; of a tachometer say how many `pulses` come in a revolution",
    });
  }
  return { everySamples: (run * rateHz) / ownHz, rpm };
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
