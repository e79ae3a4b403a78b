/**
 * What is said of one measuring point on one day, held against its own reference: the record, the programming interface, the
 * page and the command line speak of drift in these words. A day is the period of assessment; a demonstration's is shorter.
 */
import type { PointId } from "./stream.ts";

/**
 * `learning`: the point has no own reference yet. `paused`: the turbine did not operate. `insufficient`: it was heard for too
 * short a time. `warning` and `drift`: a day like the reference is called so with a declared probability.
 */
export const driftLevels = ["learning", "paused", "insufficient", "stable", "warning", "drift"] as const;
export type DriftLevel = (typeof driftLevels)[number];

/**
 * What a column of the drift reference is: a condition under which the machine runs (it explains, and is never assessed), a
 * student's feature, an absolute level in dB, or an output score.
 */
export const driftRoles = ["condition", "feature", "level", "score"] as const;
export type DriftRole = (typeof driftRoles)[number];

/** Where values were heard: half an octave of the turbine's power in kW, else of the shaft's speed in rpm. */
export interface DriftLoad {
  readonly by: "power" | "speed";
  /** floor(2 · log2(value)): from 2^(band / 2) to 2^((band + 1) / 2). */
  readonly band: number;
}

/** How one column moved against the own reference. */
export interface FeatureShift {
  /** Index in the drift reference of the model. */
  readonly feature: number;
  readonly name: string;
  readonly role: DriftRole;
  /** What moved: its mean, its scatter, the share of values that are none, or all of it to one value. */
  readonly aspect: "mean" | "spread" | "invalid" | "stuck";
  /** Of the reference and of the day, in the column's own unit (spread: its standard deviation; invalid: a share). */
  readonly reference: number;
  readonly current: number;
  /** current − reference at equal loads; spread, stuck: the natural logarithm of the ratio of standard deviations. */
  readonly shift: number;
  /** The shift over what is usual from day to day. */
  readonly deviations: number;
  /** Of this column and aspect alone, 0 to 1. */
  readonly pValue: number;
  /** Start of the first of the days in a row that lie off in the same direction, epoch ms. */
  readonly sinceMs: number;
  /** The same at each load that was heard often enough. */
  readonly loads: readonly (DriftLoad & { readonly shift: number })[];
}

/** A distance between two distributions, with its error: a measure of size, never a test. */
export interface Distance {
  readonly value: number;
  /** 90 % interval. */
  readonly low: number;
  readonly high: number;
}

/** How far the day's distribution of a column lies from the reference's, over the same bins. */
export interface FeatureDistances {
  readonly feature: number;
  readonly name: string;
  readonly psi: Distance;
  /** Largest difference of the distribution functions, 0 to 1. */
  readonly ks: Distance;
  /** Wasserstein-1, in the column's unit. */
  readonly wasserstein: Distance;
  /** Jensen–Shannon distance with natural logarithms, 0 to √ln 2. */
  readonly jensenShannon: Distance;
  /** What was compared, where it was kept. */
  readonly bins?: {
    /** Interior edges, strictly increasing; there is one bin more. */
    readonly edges: readonly number[];
    /** Share of the values in each bin, of the reference and of the day, 0 to 1. */
    readonly reference: readonly number[];
    readonly current: readonly number[];
  };
}

/** What moved a point: told by reading the points of a turbine, a site and the fleet together. */
export interface DriftCause {
  readonly kind: "sensor" | "turbine" | "site" | "fleet" | "unknown";
  /** One sentence in an operator's words. */
  readonly title: string;
  readonly evidenceFor: readonly string[];
  readonly evidenceAgainst: readonly string[];
}

/** One point, model and day. */
export interface DriftVerdict extends PointId {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly modelDigest: string;
  /** The period, epoch ms; the end is exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly level: DriftLevel;
  /** Why there is no verdict, in words; null where there is one. */
  readonly reason: string | null;
  /** Of all columns together, 0 to 1; null where nothing was assessed. */
  readonly pValue: number | null;
  /** Windows or rows heard. */
  readonly rows: number;
  /** Days that the own reference rests on. */
  readonly referenceDays: number;
  /** What moved, the surest first; 16 at most. Empty while stable. */
  readonly shifts: readonly FeatureShift[];
  /** Of the columns in `shifts`. */
  readonly distances: readonly FeatureDistances[];
  /** Null while stable, or as long as nobody has read the points together. */
  readonly cause: DriftCause | null;
}
