/** Verdicts of drift by hand, as they would be stored: one point on one day, with whatever a test wants to be different. */
import type {
  DriftCause,
  DriftVerdict,
  FeatureDistances,
  FeatureShift,
} from "../../../src/core/contract/drift-verdict.ts";

export const verdictDayMs = 86_400_000;
/** The day of {@link driftVerdict}, its newest. */
export const verdictFromMs = Date.UTC(2026, 10, 19);

export function featureShift(changes: Partial<FeatureShift> = {}): FeatureShift {
  return {
    feature: 14,
    name: "impact.peak",
    role: "level",
    aspect: "mean",
    reference: -12.4,
    current: -18.5,
    shift: -6.1,
    deviations: -11.2,
    pValue: 2e-7,
    sinceMs: verdictFromMs - 2 * verdictDayMs,
    loads: [
      { by: "power", band: 17, shift: -6 },
      { by: "power", band: 19, shift: -6.2 },
      { by: "power", band: 20, shift: -6.1 },
    ],
    ...changes,
  };
}

export function featureDistances(changes: Partial<FeatureDistances> = {}): FeatureDistances {
  return {
    feature: 14,
    name: "impact.peak",
    psi: { value: 3.4, low: 2.9, high: 4 },
    ks: { value: 0.81, low: 0.76, high: 0.86 },
    wasserstein: { value: 6.1, low: 5.7, high: 6.5 },
    jensenShannon: { value: 0.62, low: 0.58, high: 0.66 },
    bins: {
      edges: [-20, -17, -14, -12, -10],
      reference: [0.02, 0.08, 0.2, 0.4, 0.2, 0.1],
      current: [0.25, 0.5, 0.2, 0.05, 0, 0],
    },
    ...changes,
  };
}

export function driftCause(changes: Partial<DriftCause> = {}): DriftCause {
  return {
    kind: "sensor",
    title: "WT07's drive-end sensor is 6 dB quieter at all loads since Tuesday",
    evidenceFor: ["its own channel alone moved", "all loads moved alike"],
    evidenceAgainst: ["the scatter moved a little, too"],
    ...changes,
  };
}

/** A drift of WT07, unless `changes` says otherwise. */
export function driftVerdict(changes: Partial<DriftVerdict> = {}): DriftVerdict {
  return {
    site: "north-sea",
    turbine: "WT07",
    component: "generator-bearing",
    modelName: "bearing-vibration",
    modelVersion: "1.2.0",
    modelDigest: "d".repeat(64),
    fromMs: verdictFromMs,
    toMs: verdictFromMs + verdictDayMs,
    level: "drift",
    reason: null,
    pValue: 3e-6,
    rows: 1_440,
    referenceDays: 31,
    shifts: [featureShift()],
    distances: [featureDistances()],
    cause: driftCause(),
    ...changes,
  };
}

/** A day on which nothing is to be said but its level, and why. */
export function quietVerdict(
  level: DriftVerdict["level"],
  reason: string | null,
  changes: Partial<DriftVerdict> = {},
): DriftVerdict {
  const pValue = level === "stable" ? 0.4 : null;
  return driftVerdict({ level, reason, pValue, shifts: [], distances: [], cause: null, ...changes });
}
