/**
 * Which recordings of a point hold the very samples of an earlier one: a logger that hangs writes its last buffer again and
 * again, and says nothing of the machine. Keeps a digest of each recording, and no sample.
 */
import { createHash } from "node:crypto";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";

export interface RepeatedRecordings {
  /**
   * Has a recording been asked of before that has the same samples? Not of one that is constant, as of a sensor that hangs, nor
   * of one that cannot be read to its end: whoever hears it says why.
   */
  isRepeated(file: DigestedFile): Promise<boolean>;
}

/** Creates it for a point of which nothing was recorded. */
export function createRepeatedRecordings(): RepeatedRecordings {
  const known = new Set<string>();
  return {
    isRepeated: async (file) => {
      const digest = await file.digest().catch(() => null);
      if (digest === null) return false;
      const isKnown = known.has(digest);
      known.add(digest);
      return isKnown;
    },
  };
}

/** A file, of which a digest is made when it is first read to its end. */
interface DigestedFile extends SampleFile {
  /** Of all samples, for which it is read where nobody has done so; null: all that are there are the same. Fails as the reader of the file does. */
  digest(): Promise<string | null>;
}

/** `file` with its digest. */
export function digestWhenRead(file: SampleFile): DigestedFile {
  let digest: string | null | undefined;
  async function* readFirst(): AsyncGenerator<Float64Array> {
    const hash = createHash("sha256");
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for await (const piece of file.pieces()) {
      hash.update(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
      for (let at = 0; at < piece.length; at++) {
        // Of what is missing neither holds.
        if (piece[at]! < least) least = piece[at]!;
        if (piece[at]! > most) most = piece[at]!;
      }
      yield piece;
    }
    digest = least < most ? hash.digest("base64") : null;
  }
  return {
    ...file,
    pieces: () => (digest === undefined ? readFirst() : file.pieces()),
    digest: async () => {
      if (digest === undefined) for await (const _ of readFirst());
      return digest!;
    },
  };
}
