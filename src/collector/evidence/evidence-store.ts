/** Where the files of raw evidence are kept: an asynchronous port; its engines are a folder and a bucket. */
import type { Readable } from "node:stream";

/** The two files of evidence: what it is (the text that its id is the digest of), and its samples. */
export const evidenceFileKinds = ["json", "npy"] as const;

export type EvidenceFileKind = (typeof evidenceFileKinds)[number];

/** A file as it is read: its size is known before. */
export interface StoredFile {
  readonly sizeBytes: number;
  readonly body: Readable;
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
