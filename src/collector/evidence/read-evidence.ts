/**
 * The files of evidence as they are given to people: as a stream, held against its digest on the way. The last piece of it goes
 * out when all was right, so that nobody takes what was damaged, cut off or exchanged for the whole.
 */
import { createHash } from "node:crypto";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Logger } from "../../core/platform/logger.ts";
import type { EvidenceRecord } from "../record/evidence-record.ts";
import type { EvidenceFileKind, EvidenceStore, StoredFile } from "./evidence-store.ts";

export interface EvidenceReader {
  /** Null where there is none, or none any more. @throws AuroraError STORE */
  open(id: string, kind: EvidenceFileKind): Promise<StoredFile | null>;
}

export function createEvidenceReader(options: {
  readonly store: Pick<EvidenceStore, "open">;
  readonly record: Pick<EvidenceRecord, "findEvidence">;
  readonly logger: Logger;
}): EvidenceReader {
  const { store, record, logger } = options;
  const sayWhy = (error: unknown): never => {
    logger.warn("evidence cannot be read", { error });
    throw error;
  };
  return {
    open: async (id, kind) => {
      const known = await record.findEvidence(id);
      const file = known === null ? null : await store.open(id, kind).catch(sayWhy);
      if (known !== null && file === null)
        logger.warn("evidence is listed, and its file is gone from its folder or bucket", { id, kind });
      if (known === null || file === null) return null;
      const sha256 = kind === "npy" ? known.npySha256 : id;
      const { body, arrived } = holdAgainst(sha256, file.body);
      arrived.catch((error: unknown) =>
        logger.warn("a file of evidence did not go out whole", { id, error }),
      );
      return { sizeBytes: file.sizeBytes, body };
    },
  };
}

/** Ends with an error, and without its last piece, where the bytes are not those of the digest. */
function holdAgainst(
  sha256: string,
  source: Readable,
): { readonly body: Readable; readonly arrived: Promise<void> } {
  const hash = createHash("sha256");
  let held: Uint8Array | null = null;
  const body = new Transform({
    transform(piece: Uint8Array, _encoding, done) {
      hash.update(piece);
      if (held !== null) this.push(held);
      held = piece;
      done();
    },
    flush(done) {
      const isRight = hash.digest("hex") === sha256;
      done(isRight ? null : new Error("the file is not that of its digest"), isRight ? held : undefined);
    },
  });
  return { body, arrived: pipeline(source, body) };
}
