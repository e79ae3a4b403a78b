/** One channel of samples in a file, as its readers give it to what makes counts of them. */
import { joinParts } from "../../../core/maths/join-parts.ts";

export interface SampleFile {
  readonly path: string;
  /** Of the channel, as the file has it; absent: it has none. */
  readonly name?: string | undefined;
  /** The file holds int16 counts of a converter; otherwise numbers that have yet to be quantised. */
  readonly isCounts: boolean;
  /** The file holds whole numbers, which are rarely g. */
  readonly isWhole?: boolean | undefined;
  /** Its pieces are means of what the file holds: of counts they are whole numbers no more. */
  readonly isMean?: boolean | undefined;
  /** As its head says; absent: all channels of the file are equally long. */
  readonly samples?: number | undefined;
  /** As the file itself states it; absent: it says none. */
  readonly rateHz?: number | undefined;
  /** Of the channel, as its name or a line of units writes it; absent: it says none. */
  readonly unit?: string | undefined;
  /**
   * Reads from the beginning, in pieces of bounded size; a piece is valid until the next one is asked for. A missing
   * value is NaN. Fails with DATA_FORMAT, DATA_MISSING.
   */
  pieces(): AsyncIterable<Float64Array>;
}

/** 16 MiB: a minute and more of any recording; a longer one is read again from the disk each time. */
const maxSamples = 2 ** 21;
const pieceSamples = 8192;

/**
 * `file`, whose pieces come from memory once it was read to its end and was small: it is read up to four times, and text is
 * slow to read.
 */
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
    kept = joinParts(parts, Float64Array);
  }
  return { ...file, pieces: read };
}
