/**
 * The part of the fleet's record that knows which raw evidence there is. The samples themselves are files elsewhere
 * (`collector/evidence`); a row without its file, or a file without its row, is mended by whoever keeps both.
 */
import type { EvidenceKind, EvidenceVerdict } from "../../core/contract/evidence.ts";

/** One piece of evidence. All times are epoch milliseconds. */
export interface RecordedEvidence {
  /** Digest of its description, and the name of its files. */
  readonly id: string;
  readonly kind: EvidenceKind;
  readonly gateway: string;
  readonly site: string;
  readonly turbine: string;
  readonly component: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** By the collector's clock. */
  readonly storedMs: number;
  readonly samples: number;
  /** Of its files together. */
  readonly bytes: number;
  /** SHA-256 of the `.npy`. */
  readonly npySha256: string;
  readonly model: { readonly name: string; readonly version: string; readonly digest: string };
  readonly said: EvidenceVerdict;
  /** Id of the alert that it surrounds, or null. */
  readonly alert: string | null;
  /** Id of the request that it answers, or null. */
  readonly request: string | null;
}

export interface EvidenceQuery {
  readonly limit: number;
  readonly offset: number;
  readonly site?: string | undefined;
  readonly turbine?: string | undefined;
  readonly component?: string | undefined;
  /** What answers this request alone. */
  readonly request?: string | undefined;
  readonly kind?: EvidenceKind | undefined;
  /** What surrounds this alert alone. */
  readonly alert?: string | undefined;
}

export interface OldestEvidenceQuery {
  readonly limit: number;
  readonly kind?: EvidenceKind | undefined;
  readonly gateway?: string | undefined;
}

/** What is kept of one gateway. */
export interface EvidenceShare {
  readonly gateway: string;
  readonly count: number;
  /** Of the files together. */
  readonly bytes: number;
}

export interface EvidenceRecord {
  /** Remembers evidence whose files are in place; the same id again changes nothing. */
  putEvidence(evidence: RecordedEvidence): Promise<void>;
  /** Newest stored first, of one moment by id. */
  evidence(
    query: EvidenceQuery,
  ): Promise<{ readonly total: number; readonly items: readonly RecordedEvidence[] }>;
  /** One of them, or null. */
  findEvidence(id: string): Promise<RecordedEvidence | null>;
  /** Stored first ones first, of one moment by id: what is to go. */
  oldestEvidence(query: OldestEvidenceQuery): Promise<readonly RecordedEvidence[]>;
  /** How much there is of each gateway that there is any of. */
  evidenceShares(): Promise<readonly EvidenceShare[]>;
  /** Forgets it; unknown ids are passed over. */
  forgetEvidence(ids: readonly string[]): Promise<void>;
}
