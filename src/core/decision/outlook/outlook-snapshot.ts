/** What an outlook keeps over a restart, as plain JSON. */
import { z } from "zod";

/** The severity of a stretch of operation. */
export interface OutlookBlock {
  /** Its middle, ms of operation. */
  readonly atMs: number;
  readonly severityDb: number;
  /** It stands for 2^doublings minutes. */
  readonly doublings: number;
}

export interface OutlookSnapshot {
  /** What the severities were measured against. */
  readonly baseline: string;
  /** Time of operation so far, ms. */
  readonly operatedMs: number;
  /** Time of the last severity, epoch ms. */
  readonly lastMs: number | null;
  /** Begin of the open block, ms of operation. */
  readonly openedMs: number;
  /** Its severities, dB, of `seen` in all. */
  readonly values: readonly number[];
  readonly seen: number;
  /** Last distances between severities, ms. */
  readonly steps: readonly number[];
  /** By age, the oldest first. */
  readonly blocks: readonly OutlookBlock[];
}

/** Validator of {@link OutlookSnapshot}: a snapshot comes from a disk. */
export const outlookSnapshotSchema: z.ZodType<OutlookSnapshot> = z.strictObject({
  baseline: z.string().max(256),
  operatedMs: z.number().min(0),
  lastMs: z.number().nullable(),
  openedMs: z.number().min(0),
  values: z.array(z.number()).max(128),
  seen: z.int().min(0),
  steps: z.array(z.number().positive()).max(16),
  blocks: z
    .array(
      z.strictObject({ atMs: z.number().min(0), severityDb: z.number(), doublings: z.int().min(0).max(32) }),
    )
    .max(1024),
});
