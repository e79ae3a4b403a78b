/** Keeps the samples of a small file after the first reading: it is read up to four times, and text is slow to read. */
import type { SampleFile } from "./samples.ts";

/** 16 MiB: a minute and more of any recording; a longer one is read again from the disk each time. */
const maxSamples = 2 ** 21;
const pieceSamples = 8192;

/** `file`, whose pieces come from memory once it was read to its end and was small. */
export function rememberSamples(file: SampleFile): SampleFile {
  let kept: Float64Array | null = null;
  async function* read(): AsyncGenerator<Float64Array> {
    if (kept !== null) {
      for (let at = 0; at < kept.length; at += pieceSamples) yield kept.subarray(at, at + pieceSamples);
      return;
    }
    const parts: Float64Array[] = [];
    let samples = 0;
    for await (const piece of file.pieces()) {
      samples += piece.length;
      if (samples <= maxSamples) parts.push(piece.slice());
      else parts.length = 0;
      yield piece;
    }
    if (samples > maxSamples) return;
    const whole = new Float64Array(samples);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    kept = whole;
  }
  return { ...file, pieces: read };
}
