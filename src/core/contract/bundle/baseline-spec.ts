/**
 * What a bundle says about healthy baselines: which levels of the signal are watched, where healthy ones lay in
 * training, and how long a machine must be heard before its own baseline may be trusted. Levels never enter the student.
 */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { type FeatureSpec, featureSpecSchema } from "./feature-spec.ts";

/** Where a healthy level lies and how it scatters, robustly: median, and 1.4826 · median absolute deviation. */
export interface LevelStatistics {
  /** dB above the unit of the channel (1 g). */
  readonly locationDb: number;
  /** dB, ≥ 0. */
  readonly scaleDb: number;
}

/**
 * How raw logits of healthy machines lie that nobody trained on, one scale for all outputs: what a machine is held
 * against as long as it has no reference of its own.
 */
export interface HealthyLogits {
  /** Mean over machines. */
  readonly location: number;
  /** Deviation from machine to machine, of a window within minutes, and of one machine's level over hours; > 0. */
  readonly machine: number;
  readonly window: number;
  readonly wander: number;
}

/** The evidence rule of bundles that were made before `healthy` was stated; no longer read. */
interface EvidenceSpec {
  /** A window's distance is clipped to ± this: no single window speaks for many. */
  readonly clip: number;
  /** Distance that is still taken for healthy; taken off in every window. */
  readonly allowance: number;
  /** Raised when the sum reaches this … */
  readonly raise: number;
  /** … and not cleared before it has come down to this; clear < raise. */
  readonly clear: number;
  /** Calibrated probability that recent windows must have on average: far from healthy is not yet faulty. */
  readonly minProbability: number;
}

/** The section `baseline` of a manifest. */
export interface BaselineSpec {
  /** Level features, each in dB; executed on the same windows as the student's, and on recordings from 0.05 s. */
  readonly levels: FeatureSpec;
  /** One a level: healthy windows in training; null where training has no recording that can tell. */
  readonly reference: readonly (LevelStatistics | null)[];
  /** Windows that a site's baseline must rest on at least, 16 to 256. */
  readonly minWindows: number;
  /** Absent: what is usual is taken. */
  readonly healthy?: HealthyLogits | undefined;
  readonly evidence?: EvidenceSpec | undefined;
}

const levelStatisticsSchema: () => z.ZodType<LevelStatistics> = onDemand(() =>
  z.strictObject({
    locationDb: z.number(),
    scaleDb: z.number().min(0),
  }),
);

const evidenceSpecSchema: () => z.ZodType<EvidenceSpec> = onDemand(() =>
  z
    .strictObject({
      clip: z.number().positive().max(100),
      allowance: z.number().min(0).max(100),
      raise: z.number().positive().max(10_000),
      clear: z.number().min(0).max(10_000),
      minProbability: z.number().min(0).max(1),
    })
    .refine((spec) => spec.clear < spec.raise, "clear must be below raise")
    .refine((spec) => spec.allowance < spec.clip, "allowance must be below clip"),
);

const healthyLogitsSchema: () => z.ZodType<HealthyLogits> = onDemand(() =>
  z.strictObject({
    location: z.number().min(-100).max(100),
    machine: z.number().positive().max(100),
    window: z.number().positive().max(100),
    wander: z.number().positive().max(100),
  }),
);

export const baselineSpecSchema: () => z.ZodType<BaselineSpec> = onDemand(() =>
  z
    .strictObject({
      levels: featureSpecSchema(),
      reference: z.array(levelStatisticsSchema().nullable()),
      minWindows: z.int().min(16).max(256),
      healthy: healthyLogitsSchema().optional(),
      evidence: evidenceSpecSchema().optional(),
    })
    .refine((spec) => spec.reference.length === spec.levels.list.length, "one reference a level"),
);
