/**
 * Loads how unlike training day a day was, by the reference of the model that saw it: information, no alarm (verdicts are in
 * `load-drift-verdicts.ts`). Without its bundle nothing is compared.
 */
import type { FeatureSketch } from "../../core/contract/uplink-record.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { countValues } from "../../core/drift/sketcher.ts";
import { compareWithTraining, type TrainingLikeness } from "../../core/drift/training-likeness.ts";
import { rest } from "../../core/platform/rest.ts";
import type { DriftDay, TurbineFilter } from "../record/drift-record.ts";
import { driftCursor } from "../record/drift-rules.ts";
import { utcDayOf } from "../record/record-rules.ts";
import type { FleetSource } from "./fleet-source.ts";

/** One feature of one day. */
export interface FeatureLikenessView {
  readonly feature: number;
  readonly name: string;
  readonly level: TrainingLikeness;
  readonly values: number;
  readonly invalid: number;
  /** Null where there is no reference, or too few values for a threshold. */
  readonly psi: number | null;
  readonly warningPsi: number | null;
  readonly driftPsi: number | null;
  /** Interior edges of the bins, and what was counted in them on training day and today. */
  readonly edges: readonly number[];
  readonly referenceCounts: readonly number[];
  readonly counts: readonly number[];
}

/** One point and model on one day. */
export interface PointLikenessView extends Omit<DriftDay, "sketches"> {
  /** Of all features together; `insufficient` without a reference. */
  readonly level: TrainingLikeness;
  /** Why nothing is assessed, in words, or null. */
  readonly reason: string | null;
  /** Windows of the day. */
  readonly windows: number;
  /** False-alarm budget: probability that a day like training day is called drift, per point and day. */
  readonly falseAlarmRate: number | null;
  /** Least like training first. */
  readonly features: readonly FeatureLikenessView[];
}

/** All points on one day. */
export interface LikenessView {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  readonly points: readonly PointLikenessView[];
  /** The cursor of what follows; null: that is all. */
  readonly next: string | null;
}

interface LikenessQuery extends TurbineFilter {
  readonly day?: string | undefined;
  /** Default: all. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Points, until others have their turn. */
const comparedAtOnce = 25;
/** As many as are loaded when nobody says how many. */
const maxPoints = 10_000;

/**
 * Loads how like training day all points were on a day.
 * @param query.day default: the newest day of which there is anything, or today
 */
export async function loadLikeness(fleet: FleetSource, query: LikenessQuery): Promise<LikenessView> {
  // A gateway whose clock is ahead does not count.
  const today = utcDayOf(fleet.clock.nowMs());
  const day = query.day ?? (await fleet.record.newestDriftDay(today)) ?? today;
  const { site, turbine, limit = maxPoints, cursor } = query;
  const days = await fleet.record.driftOfDay({ site, turbine, day, limit: limit + 1, after: cursor });
  const shown = days.slice(0, limit);
  const last = shown.at(-1);
  const points: PointLikenessView[] = [];
  for (const [index, of] of shown.entries()) {
    if (index % comparedAtOnce === comparedAtOnce - 1) await rest();
    points.push(compareDay(of, fleet.models.get(of.modelDigest)?.reference));
  }
  return {
    day,
    points,
    next: days.length > limit && last !== undefined ? driftCursor(last) : null,
  };
}

function compareDay(drift: DriftDay, reference: DriftReference | undefined): PointLikenessView {
  const { sketches, ...day } = drift;
  const windows = Math.max(0, ...sketches.map((sketch) => countValues(sketch) + sketch.invalid));
  const unassessed = (reason: string): PointLikenessView => ({
    ...day,
    windows,
    reason,
    level: "insufficient",
    falseAlarmRate: null,
    features: sketches.map(describeUnassessed),
  });
  if (reference === undefined)
    return unassessed("the bundle of this model is not known here; name its folder under registry.publish");
  let verdict: ReturnType<typeof compareWithTraining>;
  try {
    verdict = compareWithTraining(reference, sketches);
  } catch (error) {
    if (error instanceof RangeError) return unassessed("the sketches are not of this model's bins");
    throw error;
  }
  const features = verdict.features.map((feature, index): FeatureLikenessView => {
    const { edges, counts } = reference.features[feature.feature]!;
    return {
      ...feature,
      warningPsi: orNull(feature.warningPsi),
      driftPsi: orNull(feature.driftPsi),
      edges,
      referenceCounts: counts,
      counts: sketches[index]!.counts,
    };
  });
  const ratio = (feature: FeatureLikenessView): number => (feature.psi ?? 0) / (feature.driftPsi ?? 1);
  return {
    ...day,
    windows,
    level: verdict.level,
    reason: verdict.level === "insufficient" ? "too few windows so far" : null,
    falseAlarmRate: reference.calibration.driftRate,
    features: features.sort((a, b) => ratio(b) - ratio(a)),
  };
}

function describeUnassessed(sketch: FeatureSketch): FeatureLikenessView {
  return {
    feature: sketch.feature,
    name: `feature ${sketch.feature}`,
    level: "insufficient",
    values: countValues(sketch),
    invalid: sketch.invalid,
    psi: null,
    warningPsi: null,
    driftPsi: null,
    edges: [],
    referenceCounts: [],
    counts: sketch.counts,
  };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
