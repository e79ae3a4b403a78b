/**
 * The healthy baseline of one measuring point, learnt on site: what a gateway keeps over restarts, and the file that
 * `aurora score` takes. Speaks of one point, one list of levels and (for the margins) one model.
 */
import { z } from "zod";
import { type FeatureSpec, featureSpecSchema } from "./bundle/feature-spec.ts";
import type { ModelRef } from "./prediction.ts";

/** The healthy course of a level: location at the reference speed, and its slope over the learnt speeds. */
export interface SiteLevel {
  /** dB at `shaftRpm.reference`. */
  readonly locationDb: number;
  /** Scaled median absolute deviation of the residuals, dB. */
  readonly scaleDb: number;
  /** dB a doubling of the shaft's speed. */
  readonly perOctaveDb: number;
}

/** How a signal of this machine wanders from block to block while healthy, in the signal's unit. */
interface SiteWander {
  /** Deviation of a block's level, prior knowledge and what was seen put together; ≥ 0. */
  readonly wander: number;
  /** Degrees of freedom of that; > 0. */
  readonly freedom: number;
  /** Independent blocks that were seen; ≥ 1. */
  readonly blocks: number;
}

/**
 * Healthy windows' margin of one output: its raw logit above the highest of the others (alone: the logit itself). What
 * moves all outputs of a healthy machine alike, its noise and its load, cancels.
 */
export interface SiteMargin {
  /** At the reference speed. */
  readonly location: number;
  /** A doubling of the shaft's speed adds this; absent: 0. */
  readonly perOctave?: number | undefined;
  /** Scaled median absolute deviation. */
  readonly scale: number;
  /** Correlation of neighbouring windows, 0 ≤ ρ < 1 (negative ones count as 0). */
  readonly autocorrelation: number;
  /** As of {@link SiteWander}; absent: not learnt. */
  readonly wander?: number | undefined;
  readonly freedom?: number | undefined;
  readonly blocks?: number | undefined;
  /** Speeds at which it was hardly learnt, since what stands still explained the mode there; absent: it was at all. */
  readonly unlearntRpm?: readonly { readonly min: number; readonly max: number }[] | undefined;
}

/** How the severity of healthy windows scatters, dB. */
export interface SiteSeverity extends SiteWander {
  /** Deviation of a window, with what neighbours share taken into account. */
  readonly window: number;
}

/** Speeds of the shaft at which levels were learnt. */
export interface LearntSpeeds {
  readonly min: number;
  readonly max: number;
  /** That at which a level is stated. */
  readonly reference: number;
}

/** The levels of a machine at some speeds, as they were learnt. */
export interface SiteLevels {
  /** Windows that they rest on. */
  readonly windows: number;
  /** Time of the data, epoch ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly shaftRpm: LearntSpeeds;
  /** One a level; null: not heard on this site (a band above the sensor's rate). */
  readonly levels: readonly (SiteLevel | null)[];
  /** Absent: not learnt. */
  readonly severity?: SiteSeverity | undefined;
}

/** Beside which levels those at later speeds were learnt. */
export interface LearntBeside {
  /** The nearest speed that had been learnt before, and by how much it is louder than there, dB. */
  readonly besideRpm: number;
  readonly louderDb: number;
}

/** Levels at speeds that the machine came to after it had its own reference. */
export type LaterLevels = SiteLevels & LearntBeside;

/** At most so many: 300 to 3000 rpm are less. */
export const maxLater = 12;

/** A baseline. */
export interface SiteBaseline extends SiteLevels {
  readonly formatVersion: 1;
  /** Counts the baselines of this point, from 1. */
  readonly version: number;
  /** The levels that it speaks of. */
  readonly spec: FeatureSpec;
  /** The model whose margins these are; null: levels only. */
  readonly model: ModelRef | null;
  /** One an output; empty without a model. */
  readonly margins: readonly SiteMargin[];
  /** Levels at further speeds, in the order in which they were learnt; absent: none. */
  readonly later?: readonly LaterLevels[] | undefined;
  /** Features of healthy windows that lie far apart, a row each, at most 32; absent: none was kept. */
  readonly featureRows?: readonly (readonly number[])[] | undefined;
  /** Version with which the levels were learnt, where that was before this model served; absent: with the margins. */
  readonly levelsVersion?: number | undefined;
  /** Learnt of the first hundred windows or so, and to be refined; absent: it stays as it is. */
  readonly isProvisional?: boolean | undefined;
  /** Why the machine may not have been healthy while it was learnt, one sentence each; empty: nothing seemed wrong. */
  readonly suspicions: readonly string[];
}

const finite = z.number();
const level: z.ZodType<SiteLevel> = z.strictObject({
  locationDb: finite,
  scaleDb: z.number().min(0),
  perOctaveDb: finite,
});

const speed = z.number().positive();

/** Validator of {@link LearntSpeeds}. */
export const learntSpeedsSchema: z.ZodType<LearntSpeeds> = z.strictObject({
  min: speed,
  max: speed,
  reference: speed,
});

const siteLevels = {
  windows: z.int().min(1),
  fromMs: finite,
  toMs: finite,
  shaftRpm: learntSpeedsSchema,
  levels: z.array(level.nullable()).max(512),
  severity: z
    .strictObject({
      window: z.number().min(0),
      wander: z.number().min(0),
      freedom: z.number().positive(),
      blocks: z.number().min(1),
    })
    .optional(),
};

/** Validator of {@link SiteBaseline}: it comes from a disk. */
export const siteBaselineSchema: z.ZodType<SiteBaseline> = z
  .strictObject({
    formatVersion: z.literal(1),
    version: z.int().min(1),
    ...siteLevels,
    spec: featureSpecSchema(),
    model: z
      .strictObject({ name: z.string().max(256), version: z.string().max(256), digest: z.string().max(128) })
      .nullable(),
    margins: z
      .array(
        z.strictObject({
          location: finite,
          perOctave: finite.optional(),
          scale: z.number().min(0),
          autocorrelation: z.number().min(0).lt(1),
          wander: z.number().min(0).optional(),
          freedom: z.number().positive().optional(),
          blocks: z.number().min(1).optional(),
          unlearntRpm: z
            .array(z.strictObject({ min: speed, max: speed }))
            .max(256)
            .optional(),
        }),
      )
      .max(32),
    later: z
      .array(z.strictObject({ ...siteLevels, besideRpm: speed, louderDb: finite }))
      .max(maxLater)
      .optional(),
    featureRows: z.array(z.array(finite).max(512)).max(32).optional(),
    levelsVersion: z.int().min(1).optional(),
    isProvisional: z.boolean().optional(),
    suspicions: z.array(z.string().max(1024)).max(64),
  })
  .refine(
    ({ levels, later = [], spec }) =>
      [levels, ...later.map((each) => each.levels)].every(({ length }) => length === spec.list.length),
    "one entry a level",
  );
