/** What the gateway keeps of a point's drift over a restart, with the validators of what is read back. */
import { z } from "zod";
import { type DriftLevel, driftLevels } from "../../core/contract/drift-verdict.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import type { ScoringModel } from "../../core/decision/scoring-model.ts";
import { type DaySummary, slotsOfDay } from "../../core/drift/day-summary.ts";
import { referenceLimits } from "../../core/drift/drift-reference.ts";
import { outermostBand } from "../../core/drift/load-band.ts";
import { type SiteReference, siteReferenceSchema } from "../../core/drift/site-reference.ts";

/** What was last said of a point. */
export interface DriftStanding {
  readonly level: DriftLevel;
  /** Since when it is so, epoch ms; null: not known. */
  readonly sinceMs: number | null;
  /** One sentence; null unless something moved. */
  readonly title: string | null;
  /** What was told, and has not ended. */
  readonly raised: "warning" | "drift" | null;
}

/** The reference of a point's own days, and what it rests on. */
export interface DriftSnapshot extends ScoringModel {
  readonly version: 1;
  /** Counts what makes another machine of it: repairs, and orders in the configuration. */
  readonly epoch: number;
  readonly reference: SiteReference;
  readonly standing: DriftStanding;
}

/** The day that is being heard. */
export interface DriftDaySnapshot {
  readonly version: 1;
  readonly modelDigest: string;
  readonly day: DaySummary;
}

/** Cells of a column that a day may have, by slots and loads. */
const maxCells = slotsOfDay * (4 * outermostBand + 3);

const finite = z.number();
const count = z.int().nonnegative();
const digest = z.string().max(256);

export const driftSnapshotSchema: () => z.ZodType<DriftSnapshot> = onDemand(() =>
  z.object({
    version: z.literal(1),
    model: z.object({ name: z.string().max(256), version: z.string().max(256), digest }),
    scoringDigest: digest.optional(),
    epoch: z.int().nonnegative(),
    reference: siteReferenceSchema(),
    standing: z.object({
      level: z.enum(driftLevels),
      sinceMs: finite.nullable(),
      title: z.string().max(1024).nullable(),
      raised: z.enum(["warning", "drift"]).nullable(),
    }),
  }),
);

const load = onDemand(() =>
  z.object({
    by: z.enum(["power", "speed"]),
    band: z.int().min(-outermostBand).max(outermostBand),
  }),
);

export const driftDaySnapshotSchema: () => z.ZodType<DriftDaySnapshot> = onDemand(() =>
  z.object({
    version: z.literal(1),
    modelDigest: digest,
    day: z.object({
      fromMs: finite,
      periodMs: z.number().positive(),
      features: z
        .array(
          z.object({
            sketch: z.object({
              feature: count,
              counts: z.array(count).max(referenceLimits.maxBins),
              invalid: count,
              mean: finite,
              sumSquares: finite,
              min: finite,
              max: finite,
            }),
            cells: z
              .array(
                z.object({
                  slot: z
                    .int()
                    .min(0)
                    .max(slotsOfDay - 1),
                  load: load().nullable(),
                  count: z.int().positive(),
                  mean: finite,
                  sumSquares: finite,
                }),
              )
              .max(maxCells),
          }),
        )
        .max(referenceLimits.maxFeatures),
    }),
  }),
);
