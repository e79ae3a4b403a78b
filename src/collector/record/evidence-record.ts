/**
 * The part of the fleet's record that knows which raw evidence there is. The samples themselves are files elsewhere
 * (`collector/evidence`); a row without its file, or a file without its row, is told by whoever keeps both.
 */
import type { EvidenceKind } from "../../core/contract/evidence.ts";
import type { EvidenceFilter, RecordedEvidence } from "../../core/contract/evidence-list.ts";

export interface EvidenceQuery extends EvidenceFilter {
  readonly limit: number;
  readonly offset: number;
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

export interface EvidenceRecord extends EvidenceWrites {
  /** Newest stored first, of one moment by id. */
  evidence(
    query: EvidenceQuery,
  ): Promise<{ readonly total: number; readonly items: readonly RecordedEvidence[] }>;
  /** One of them, or null. */
  findEvidence(id: string): Promise<RecordedEvidence | null>;
  /** The ids that begin with these digits. */
  evidenceIds(digits: string): Promise<readonly string[]>;
  /** Stored first ones first, of one moment by id: what is to go. */
  oldestEvidence(query: OldestEvidenceQuery): Promise<readonly RecordedEvidence[]>;
  /** How much there is of each gateway that there is any of. */
  evidenceShares(): Promise<readonly EvidenceShare[]>;
}

/** What is stored of evidence; durable when it resolves. */
export interface EvidenceWrites {
  /** Remembers evidence whose files are in place; the same id again changes nothing. */
  putEvidence(evidence: RecordedEvidence): Promise<void>;
  /** Forgets it; unknown ids are passed over. */
  forgetEvidence(ids: readonly string[]): Promise<void>;
}
