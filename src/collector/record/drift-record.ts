/**
 * The drift part of the fleet's record, as a port: summaries of periods until they are assessed, what each point's own
 * reference is, and the verdicts. A period is assessed once: whoever stores a second verdict of it is told so.
 */

import type { DriftLevel, DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { EventRecord, FeatureSketch } from "../../core/contract/uplink-record.ts";
import type { DaySummary } from "../../core/drift/day-summary.ts";
import type { PeriodRange } from "../../core/drift/drift-day.ts";
import type { TurbineRef } from "./machine-record.ts";

/** Stores and answers, as the fleet's record does, of which it is a part; a day is named `YYYY-MM-DD`, a shorter period by its start (see `nameDriftDay`). */
export interface DriftRecord extends DriftWrites {
  /** The sketches of a day (UTC), in the order of site, turbine, component and model. */
  driftOfDay(query: DriftDayQuery): Promise<readonly DriftDay[]>;
  /** Newest day (`YYYY-MM-DD`) with sketches up to `untilDay`; null when there is none. */
  newestDriftDay(untilDay: string): Promise<string | null>;

  /** Verdicts of a day, of each point and model the newest, in the order of site, turbine, component and model. */
  driftVerdicts(query: DriftVerdictQuery): Promise<DriftVerdictPage>;
  /** All verdicts of one turbine in a range of days, in the order of time, component and model; the newest `limit`. */
  turbineVerdicts(query: TurbineVerdictQuery): Promise<readonly DriftVerdict[]>;
  /** The worst level of each point on each day of a range. */
  driftDays(query: DriftDaysQuery): Promise<DriftDayLevels>;
  /** Newest day with verdicts, of the turbines that are named, up to `untilMs`; null when there is none. */
  newestVerdictDay(untilMs: number, filter?: TurbineFilter): Promise<string | null>;

  /** Periods to assess now, in the order of time: of a point and model never a later one before an earlier one. */
  duePeriods(query: DuePeriodQuery): Promise<readonly DriftPeriod[]>;
  /** What was heard in a period; null when it was assessed already or is not known. */
  periodSummary(period: PeriodKey): Promise<DaySummary | null>;
  /** What a point's days under a model have taught so far; null before the first. */
  driftReference(key: ReferenceKey): Promise<StoredReference | null>;

  /** Periods with verdicts that nobody has read together yet, in the order of time. */
  unpublishedPeriods(limit: number): Promise<readonly PeriodRange[]>;
  /** All that is to be known of a period in order to publish it. */
  periodVerdicts(
    period: PeriodRange & { readonly limit: number; readonly after?: string },
  ): Promise<DriftVerdictPage>;
  /** Which points a period still waits for. */
  periodProgress(period: PeriodRange): Promise<PeriodProgress>;
  /** What is known of the fleet besides the verdicts of one period. */
  driftFleet(): Promise<KnownDriftFleet>;
  /** What was last said of points, by their key. */
  driftStates(points: readonly PointId[]): Promise<readonly DriftState[]>;

  /** How much waits, and what came too late. */
  driftBacklog(): Promise<DriftBacklog>;
}

/** What is stored of drift; durable when it resolves. */
export interface DriftWrites {
  /**
   * Stores a verdict and the reference after it, and forgets the cells of the period, as a whole or not at all.
   * Resolves with false, and changes nothing, when the period was assessed already.
   */
  storeVerdict(step: AssessedPeriod): Promise<boolean>;
  /** Stores causes, states and events of a period that has been read together, or a part of them, as a whole or not at all. */
  publishPeriod(step: PublishedPeriod): Promise<void>;
}

/** What a reference belongs to. */
export interface ReferenceKey extends PointId {
  readonly modelDigest: string;
}

/** One point and model in one period. */
export interface PeriodKey extends ReferenceKey, PeriodRange {}

/** A period that waits to be assessed. */
export interface DriftPeriod extends PeriodKey {
  readonly modelName: string;
  readonly modelVersion: string;
  /** When the point's own reference was last renewed by somebody before the period's end; null: never. */
  readonly renewedMs: number | null;
  /** Digest of the model that this point had in its last assessed period, if it was another; null: none. */
  readonly previousDigest: string | null;
}

export interface DuePeriodQuery {
  readonly nowMs: number;
  /** A period that ended, and was last heard of, this long ago is due although nothing came of its gateway since. */
  readonly graceMs: number;
  readonly limit: number;
}

/** A site reference as it is kept. */
export interface StoredReference {
  /** As the engine gave it; to be validated by whoever reads it. */
  readonly reference: unknown;
  /** Length of the periods that it was learnt from. */
  readonly periodMs: number;
  /** End of the last period that it was held against. */
  readonly untilMs: number;
  /** The renewal that it began with; null: none. */
  readonly renewedMs: number | null;
}

/** What becomes of a period once it is assessed. */
export interface AssessedPeriod {
  readonly verdict: DriftVerdict;
  /** Plain JSON; null: there is none, and one of before stays. */
  readonly reference: unknown;
  readonly renewedMs: number | null;
}

/** What was last said of a point to the people who watch. */
export interface DriftState extends ReferenceKey {
  /** What stands. */
  readonly level: "stable" | "warning" | "drift";
  /** Start of the period in which it began to stand. */
  readonly sinceMs: number;
  /** Start of the last period that was read. */
  readonly fromMs: number;
  /** Periods in a row that were stable, up to the last. */
  readonly stablePeriods: number;
}

/** What comes of reading a period's verdicts together. */
export interface PublishedPeriod {
  readonly period: PeriodRange;
  readonly nowMs: number;
  /** Only those whose cause is new. */
  readonly verdicts: readonly DriftVerdict[];
  readonly states: readonly DriftState[];
  readonly events: readonly EventRecord[];
  /** More of the period follows: it still waits to be read together. Absent: this is the last part. */
  readonly hasMore?: true;
}

/** Points that have no verdict of a period yet. */
export interface PeriodProgress {
  /** With a reference of the last weeks, heard in the period or not. */
  readonly awaited: number;
  /** Heard in the period, and still to be assessed; times models. */
  readonly open: number;
}

/** The points that drift was ever heard of, and since when each model served any of them. */
export interface KnownDriftFleet {
  readonly points: readonly PointId[];
  /** Start of the first period by digest, epoch ms. */
  readonly modelsSince: Readonly<Record<string, number>>;
}

export interface DriftBacklog {
  /** Periods of points and models that wait to be assessed. */
  readonly openPeriods: number;
  /** Reports that came after their period had been assessed. */
  readonly lateReports: number;
}

/** Names some turbines: of a site, of a name, or all. */
export interface TurbineFilter {
  readonly site?: string | undefined;
  readonly turbine?: string | undefined;
}

export interface DriftDayQuery extends TurbineFilter {
  readonly day: string;
  /** Default: all. */
  readonly limit?: number;
  /** `driftCursor` of the last one that was read. */
  readonly after?: string | undefined;
}

export interface DriftVerdictQuery extends TurbineFilter {
  readonly day: string;
  readonly level?: DriftLevel | undefined;
  readonly limit: number;
  /** As {@link DriftVerdictPage.next}. */
  readonly after?: string | undefined;
}

/** Part of a list of verdicts. */
export interface DriftVerdictPage {
  readonly verdicts: readonly DriftVerdict[];
  /** Where the list goes on; null at its end. */
  readonly next: string | null;
}

/** A range of days, both included; at most `maxDriftDays` with verdicts are answered, the newest. */
export interface DriftDaysQuery extends TurbineFilter {
  readonly from: string;
  readonly to: string;
  /** Points. Default: all of them. */
  readonly limit?: number | undefined;
  /** `next` of the part before. */
  readonly after?: string | undefined;
}

/** A range of days of one turbine, both included. */
export interface TurbineVerdictQuery extends TurbineRef {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
}

/** Levels by point and day. */
export interface DriftDayLevels {
  /** Days of which there is any verdict, increasing. */
  readonly days: readonly string[];
  /** In the order of site, turbine and component; one level a day, null where there is no verdict. */
  readonly points: readonly (PointId & { readonly levels: readonly (DriftLevel | null)[] })[];
  /** The cursor of what follows; null: that is all. */
  readonly next: string | null;
}

/** All sketches of one point and model over one day, merged. */
export interface DriftDay extends PointId {
  /** `YYYY-MM-DD`, UTC, of the interval's end. */
  readonly day: string;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly modelDigest: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly reports: number;
  /** In the order of the features. */
  readonly sketches: readonly FeatureSketch[];
}
