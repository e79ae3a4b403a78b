/** Verdicts made by hand. */
import type { DriftRole, DriftVerdict, FeatureShift } from "../../../src/core/contract/drift-verdict.ts";

export const dayMs = 86_400_000;
/** A Thursday. */
export const thursdayMs = Date.UTC(2026, 2, 12);
/** Two days before. */
export const tuesdayMs: number = thursdayMs - 2 * dayMs;

const roles: Readonly<Record<string, DriftRole>> = {
  "low.rms": "level",
  "middle.rms": "level",
  "high.rms": "level",
  "impact.peak": "level",
  "inner-race": "score",
  "outer-race": "score",
  ball: "score",
  "generator-bearing-temperature": "score",
  "generator-phase-1-temperature": "score",
  "generator-phase-2-temperature": "score",
};

/** A column that moved since Tuesday; deviations six times the shift, unless stated. */
export function shift(name: string, by: number, rest: Partial<FeatureShift> = {}): FeatureShift {
  return {
    feature: 0,
    name,
    role: roles[name] ?? "feature",
    aspect: "mean",
    reference: 0,
    current: by,
    shift: by,
    deviations: 6 * by,
    pValue: 1e-6,
    sinceMs: tuesdayMs,
    loads: [],
    ...rest,
  };
}

/** Heard at two loads, at which it moved by so much each. */
export function atLoads(low: number, high: number): Pick<FeatureShift, "loads"> {
  return {
    loads: [
      { by: "speed", band: 20, shift: low },
      { by: "speed", band: 21, shift: high },
    ],
  };
}

/** `site/turbine/component`, stable when nothing moved. */
export function verdict(
  place: string,
  shifts: readonly FeatureShift[] = [],
  rest: Partial<DriftVerdict> = {},
): DriftVerdict {
  const [site = "", turbine = "", component = "generator-drive-end"] = place.split("/");
  return {
    site,
    turbine,
    component,
    modelName: "bearing-vibration",
    modelVersion: "1.0.0",
    modelDigest: "a".repeat(64),
    fromMs: thursdayMs,
    toMs: thursdayMs + dayMs,
    level: shifts.length === 0 ? "stable" : "drift",
    reason: null,
    pValue: shifts.length === 0 ? 0.4 : 1e-6,
    rows: 900,
    referenceDays: 20,
    shifts,
    distances: [],
    cause: null,
    ...rest,
  };
}
