/** What the API answers of likeness to training, as a validator; verdicts and their days are in the contract. */
import { z } from "zod";

const timeMs = z.number().describe("Epoch milliseconds");
const next = z.string().nullable().describe("Cursor of what follows; null: that is all");
const informationLevel = z.enum(["insufficient", "stable", "warning", "drift"]);

const estimatedShare = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .describe("0 to 1, with its 90 % interval");

/** `/api/v1/drift/performance`. */
export const performanceSchema: z.ZodType = z.object({
  day: z.string(),
  assumption: z.string().describe("To be read beside every estimate"),
  models: z.array(
    z.object({
      modelDigest: z.string(),
      contradictedMs: z
        .number()
        .nullable()
        .describe("When outcomes first spoke against it; null: they do not"),
      verdict: z.object({
        change: z.enum(["more-errors", "more-faults", "fewer-faults"]).nullable(),
        outcomes: z.int(),
        errors: z.int(),
        faults: z.int(),
        expectedFaults: z.number(),
        evidence: z.number().describe("Of a change; an alarm at 1"),
      }),
    }),
  ),
  points: z.array(
    z.object({
      site: z.string(),
      turbine: z.string(),
      component: z.string(),
      modelName: z.string(),
      modelVersion: z.string(),
      modelDigest: z.string(),
      fromMs: timeMs,
      toMs: timeMs,
      estimate: z.union([
        z.object({
          kind: z.literal("estimate"),
          cases: z.int().describe("Windows and failure modes"),
          accuracy: estimatedShare,
          precision: estimatedShare.nullable(),
          recall: estimatedShare,
          assumption: z.string(),
        }),
        z.object({ kind: z.literal("silent"), reason: z.string() }),
      ]),
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
