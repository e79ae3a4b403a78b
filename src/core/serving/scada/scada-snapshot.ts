/** What the watch over a turbine's SCADA values keeps over a restart, as plain JSON. */
import { z } from "zod";
import { onDemand } from "../../contract/on-demand.ts";
import type { InspectionPlannerSnapshot } from "../../decision/normal-behaviour/inspection-planner.ts";
import type { TurbineWatchSnapshot } from "../../decision/normal-behaviour/turbine-watch.ts";
import type { ScoredBy } from "../../decision/scoring-model.ts";

/** Of a turbine: of a model that scores otherwise nothing can be used. */
export interface ScadaTurbineSnapshot extends ScoredBy {
  /** Averages of the features: name, value, time of the last window. */
  readonly memory: readonly (readonly [string, number, number])[];
  readonly watch: TurbineWatchSnapshot;
}

/** An inspection that was asked for, while it stands. */
export interface StandingInspection {
  readonly turbine: string;
  readonly component: string;
  /** Day at whose end it was decided. */
  readonly day: number;
}

/** The turbines of one bundle together. */
export interface ScadaFarmSnapshot extends ScoredBy {
  readonly planner: InspectionPlannerSnapshot;
  readonly standing: readonly StandingInspection[];
  /** Those that a repair ended, as long as they would stand without it; absent: none. */
  readonly mended?: readonly StandingInspection[] | undefined;
  readonly plannedDay: number | null;
  /** What was known of each turbine at the end of its last day; `null` for NaN. */
  readonly days: readonly {
    readonly turbine: string;
    readonly day: number;
    readonly z: readonly (number | null)[];
    readonly scores: readonly (number | null)[];
    readonly sensorFaults: readonly number[];
  }[];
  /** Turbine, component, probability of a failure in the horizon. */
  readonly assessed: readonly (readonly [string, string, number])[];
}

const finite = z.number();
const text = z.string().min(1).max(256);
const day = z.int();
const maybe = finite.nullable();
const digest = z.string().max(128);
const scoredBy = { modelDigest: digest, scoringDigest: digest.optional() };

const watch: () => z.ZodType<TurbineWatchSnapshot> = onDemand(() =>
  z.strictObject({
    correction: z
      .strictObject({
        rows: z.int().min(0),
        inputs: z.int().min(1),
        outputs: z.int().min(1),
        coefficients: z.array(finite).max(100_000),
      })
      .nullable(),
    learning: z
      .strictObject({
        rows: z.int().min(0),
        gram: z.array(finite).max(1_000_000),
        cross: z.array(finite).max(100_000),
      })
      .nullable(),
    open: z.strictObject({ day: day.nullable(), rows: z.array(z.array(finite).max(32)).max(1440) }),
    lastDay: day.nullable(),
    jump: z.strictObject({ from: day, to: day }).optional(),
    earlierSinceMs: finite.optional(),
    monitor: z.strictObject({
      firstDay: day,
      medians: z.array(z.array(maybe).max(32)).max(8000),
      z: z.array(maybe).max(32),
      steps: z.array(maybe).max(32),
      repairs: z.array(z.strictObject({ component: text, day })).max(10_000),
      reference: z
        .array(z.strictObject({ location: finite, scale: finite }).nullable())
        .max(32)
        .optional(),
    }),
  }),
);

/** Validator of {@link ScadaTurbineSnapshot}: it comes from a disk. */
export const scadaTurbineSnapshotSchema: () => z.ZodType<ScadaTurbineSnapshot> = onDemand(() =>
  z.strictObject({
    ...scoredBy,
    memory: z.array(z.tuple([text, finite, finite])).max(512),
    watch: watch(),
  }),
);

/** Validator of {@link ScadaFarmSnapshot}: it comes from a disk. */
export const scadaFarmSnapshotSchema: () => z.ZodType<ScadaFarmSnapshot> = onDemand(() => {
  const inspections = z.array(z.strictObject({ turbine: text, component: text, day })).max(100_000);
  return z.strictObject({
    ...scoredBy,
    planner: z.strictObject({
      scores: z.array(z.tuple([day, text, z.array(maybe).max(32)])).max(1_000_000),
      inspectedDays: z.array(z.tuple([text, text, day])).max(100_000),
    }),
    standing: inspections,
    mended: inspections.optional(),
    plannedDay: day.nullable(),
    days: z
      .array(
        z.strictObject({
          turbine: text,
          day,
          z: z.array(maybe).max(32),
          scores: z.array(maybe).max(32),
          sensorFaults: z.array(z.int().min(0).max(31)).max(32),
        }),
      )
      .max(10_000),
    assessed: z.array(z.tuple([text, text, finite])).max(100_000),
  });
});
