/** What the API answers of drift, as validators. */
import { z } from "zod";
import { driftLevels, driftRoles } from "../../core/contract/drift-verdict.ts";

const timeMs = z.number().describe("Epoch milliseconds");
const share = z.number().min(0).max(1);
const next = z.string().nullable().describe("Cursor of what follows; null: that is all");
const load = { by: z.enum(["power", "speed"]), band: z.int().describe("floor(2 · log2(kW or rpm))") };
const informationLevel = z.enum(["insufficient", "stable", "warning", "drift"]);

const shift = z.object({
  feature: z.int(),
  name: z.string(),
  role: z.enum(driftRoles),
  aspect: z.enum(["mean", "spread", "invalid", "stuck"]),
  reference: z.number(),
  current: z.number(),
  shift: z.number().describe("At equal loads, in the column's unit; spread: logarithm of the ratio"),
  deviations: z.number().describe("Over what is usual from day to day"),
  pValue: share,
  sinceMs: timeMs,
  loads: z.array(z.object({ ...load, shift: z.number() })),
});

const distance = z.object({ value: z.number(), low: z.number(), high: z.number() });

const cause = z.object({
  kind: z.enum(["sensor", "turbine", "site", "fleet", "unknown"]),
  title: z.string(),
  evidenceFor: z.array(z.string()),
  evidenceAgainst: z.array(z.string()),
});

const verdict = z.object({
  site: z.string(),
  turbine: z.string(),
  component: z.string(),
  modelName: z.string(),
  modelVersion: z.string(),
  modelDigest: z.string(),
  fromMs: timeMs,
  toMs: timeMs,
  level: z.enum(driftLevels),
  reason: z.string().nullable().describe("Why there is no verdict"),
  pValue: share.nullable(),
  rows: z.int().min(0),
  referenceDays: z.number().min(0),
  shifts: z.array(shift).describe("The surest first; empty while stable"),
  distances: z
    .array(
      z.object({
        feature: z.int(),
        name: z.string(),
        psi: distance,
        ks: distance,
        wasserstein: distance,
        jensenShannon: distance,
      }),
    )
    .describe("How far, never whether"),
  cause: cause.nullable(),
});

/** `/api/v1/drift/verdicts`. */
export const driftVerdictsSchema: z.ZodType = z.object({
  day: z.string().describe("YYYY-MM-DD; the start of a period that is shorter than a day"),
  verdicts: z.array(verdict),
  next,
});

/** `/api/v1/drift/days`. */
export const driftDaysSchema: z.ZodType = z.object({
  days: z.array(z.string()),
  points: z.array(
    z.object({
      site: z.string(),
      turbine: z.string(),
      component: z.string(),
      levels: z.array(z.enum(driftLevels).nullable()).describe("One a day; null: no verdict"),
    }),
  ),
});

/** `/api/v1/drift`. */
export const driftSchema: z.ZodType = z.object({
  day: z.string(),
  next,
  points: z.array(
    z.object({
      site: z.string(),
      turbine: z.string(),
      component: z.string(),
      day: z.string(),
      modelName: z.string(),
      modelVersion: z.string(),
      modelDigest: z.string(),
      fromMs: timeMs,
      toMs: timeMs,
      reports: z.int(),
      windows: z.int(),
      level: informationLevel.describe("How unlike training day: information, no alarm"),
      reason: z.string().nullable(),
      falseAlarmRate: z
        .number()
        .nullable()
        .describe("Probability of a false drift verdict per point and day"),
      features: z.array(
        z.object({
          feature: z.int(),
          name: z.string(),
          level: informationLevel,
          values: z.int(),
          invalid: z.int(),
          psi: z.number().nullable(),
          warningPsi: z.number().nullable(),
          driftPsi: z.number().nullable(),
          edges: z.array(z.number()),
          referenceCounts: z.array(z.int()),
          counts: z.array(z.int()),
        }),
      ),
    }),
  ),
});
