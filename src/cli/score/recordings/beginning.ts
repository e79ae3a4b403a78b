/** The beginning of a recording, for all who doubt something of it beside its scores: read once, however many look at it. */
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";

/** What is known of a recording's beginning. */
export interface Beginning {
  readonly path: string;
  /**
   * Its first samples, at most `most`; empty where the file cannot be read so far: what is wrong with it is said when it is
   * scored. Not to be changed. Reads only where more is asked than ever before: whoever wants most asks first.
   */
  take(most: number): Promise<Float64Array>;
}

interface Reading {
  /** As many as were asked for, all, or those before the first that could not be read. */
  readonly samples: Float64Array;
  readonly asked: number;
  readonly isBroken: boolean;
}

/** Creates it for a file of which nothing was read yet. */
export function createBeginning(file: SampleFile): Beginning {
  let known: Reading = { samples: new Float64Array(0), asked: 0, isBroken: false };
  return {
    path: file.path,
    take: async (most) => {
      if (known.asked < most) known = await readSamples(file, most);
      const { samples, isBroken } = known;
      return isBroken && samples.length < most ? new Float64Array(0) : samples.subarray(0, most);
    },
  };
}

async function readSamples(file: SampleFile, most: number): Promise<Reading> {
  const samples = new Float64Array(most);
  let length = 0;
  let isBroken = false;
  try {
    for await (const piece of file.pieces()) {
      const part = piece.subarray(0, most - length);
      samples.set(part, length);
      length += part.length;
      if (length === most) break;
    }
  } catch {
    isBroken = true;
  }
  return { samples: samples.subarray(0, length), asked: most, isBroken };
}
