/** The beginning of a recording, for whoever looks at it beside its scores. */
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";

/** At most `most` samples; empty where the file cannot be read: what is wrong with it is said when it is scored. */
export async function readBeginning(file: SampleFile, most: number): Promise<Float64Array> {
  const samples = new Float64Array(most);
  let length = 0;
  try {
    for await (const piece of file.pieces()) {
      const part = piece.subarray(0, most - length);
      samples.set(part, length);
      length += part.length;
      if (length === most) break;
    }
  } catch {
    return new Float64Array(0);
  }
  return samples.subarray(0, length);
}
