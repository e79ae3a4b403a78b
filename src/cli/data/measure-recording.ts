/** Reads a recording once, in pieces, and says what stands out in its numbers. Knows no label and judges nothing. */
import type { ResolvedEntry } from "../../training/dataset/recordings/resolve-entries.ts";
import { atEntry } from "../../training/dataset/recordings/resolve-entries.ts";
import { createClippingMeter } from "../../training/dataset/samples/clipped-samples.ts";
import { openSampleFile } from "../../training/dataset/samples/sample-file.ts";
import { createSignalPrint, type SignalPrint } from "../../training/dataset/samples/signal-print.ts";
import { readTimeColumn, type TimeColumn } from "../../training/dataset/samples/time-column.ts";

export interface MeasuredRecording {
  readonly resolved: ResolvedEntry;
  readonly samples: number;
  /** Samples that are missing or no finite number. */
  readonly missing: number;
  readonly low: number;
  readonly high: number;
  /** Of the file's numbers, without their mean. */
  readonly rms: number;
  /** Samples at an end that is cut off. */
  readonly clipped: number;
  /** Are all samples whole numbers, as a converter counts? */
  readonly areWhole: boolean;
  /** Longest run of one and the same value. */
  readonly longestRun: number;
  /** The same whatever the file's name, format and scale. */
  readonly print: SignalPrint;
  /** What a column of times beside the samples says; null: there is none. */
  readonly times: TimeColumn | null;
}

/** Reads the whole channel. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT. */
export async function measureRecording(resolved: ResolvedEntry): Promise<MeasuredRecording> {
  const { path, place, where } = resolved;
  const file = await atEntry({ where }, () => openSampleFile(path, place));
  const [printed, numbers, clipping] = [createSignalPrint(), createNumbers(), createClippingMeter()];
  for await (const piece of file.pieces()) {
    printed.update(piece);
    numbers.update(piece);
    clipping.update(piece);
  }
  return {
    resolved,
    ...numbers.finish(),
    clipped: clipping.finish(),
    print: printed.finish(),
    times: await readTimeColumn(path),
  };
}

type Numbers = Omit<MeasuredRecording, "resolved" | "clipped" | "print" | "times">;

/** What stands out in numbers that come piece by piece. */
function createNumbers(): { update(piece: Float64Array): void; finish(): Numbers } {
  let [samples, missing, sum, squares] = [0, 0, 0, 0];
  let [last, run, longestRun] = [Number.NaN, 0, 0];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let areWhole = true;
  return {
    update: (piece) => {
      samples += piece.length;
      for (let at = 0; at < piece.length; at++) {
        const value = piece[at]!;
        if (!Number.isFinite(value)) {
          missing++;
          last = Number.NaN;
          run = 0;
          continue;
        }
        run = value === last ? run + 1 : 1;
        last = value;
        if (run > longestRun) longestRun = run;
        if (areWhole && value !== Math.trunc(value)) areWhole = false;
        sum += value;
        squares += value * value;
        if (value > high) high = value;
        if (value < low) low = value;
      }
    },
    finish: () => {
      const count = Math.max(1, samples - missing);
      return {
        samples,
        missing,
        low,
        high,
        rms: Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)),
        areWhole,
        longestRun,
      };
    },
  };
}
