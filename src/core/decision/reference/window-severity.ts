/**
 * What one window says of a machine's severity above its own reference. At a speed that was not learnt that is not a number but
 * two bounds: what a healthy machine's level may have become on the way there by speed alone is taken off. Follows nothing.
 */
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import type { Prediction } from "../../contract/prediction.ts";
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { findOrMake } from "../../maths/find-or-make.ts";
import { isOperating } from "../operating-state.ts";
import {
  chooseLevels,
  isLearntSpeed,
  maxPerOctaveDb,
  minPerOctaveDb,
  octavesBeyond,
  sayLearntSpeeds,
} from "./learnt-speeds.ts";
import { computeSeverity } from "./severity.ts";

export interface WindowSeverity {
  /** dB above the own reference; null: not known. */
  readonly db: number | null;
  /** It lies between these, dB: both are `db` where that is known. Null: nothing is known of it. */
  readonly atLeastDb: number | null;
  readonly atMostDb: number | null;
  /** Why it is not known although there is a reference and levels were heard, without a full stop; null: it is, or they were not. */
  readonly unknown: string | null;
}

const unheardLevels = new WeakMap<BaselineSpec, Float32Array>();

/** Levels of a window that has none, since whoever scored it sends no samples: one for all points of a bundle. */
export function listUnheard(spec: BaselineSpec): Float32Array {
  return findOrMake(unheardLevels, spec, () => new Float32Array(spec.levels.list.length).fill(Number.NaN));
}

/** Of a window without levels, or of a machine without a reference. */
export const unknownSeverity: WindowSeverity = { db: null, atLeastDb: null, atMostDb: null, unknown: null };

/** Measures a window; `baseline` null: there is none yet. */
export function measureWindowSeverity(
  {
    prediction,
    levels,
    shaftRpm,
  }: {
    readonly prediction: Pick<Prediction, "operatingState">;
    readonly levels?: Float32Array | undefined;
    readonly shaftRpm: number;
  },
  spec: BaselineSpec | undefined,
  baseline: SiteBaseline | null,
): WindowSeverity {
  // Above another machine's level, which is all that the bundle knows, would mislead whoever looks at this one.
  if (baseline === null || spec === undefined || levels === undefined) return unknownSeverity;
  if (!isOperating(prediction.operatingState)) return unknownSeverity;
  return boundSeverity({ levels, shaftRpm }, spec, baseline);
}

/** The same of levels that were heard while the machine ran. */
export function boundSeverity(
  window: { readonly levels: ArrayLike<number>; readonly shaftRpm: number },
  spec: BaselineSpec,
  baseline: SiteBaseline,
): WindowSeverity {
  const { shaftRpm } = window;
  const db = computeSeverity(window, spec, baseline);
  if (!Number.isFinite(db)) return unknownSeverity;
  const nearest = chooseLevels(baseline, shaftRpm);
  if (isLearntSpeed(nearest, shaftRpm)) return { db, atLeastDb: db, atMostDb: db, unknown: null };
  const learnt = `it was learnt at ${sayLearntSpeeds(baseline)}`;
  if (!(shaftRpm > 0)) return { ...unknownSeverity, unknown: `${learnt}, and the speed is not known` };
  // Measured against the border of the learnt speeds.
  const beyond = octavesBeyond(shaftRpm, nearest);
  const [byLeast, byMost] = [minPerOctaveDb * beyond, maxPerOctaveDb * beyond];
  return {
    db: null,
    atLeastDb: db - Math.max(byLeast, byMost),
    atMostDb: db - Math.min(byLeast, byMost),
    unknown: `${learnt}, not at ${Math.round(shaftRpm)} rpm`,
  };
}
