/** How long a collector keeps predictions, and from which age on as longer rows. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";

export interface KeptPredictionsConfig {
  /** Null: as long as other records. */
  readonly retentionDays: number | null;
  /** In the order of age, each coarser than the one before; empty: all rows stay as they were sent. */
  readonly thinning: readonly { readonly afterDays: number; readonly rowSeconds: number }[];
}

const thinningSchema = onDemand(() =>
  z
    .array(
      z.strictObject({
        afterDays: z
          .number()
          .min(1)
          .max(3650)
          .describe("Age from which on it applies, in days since the rows arrived"),
        rowSeconds: z
          .int()
          .min(60)
          .max(86_400)
          .refine((seconds) => 86_400 % seconds === 0, "must divide a day (86400 s)")
          .describe("Length of the rows that are left"),
      }),
    )
    .max(4)
    .refine(
      (steps) =>
        steps.every(({ afterDays, rowSeconds }, index) => {
          const before = steps[index - 1];
          return before === undefined || (afterDays > before.afterDays && rowSeconds > before.rowSeconds);
        }),
      "each step must be older, and its rows longer, than those of the step before",
    ),
);

export const keptPredictionsSchema: () => z.ZodType<KeptPredictionsConfig, unknown> = onDemand(() =>
  z.strictObject({
    retentionDays: z
      .number()
      .min(1)
      .max(3650)
      .nullable()
      .default(null)
      .describe("Days that predictions are kept, in whatever length of rows; null: retentionDays"),
    thinning: thinningSchema()
      .default([
        { afterDays: 7, rowSeconds: 600 },
        { afterDays: 30, rowSeconds: 3_600 },
      ])
      .describe(
        "Predictions are summed up by age into longer rows with their windows, mean, highest and lowest; []: never",
      ),
  }),
);
