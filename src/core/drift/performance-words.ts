/** How well models decide, in an operator's words: the same on the page and in what commands print. Estimates nothing. */
import type {
  DriftPerformanceReply,
  ModelOutcomesReply,
  PointPerformanceReply,
  ShareRange,
} from "../contract/drift-performance-schema.ts";
import { renderIsoTime } from "../contract/iso-time.ts";

/** A point that something is estimated of. */
interface EstimatedPoint extends PointPerformanceReply {
  readonly estimate: Extract<PointPerformanceReply["estimate"], { kind: "estimate" }>;
}

/** Points of which nothing is said for one reason. */
interface SilentPoints {
  readonly reason: string;
  readonly points: readonly PointPerformanceReply[];
}

/** What is estimated, that which may be worst first; and what is not, by its reason, the most points first. */
export function sortPerformance({ points }: Pick<DriftPerformanceReply, "points">): {
  readonly estimated: readonly EstimatedPoint[];
  readonly silent: readonly SilentPoints[];
} {
  const estimated: EstimatedPoint[] = [];
  const silent = new Map<string, PointPerformanceReply[]>();
  for (const point of points) {
    const { estimate } = point;
    if (estimate.kind === "estimate") estimated.push({ ...point, estimate });
    else silent.set(estimate.reason, [...(silent.get(estimate.reason) ?? []), point]);
  }
  return {
    estimated: estimated.sort((a, b) => a.estimate.accuracy.low - b.estimate.accuracy.low),
    silent: [...silent]
      .map(([reason, ofReason]) => ({ reason, points: ofReason }))
      .sort((a, b) => b.points.length - a.points.length),
  };
}

/** "97 (95 to 99) of 100 decisions are right; …" */
export function describeEstimate({ estimate }: EstimatedPoint): string {
  const { accuracy, precision, recall } = estimate;
  const alarms =
    precision === null ? "it called nothing a fault" : `${ofHundred(precision, "calls of a fault")} are one`;
  return `${ofHundred(accuracy, "decisions")} are right; ${alarms}; ${ofHundred(recall, "faults")} are called so`;
}

function ofHundred({ value, low, high }: ShareRange, noun: string): string {
  const round = (share: number): number => Math.round(100 * share);
  return `${round(value)} (${round(low)} to ${round(high)}) of 100 ${noun}`;
}

/** What people confirmed of one model. */
export function describeOutcomes(model: ModelOutcomesReply): string {
  const { contradictedMs, contradictedBy = null, verdict } = model;
  const { outcomes, errors, faults, expectedFaults } = verdict;
  const counted = `${outcomes} ${outcomes === 1 ? "outcome" : "outcomes"} confirmed, ${errors} decided wrongly, ${faults} ${faults === 1 ? "fault" : "faults"} where ${expectedFaults.toFixed(1)} were to be expected`;
  if (contradictedMs === null) {
    const isOff = errors > 0 || Math.abs(faults - expectedFaults) >= 1;
    return `${counted}: ${isOff ? "not enough to contradict it" : "nothing speaks against it"}`;
  }
  const since = renderIsoTime(contradictedMs).slice(0, 10);
  return `${counted}: they contradict it since ${since}${contradictedBy === null ? "" : `, ${changeWords[contradictedBy]}`}`;
}

const changeWords = {
  "more-errors": "it errs oftener than is usual",
  "more-faults": "faults come oftener than it says",
  "fewer-faults": "faults come more rarely than it says",
} as const;

/** A model as people know it; its digest where no point of the day runs it. */
export function nameModel(
  { modelDigest }: Pick<ModelOutcomesReply, "modelDigest">,
  { points }: Pick<DriftPerformanceReply, "points">,
): string {
  const point = points.find((each) => each.modelDigest === modelDigest);
  return point === undefined ? modelDigest.slice(0, 12) : `${point.modelName} ${point.modelVersion}`;
}

/** What is said of an estimate before its assumption. */
export const performanceScope =
  "A decision is one window and kind of failure; ranges hold the truth 9 times in 10 while the assumption holds.";
