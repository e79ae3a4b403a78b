/** Where the files of raw evidence are kept: an asynchronous port; its engines are a folder and a bucket. */
import type { Readable } from "node:stream";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";

/** The two files of evidence: what it is (the text that its id is the digest of), and its samples. */
export const evidenceFileKinds = ["json", "npy"] as const;

export type EvidenceFileKind = (typeof evidenceFileKinds)[number];

/** A file as it is read: its size is known before. */
export interface StoredFile {
  readonly sizeBytes: number;
  readonly body: Readable;
}

/** Where a file is below its folder or prefix: `<first two digits>/<digest>.<kind>`. @throws RangeError for a name that is no digest */
export function evidenceFileName(id: string, kind: EvidenceFileKind): string {
  if (!sha256Pattern.test(id)) throw new RangeError("evidence is named by a digest");
  return `${id.slice(0, 2)}/${id}.${kind}`;
}

/** Names are digests and nothing else. Every method rejects with AuroraError STORE when the engine fails. */
export interface EvidenceStore {
  /** Is it asked over a network? Then nothing that takes what gateways send waits for it. */
  readonly isRemote: boolean;
  /** Durable when it resolves. The same id again replaces the file by what must be the same bytes. */
  put(id: string, kind: EvidenceFileKind, bytes: Uint8Array): Promise<void>;
  /** Null where there is none. What is read may be damaged: whoever passes it on holds it against its digest. */
  open(id: string, kind: EvidenceFileKind): Promise<StoredFile | null>;
  /** Removes both files; a missing one is passed over. */
  remove(id: string): Promise<void>;
}
