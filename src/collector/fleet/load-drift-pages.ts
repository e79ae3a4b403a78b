/** What the pages show of drift, as values: levels of points day by day, and the verdicts of one day in full. */

import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { DriftDaysReply } from "../../core/contract/drift-verdict-schema.ts";

/** Drift of the fleet, or of one site. */
export interface FleetDriftView {
  /** The day that is spoken of; null: no day has been assessed yet. */
  readonly day: string | null;
  /** Days up to the newest, that day among them. */
  readonly table: DriftDaysReply;
  /** What moved on the day. */
  readonly moved: readonly DriftVerdict[];
}

/** Drift of one turbine. */
export interface TurbineDriftView {
  /** The day that is spoken of; null: no day has been assessed yet. */
  readonly day: string | null;
  /** Of the turbine's points alone. */
  readonly table: DriftDaysReply;
  /** Verdicts of every day of the table. */
  readonly verdicts: readonly (readonly DriftVerdict[])[];
}

/** Drift on a page of its own. */
export interface DriftPage extends FleetDriftView {
  readonly nowMs: number;
  /** The site that is shown; null: all. */
  readonly site: string | null;
  /** Which part of the turbines, from 1. */
  readonly page: number;
}
