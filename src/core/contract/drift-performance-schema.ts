/** What is said of how well models decide: by confirmed outcomes, and estimated where there are none. With its validator. */
import { z } from "zod";
import { onDemand } from "./on-demand.ts";
import type { ShapeOf } from "./shape-of.ts";
import type { PointId } from "./stream.ts";

/** A share, 0 to 1, with its 90 % interval. */
export interface ShareRange {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const outcomeChanges = ["more-errors", "more-faults", "fewer-faults"] as const;
/** How outcomes speak against a model; `more-errors`: alarms raised in vain and faults missed; the other two hold the faults against the stated risks. */
export type OutcomeChange = (typeof outcomeChanges)[number];

/** What the outcomes of one model and kind of failure come to, after an outcome. */
export interface OutcomesVerdict {
  /** Null: nothing that outcomes speak against. */
  readonly change: OutcomeChange | null;
  /** Outcomes since it began, or began anew after an alarm: of more errors, or of other risks. The other counts are over the same time. */
  readonly outcomes: number;
  readonly errors: number;
  /** Faults found, and the sum of the stated risks: what was to be expected; of outcomes with a risk. */
  readonly faults: number;
  readonly expectedFaults: number;
  /** How much bets against "nothing changed" have won, in mean run lengths; an alarm at 1. */
  readonly evidence: number;
}

/** How well a model decides, as far as it is known. */
export type PerformanceEstimate =
  | {
      readonly kind: "estimate";
      /** Windows and failure modes. */
      readonly cases: number;
      /** Right decisions among all. */
      readonly accuracy: ShareRange;
      /** Faults among what was called faulty; null: nothing was. */
      readonly precision: ShareRange | null;
      /** Faults that were called so, among all faults. */
      readonly recall: ShareRange;
      readonly assumption: string;
    }
  | { readonly kind: "silent"; readonly reason: string };

/** What confirmed outcomes say of one model. */
export interface ModelOutcomesReply {
  readonly modelDigest: string;
  /** When they first spoke against it, epoch ms; null: they do not. */
  readonly contradictedMs: number | null;
  /** What they spoke of then; the watch begins anew after it. */
  readonly contradictedBy?: OutcomeChange | null;
  /** After the newest outcome. */
  readonly verdict: OutcomesVerdict;
}

/** One point and model on one day. */
export interface PointPerformanceReply extends PointId {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly modelDigest: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly estimate: PerformanceEstimate;
}

/** Of `/api/v1/drift/performance`. */
export interface DriftPerformanceReply {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  readonly assumption: string;
  readonly models: readonly ModelOutcomesReply[];
  readonly points: readonly PointPerformanceReply[];
}

const timeMs = z.number().describe("Epoch milliseconds");
const estimatedShare = onDemand(() =>
  z
    .object({ value: z.number(), low: z.number(), high: z.number() })
    .describe("0 to 1, with its 90 % interval"),
);

/** Of `/api/v1/drift/performance`. */
export const driftPerformanceReplySchema: () => z.ZodType<DriftPerformanceReply> = onDemand(() =>
  z.object({
    day: z.string().max(64),
    assumption: z.string().max(1_000).describe("To be read beside every estimate"),
    models: z
      .array(
        z.object({
          modelDigest: z.string().max(256),
          contradictedMs: z
            .number()
            .nullable()
            .describe("When outcomes first spoke against it; null: they do not"),
          contradictedBy: z.enum(outcomeChanges).nullable().exactOptional(),
          verdict: z.object({
            change: z.enum(outcomeChanges).nullable(),
            outcomes: z.int(),
            errors: z.int(),
            faults: z.int(),
            expectedFaults: z.number(),
            evidence: z.number().describe("Of a change; an alarm at 1"),
          }),
        }),
      )
      .max(10_000),
    points: z
      .array(
        z.object({
          site: z.string().max(64),
          turbine: z.string().max(64),
          component: z.string().max(256),
          modelName: z.string().max(256),
          modelVersion: z.string().max(64),
          modelDigest: z.string().max(256),
          fromMs: timeMs,
          toMs: timeMs,
          estimate: z.union([
            z.object({
              kind: z.literal("estimate"),
              cases: z.int().describe("Windows and failure modes"),
              accuracy: estimatedShare(),
              precision: estimatedShare().nullable(),
              recall: estimatedShare(),
              assumption: z.string().max(1_000),
            }),
            z.object({ kind: z.literal("silent"), reason: z.string().max(1_000) }),
          ]),
        }),
      )
      .max(10_000),
  } satisfies ShapeOf<DriftPerformanceReply>),
);
