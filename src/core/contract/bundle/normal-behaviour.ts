/**
 * The section `normalBehaviour` of a manifest: a student that says how warm healthy components would be just now, and
 * all that turns "measured less expected" into inspections of components days ahead.
 *
 * The way of a row of scalar readings: operating filter and frozen guard → features → student → expected value of
 * every output → residual (after the site's own linear correction) → median of a day → sensor guard → distance from the
 * site's own past in robust deviations → average over days → component score → inspections, at rounds, by their worth.
 * Everything but the student is plain arithmetic in `src/core/decision`, the same for evaluation and serving.
 */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { plainName } from "./plain-name.ts";

/** What an output of the student predicts. */
interface ResidualOutput {
  readonly channel: string;
  /** Component that it speaks of, for example `gearbox`. */
  readonly component: string;
  /** Outputs with the same name here measure the same thing at several places (three phases); null: it stands alone. */
  readonly siblings: string | null;
  /** expected = location + scale · dequantised output, in the channel's unit. */
  readonly location: number;
  readonly scale: number;
}

/** Failure modes that are decided on of each component, in order. */
export const scadaModes = ["failure-ahead", "sensor-fault"] as const;

/** When a row is normal operation; other rows are not scored, because they do not show the health. */
export interface OperationSpec {
  /** Every channel must be within min … max. */
  readonly limits: readonly { readonly channel: string; readonly min: number; readonly max: number }[];
  /** Power must be within a share of what the wind gives: points (wind, power) in rising order, linear between. */
  readonly powerCurve: {
    readonly windChannel: string;
    readonly powerChannel: string;
    readonly points: readonly (readonly [number, number])[];
    readonly minRatio: number;
    readonly maxRatio: number;
  };
}

/** The site's own correction: a ridge regression of the residuals on [1, standardised inputs, student's outputs]. */
export interface SiteCorrectionSpec {
  /** Added to the diagonal, per row. */
  readonly ridge: number;
  /** Rows in normal operation that it must rest on; the turbine has no scores before. */
  readonly minRows: number;
}

/** From residuals to z. */
export interface ResidualStatistics {
  /**
   * `own-past` (when absent): median and scaled median absolute deviation of the latest `historyDays`; the past begins
   * anew after a repair. `commissioning`: mean and standard deviation of the first `historyDays`, of those so far while
   * they are not over, and fixed from then on: what creeps in over months stays in sight.
   */
  readonly reference?: "own-past" | "commissioning" | undefined;
  /** Scored rows that a day must have; a day with fewer has no median. */
  readonly minRowsPerDay: number;
  /** Days of the past that location and scale are taken from … */
  readonly historyDays: number;
  /** … but for the latest ones, which may already show the fault … */
  readonly gapDays: number;
  /** … and at least this many days with a median. */
  readonly minHistoryDays: number;
  /** After a repair the past starts over, and the gap does not apply until this many days have gone by. */
  readonly relearnDays: number;
  /** Days before a logged failure that are kept out of the past, from the day of the failure back. */
  readonly excludeDays: number;
  /** Smallest scale, in the unit of the residual. */
  readonly minScale: number;
  /** Daily z is clipped to ± this. */
  readonly clip: number;
  /** Time constant of the average over days. */
  readonly ewmaDays: number;
}

/** How faults of sensors are told from those of components. */
export interface SensorGuardSpec {
  /** Rows in a row with every channel unchanged that mean frozen data. */
  readonly frozenRows: number;
  /** A fall of a day's median by this much against the days before, and of the next day's as well, is a sensor's … */
  readonly fall: number;
  /** … when every sibling moved by less than this; without siblings it cannot be told. A fault warms, it does not cool one phase at once. */
  readonly siblingsWithin: number;
  /** Days before; at least half of them must have a median. */
  readonly beforeDays: number;
}

/** One component in the inspection policy. All money in euro. */
export interface ComponentPolicy {
  readonly component: string;
  /** Probability that a turbine's component fails in the horizon, whatever its score: from the logbook of training. */
  readonly prior: number;
  /** What an inspection in time is worth when the failure comes: replacement saved, and the mean saving on top. */
  readonly worthEur: number;
  readonly inspectionEur: number;
}

/** Which components of which turbines are inspected. Ranks the turbines of a farm against each other. */
export interface InspectionPolicy {
  /**
   * `worth` (when absent): the pairs that are worth most in euro, at most `perRound`. `ranking`: of each component the
   * turbine with the highest score.
   */
  readonly kind?: "worth" | "ranking" | undefined;
  readonly roundDays: number;
  /** Inspections of a round, at most. */
  readonly perRound: number;
  /** Days for which an inspected component is not inspected again, unless it has failed meanwhile. */
  readonly muteDays: number;
  /** An inspection speaks of failures from … to this many days ahead. */
  readonly minLeadDays: number;
  readonly maxLeadDays: number;
  /** Likelihood ratio of a score s: exp(evidence · min(s, scoreCap)) over its mean in the past of all turbines. */
  readonly evidence: number;
  readonly scoreCap: number;
  readonly referenceDays: number;
  /** Inspections worth less than this are not made. */
  readonly minWorthEur: number;
  readonly components: readonly ComponentPolicy[];
}

export interface NormalBehaviourSpec {
  /** One an output of the student, in order. */
  readonly residuals: readonly ResidualOutput[];
  readonly operation: OperationSpec;
  /** Absent: residuals are taken as they are. */
  readonly siteCorrection?: SiteCorrectionSpec | undefined;
  readonly statistics: ResidualStatistics;
  readonly guard: SensorGuardSpec;
  readonly policy: InspectionPolicy;
}

/** Components that residuals speak of, each once, in the order in which a gateway decides on them. */
export function listComponents({
  residuals,
}: {
  readonly residuals: readonly Pick<ResidualOutput, "component">[];
}): readonly string[] {
  return [...new Set(residuals.map(({ component }) => component))];
}

const days = z.number().positive().max(3660);
const count = z.int().min(1).max(10_000_000);
const euro = z.number().min(0).max(1e12);

/**
 * Validators of {@link InspectionPolicy}'s own figures: spread them into a strict object. A training configuration says
 * all of them but the components, which are fitted.
 */
export const inspectionPolicyShape: () => {
  readonly [Key in Exclude<keyof InspectionPolicy, "components">]: z.ZodType<InspectionPolicy[Key]>;
} = onDemand(() => ({
  kind: z.enum(["worth", "ranking"]).optional(),
  roundDays: days,
  perRound: count,
  muteDays: z.number().min(0).max(3660),
  minLeadDays: z.number().min(0).max(3660),
  maxLeadDays: days,
  evidence: z.number().min(0).max(100),
  scoreCap: z.number().positive().max(100),
  referenceDays: days,
  minWorthEur: z.number(),
}));

const inspectionPolicySchema: () => z.ZodType<InspectionPolicy> = onDemand(() =>
  z
    .strictObject({
      ...inspectionPolicyShape(),
      components: z
        .array(
          z.strictObject({
            component: plainName,
            prior: z.number().gt(0).lt(1),
            worthEur: euro,
            inspectionEur: euro,
          }),
        )
        .min(1)
        .max(32),
    })
    .refine((policy) => policy.minLeadDays < policy.maxLeadDays, "minLeadDays must be below maxLeadDays"),
);

export const residualStatisticsSchema: () => z.ZodType<ResidualStatistics> = onDemand(() =>
  z
    .strictObject({
      reference: z.enum(["own-past", "commissioning"]).optional(),
      minRowsPerDay: count,
      historyDays: z.int().min(2).max(3660),
      gapDays: z.int().min(0).max(3660),
      minHistoryDays: z.int().min(2).max(3660),
      relearnDays: z.int().min(0).max(3660),
      excludeDays: z.int().min(0).max(3660),
      minScale: z.number().positive(),
      clip: z.number().positive().max(1000),
      ewmaDays: days,
    })
    .refine(
      (spec) => spec.minHistoryDays <= spec.historyDays,
      "minHistoryDays must not be above historyDays",
    ),
);

export const sensorGuardSchema: () => z.ZodType<SensorGuardSpec> = onDemand(() =>
  z.strictObject({
    frozenRows: z.int().min(2).max(10_000),
    fall: z.number().positive(),
    siblingsWithin: z.number().positive(),
    beforeDays: z.int().min(2).max(366),
  }),
);

export const siteCorrectionSchema: () => z.ZodType<SiteCorrectionSpec> = onDemand(() =>
  z.strictObject({
    ridge: z.number().positive().max(1e6),
    minRows: count,
  }),
);

export const normalBehaviourSchema: () => z.ZodType<NormalBehaviourSpec> = onDemand(() =>
  z.strictObject({
    residuals: z
      .array(
        z.strictObject({
          channel: plainName,
          component: plainName,
          siblings: plainName.nullable(),
          location: z.number(),
          scale: z.number().positive(),
        }),
      )
      .min(1)
      .max(32),
    operation: z.strictObject({
      limits: z.array(z.strictObject({ channel: plainName, min: z.number(), max: z.number() })).max(32),
      powerCurve: z.strictObject({
        windChannel: plainName,
        powerChannel: plainName,
        points: z
          .array(z.tuple([z.number(), z.number()]))
          .min(2)
          .max(256),
        minRatio: z.number().min(0),
        maxRatio: z.number().positive(),
      }),
    }),
    siteCorrection: siteCorrectionSchema().optional(),
    statistics: residualStatisticsSchema(),
    guard: sensorGuardSchema(),
    policy: inspectionPolicySchema(),
  }),
);
