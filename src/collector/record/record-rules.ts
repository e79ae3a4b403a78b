/** What every engine of the fleet's record does alike, so that engines differ in how they store and in nothing else. */
import { keptLanes, type Lane } from "../../core/contract/topics.ts";
import {
  type EventRecord,
  type GapReason,
  type GapRecord,
  memoryLifePrefix,
} from "../../core/contract/uplink-record.ts";
import type { RecordFault, RecordSource, SeenState, SetAsideMessage } from "./fleet-record.ts";
import type { PredictionSeries } from "./prediction-record.ts";

/** A row of a table, by the names of its columns. */
export type RecordRow = Readonly<Record<string, unknown>>;

/** As a number; null where nothing is known. */
export function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** As a text; null where nothing is known. */
export function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** A read never returns more steps than this. */
const maxSeriesSteps = 4_000;

/** Topics come from outside: beyond this many entries everything that is set aside is counted under {@link otherTopics}. */
export const maxQuarantineEntries = 1_000;
/** Stands for the topics that have no entry of their own. */
export const otherTopics = "(other topics)";
/** Who says what the collector itself found out. */
export const ownName = "(collector)";

/** The source of what the collector itself says. */
export function ownSource(nowMs: number): RecordSource {
  return { gateway: ownName, receivedMs: nowMs };
}

/** How much of a message that was set aside is kept. */
export const quarantineSampleBytes = 256;

/** A state or status that cannot be kept; without its message it counts under {@link otherTopics}. */
export function setStateAside({ message }: SeenState, fault: RecordFault): SetAsideMessage {
  return { ...(message ?? { topic: otherTopics, payload: new Uint8Array() }), fault };
}

/** The words of a search: all of them must occur, in whatever order. */
export function searchWords(search: string): readonly string[] {
  return search.split(/\s+/).filter((word) => word !== "");
}

/** A topic of what was set aside, or words about it: they come from outside, and may hold what no engine keeps. At most 500 characters. */
export function storableText(words: string): string {
  const bytes = new TextEncoder().encode(words.slice(0, 500).replaceAll("\u0000", "\ufffd"));
  return new TextDecoder().decode(bytes);
}

/** A declared gap is an event of its own name. */
export function describeGap(gap: GapRecord): EventRecord {
  const range = `${new Date(gap.fromMs).toISOString()} to ${new Date(gap.toMs).toISOString()}`;
  return {
    kind: "event",
    timeMs: gap.toMs,
    name: `gap.${gap.lane}`,
    subject: gap.lane,
    detail: `${describeLoss(gap)}, from ${range}`,
  };
}

/**
 * Records of a lane that are not here and that its gateway holds no more, where a step passes over `passed`. A new life
 * goes on from the highest sequence of its gateway's other lives, of which those of its memory do not count; where none has the lane
 * (null) its past may be at another collector, and none is missing. A negative difference is of another outbox (a new card, or a copy of some time ago).
 */
export function countMissing(
  { bootId }: { readonly bootId: string },
  passed: number,
  { before, others }: { readonly before: number | null; readonly others: number | null },
): number {
  if (before !== null) return passed;
  if (others === null || bootId.startsWith(memoryLifePrefix)) return 0;
  return Math.max(0, passed - others);
}

/**
 * What is said where a gateway does not hold records any more that are not here, because another record has acknowledged them, or this
 * one was set back to what it was before; null: nothing is missing, or it is of a lane that makes room, of which the gateway tells.
 */
export function describeMissing(lane: Lane, missing: number, nowMs: number): EventRecord | null {
  if (missing === 0 || !keptLanes.has(lane)) return null;
  const [records, them] =
    missing === 1 ? ["1 record of the lane is", "it"] : [`${missing} records of the lane are`, "them"];
  return {
    kind: "event",
    timeMs: nowMs,
    name: `gap.${lane}`,
    subject: lane,
    detail: `${records} not here, and the gateway does not hold ${them} any more: another collector has acknowledged ${them}, or this record was set back (restored from a copy, or a standby that was behind took over), which other lanes do not tell; what the gateway has lost by itself it declares as well`,
  };
}

/** What became of what a gap says, after "was" or "were". */
const gapSentences: Readonly<Record<GapReason | "unknown", string>> = {
  unknown: "dropped on the gateway",
  quota: "dropped on the gateway, whose store is as large as it may be",
  expired: "dropped on the gateway: too old",
  "disk-full": "dropped on the gateway, whose disk was full",
  killed: "lost when the gateway, or a worker of it, ended before that was written down",
  overload: "not cut into windows on the gateway, to which more came than it could take",
  summarised: "thinned to rows of ten minutes on the gateway, whose store was short of room",
  stopped: "begun, and not ended, when the gateway was stopped",
};

function describeLoss({ reason, records, windows, samples }: GapRecord): string {
  const sizes = Object.entries({ records: records === 0 ? undefined : records, windows, samples })
    .filter(([, size]) => size !== undefined)
    .map(([unit, size]) => `${size} ${size === 1 ? unit.slice(0, -1) : unit}`);
  if (sizes.length === 0 && reason === undefined)
    return "the gateway does not know whether records of the lane were lost";
  // Of open windows it may not be known how many they were.
  const unknown = reason === "stopped" ? "an unknown number of windows" : "an unknown number of records";
  const isOne = sizes.length === 1 && /^1 /.test(sizes[0]!);
  return `${sizes.join(" and ") || unknown} of the lane ${isOne ? "was" : "were"} ${gapSentences[reason ?? "unknown"]}`;
}

/** The day (UTC) of a moment, `YYYY-MM-DD`. */
export function utcDayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

/** Predictions of one failure mode, summed up over one step. */
export interface PredictionStep {
  readonly failureMode: string;
  /** Counts the steps since 1970. */
  readonly bucket: number;
  readonly timeMs: number;
  readonly windows: number;
  readonly mean: number;
  readonly max: number;
  /** The lowest mean of a row as it was sent. */
  readonly min: number;
  readonly shaftRpm: number | null;
  /** Length of the longest of its rows, ms; 0: all are as they were sent. */
  readonly resolutionMs: number;
  readonly modelVersion: string;
  /** Mean by the windows of which it is known. Null or absent: it is known of none. */
  readonly meanRisk?: number | null;
  readonly maxRisk?: number | null;
  /** Was the point learning in any of the step's rows? Null or absent: not known of any. */
  readonly isLearning?: boolean | null;
}

/** What all failure modes of a step have in common. */
interface SeriesStep {
  readonly timeMs: number;
  readonly windows: number;
  readonly shaftRpm: number | null;
  readonly resolutionMs: number;
  readonly isLearning: boolean | null;
}

/** Puts steps, in the order of their buckets, into columns; of more than {@link maxSeriesSteps} the last. */
export function assembleSeries(component: string, rows: readonly PredictionStep[]): PredictionSeries {
  const failureModes = [...new Set(rows.map((row) => row.failureMode))].sort();
  const steps = new Map<number, SeriesStep>();
  for (const row of rows) {
    const step = steps.get(row.bucket);
    steps.set(row.bucket, {
      timeMs: Math.max(step?.timeMs ?? 0, row.timeMs),
      windows: Math.max(step?.windows ?? 0, row.windows),
      shaftRpm: row.shaftRpm ?? step?.shaftRpm ?? null,
      resolutionMs: Math.max(step?.resolutionMs ?? 0, row.resolutionMs),
      isLearning: row.isLearning ?? step?.isLearning ?? null,
    });
  }
  const buckets = [...steps.keys()].slice(-maxSeriesSteps);
  const modes = new Map(failureModes.map((mode, index) => [mode, index]));
  const place = new Map(buckets.map((bucket, index) => [bucket, index]));
  const empty = (): (number | null)[][] =>
    failureModes.map(() => new Array<number | null>(buckets.length).fill(null));
  const mean = empty();
  const max = empty();
  const min = empty();
  const meanRisk = empty();
  const maxRisk = empty();
  for (const row of rows) {
    const index = place.get(row.bucket);
    const mode = modes.get(row.failureMode);
    if (index === undefined || mode === undefined) continue;
    mean[mode]![index] = row.mean;
    max[mode]![index] = row.max;
    min[mode]![index] = row.min;
    meanRisk[mode]![index] = row.meanRisk ?? null;
    maxRisk[mode]![index] = row.maxRisk ?? null;
  }
  const kept = buckets.map((bucket) => steps.get(bucket)!);
  return {
    component,
    failureModes,
    mean,
    max,
    min,
    meanRisk,
    maxRisk,
    isLearning: kept.map((step) => step.isLearning),
    timesMs: kept.map((step) => step.timeMs),
    windows: kept.map((step) => step.windows),
    shaftRpm: kept.map((step) => step.shaftRpm),
    resolutionMs: kept.map((step) => step.resolutionMs),
    modelVersion: rows.at(-1)?.modelVersion ?? null,
  };
}

/** A list of more entries than this is not counted to its end. */
export const maxCounted = 100_000;

/** What a list says of its length. @param counted entries, counted up to one more than {@link maxCounted} */
export function tellTotal(counted: number): { readonly total: number; readonly totalIsAtLeast?: true } {
  return counted > maxCounted ? { total: maxCounted, totalIsAtLeast: true } : { total: counted };
}
