/** What the API answers of drift, as validators. */
import { z } from "zod";
import { driftLevels } from "../../core/contract/drift-verdict.ts";
import { driftVerdictSchema } from "../../core/contract/drift-verdict-schema.ts";

const timeMs = z.number().describe("Epoch milliseconds");
const next = z.string().nullable().describe("Cursor of what follows; null: that is all");
const informationLevel = z.enum(["insufficient", "stable", "warning", "drift"]);

/** `/api/v1/drift/verdicts`. */
export const driftVerdictsSchema: z.ZodType = z.object({
  day: z.string().describe("YYYY-MM-DD; the start of a period that is shorter than a day"),
  verdicts: z.array(driftVerdictSchema),
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
