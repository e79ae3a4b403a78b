/** What the API answers of likeness to training, as a validator; verdicts and their days are in the contract. */
import { z } from "zod";
import type { ShapeOf } from "../../core/contract/shape-of.ts";
import type { FeatureLikenessView, LikenessView, PointLikenessView } from "../fleet/load-likeness.ts";

const timeMs = z.number().describe("Epoch milliseconds");
const next = z.string().nullable().describe("Cursor of what follows; null: that is all");
const informationLevel = z.enum(["insufficient", "stable", "warning", "drift"]);

/** `/api/v1/drift`. */
export const driftSchema: z.ZodType<LikenessView> = z.object({
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
        } satisfies ShapeOf<FeatureLikenessView>),
      ),
    } satisfies ShapeOf<PointLikenessView>),
  ),
} satisfies ShapeOf<LikenessView>);
