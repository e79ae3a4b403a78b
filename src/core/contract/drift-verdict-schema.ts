/** Validators of what is said of a point's day: for whoever reads it from a disk, from the programming interface, or states what it answers. */
import { z } from "zod";
import {
  type DriftVerdict,
  driftLevels,
  driftRoles,
  type FeatureDistances,
  type FeatureShift,
} from "./drift-verdict.ts";
import { onDemand } from "./on-demand.ts";
import type { ShapeOf } from "./shape-of.ts";
import type { PointId } from "./stream.ts";

const text = (longest: number) => z.string().max(longest);
const timeMs = z.number().min(0).max(8.64e15).describe("Epoch milliseconds");
const share = z.number().min(0).max(1);
/** One more than edges. */
const maxBins = 64;
const maxShifts = 16;
/** Half octaves of any power or speed. */
const maxLoads = 256;
const maxEvidence = 64;

const shiftSchema: () => z.ZodType<FeatureShift> = onDemand(() =>
  z.object({
    feature: z.int().min(0),
    name: text(256),
    role: z.enum(driftRoles),
    aspect: z.enum(["mean", "spread", "invalid", "stuck"]),
    reference: z.number(),
    current: z.number(),
    shift: z.number().describe("At equal loads, in the column's unit; spread: logarithm of the ratio"),
    deviations: z.number().describe("Over what is usual from day to day"),
    pValue: share,
    sinceMs: timeMs,
    loads: z
      .array(
        z.object({
          by: z.enum(["power", "speed"]),
          band: z.int().describe("floor(2 · log2(kW or rpm))"),
          shift: z.number(),
        }),
      )
      .max(maxLoads),
  } satisfies ShapeOf<FeatureShift>),
);

const distance = onDemand(() => z.object({ value: z.number(), low: z.number(), high: z.number() }));

const distancesSchema: () => z.ZodType<FeatureDistances> = onDemand(() =>
  z.object({
    feature: z.int().min(0),
    name: text(256),
    psi: distance(),
    ks: distance(),
    wasserstein: distance(),
    jensenShannon: distance(),
    bins: z
      .object({
        edges: z.array(z.number()).max(maxBins - 1),
        reference: z.array(share).max(maxBins),
        current: z.array(share).max(maxBins),
      })
      .exactOptional(),
  } satisfies ShapeOf<FeatureDistances>),
);

/** One point, model and day. */
export const driftVerdictSchema: () => z.ZodType<DriftVerdict> = onDemand(() =>
  z.object({
    site: text(64),
    turbine: text(64),
    component: text(256),
    modelName: text(256),
    modelVersion: text(64),
    modelDigest: text(128),
    fromMs: timeMs,
    toMs: timeMs,
    level: z.enum(driftLevels),
    reason: text(1_000).nullable().describe("Why there is no verdict"),
    pValue: share.nullable(),
    rows: z.number().min(0),
    referenceDays: z.number().min(0),
    shifts: z.array(shiftSchema()).max(maxShifts).describe("The surest first; empty while stable"),
    distances: z.array(distancesSchema()).max(maxShifts).describe("How far, never whether"),
    cause: z
      .object({
        kind: z.enum(["sensor", "turbine", "site", "fleet", "unknown"]),
        title: text(1_000),
        evidenceFor: z.array(text(1_000)).max(maxEvidence),
        evidenceAgainst: z.array(text(1_000)).max(maxEvidence),
      })
      .nullable(),
  } satisfies ShapeOf<DriftVerdict>),
);

/** Verdicts of one day, a part of them. */
export interface DriftVerdictReply {
  /** `YYYY-MM-DD`, UTC; of a shorter period its start. */
  readonly day: string;
  readonly verdicts: readonly DriftVerdict[];
  /** Where the next part begins; null on the last. */
  readonly next: string | null;
}

/** Of `/api/v1/drift/verdicts`. */
export const driftVerdictReplySchema: () => z.ZodType<DriftVerdictReply> = onDemand(() =>
  z.object({
    day: text(64).describe("YYYY-MM-DD; the start of a period that is shorter than a day"),
    verdicts: z.array(driftVerdictSchema()).max(1_000),
    next: text(2_048).nullable().describe("Cursor of what follows; null: that is all"),
  } satisfies ShapeOf<DriftVerdictReply>),
);

/** The levels of one point, one a day. */
export interface PointLevels extends PointId {
  /** Null: there is no verdict of that day. */
  readonly levels: readonly (DriftVerdict["level"] | null)[];
}

/** Points × days: what a heat map shows. */
export interface DriftDays {
  /** Increasing. */
  readonly days: readonly string[];
  readonly points: readonly PointLevels[];
}

/** A part of the points. */
export interface DriftDaysReply extends DriftDays {
  /** Where the next part begins; null on the last. */
  readonly next: string | null;
}

/** Of `/api/v1/drift/days`. */
export const driftDaysReplySchema: () => z.ZodType<DriftDaysReply> = onDemand(() =>
  z.object({
    days: z.array(text(64)).max(1_000),
    points: z
      .array(
        z.object({
          site: text(64),
          turbine: text(64),
          component: text(256),
          levels: z.array(z.enum(driftLevels).nullable()).max(1_000).describe("One a day; null: no verdict"),
        }),
      )
      .max(1_000),
    next: text(2_048).nullable().describe("Cursor of what follows; null: that is all"),
  } satisfies ShapeOf<DriftDaysReply>),
);
