/** What a baseline learner keeps over a restart, as plain JSON. */
import { z } from "zod";
import { bearingOrderNames } from "../../contract/bundle/bearing.ts";
import type { OutputClass } from "../../contract/bundle/manifest.ts";
import type { ModelRef } from "../../contract/prediction.ts";
import { type SiteBaseline, siteBaselineSchema } from "../../contract/site-baseline.ts";
import type { ScoredBy } from "../scoring-model.ts";
import { type HeardTime, heardTimeSchema } from "./heard-time.ts";
import { dropMargins } from "./refine-baseline.ts";

/** A window that may become part of a baseline; a level that was not heard is null. */
export interface KeptWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly shaftRpm: number;
  readonly levels: readonly (number | null)[];
  readonly logits: readonly number[];
  /** Places of the outputs that are explained in it; absent: none, or nobody kept it. */
  readonly explained?: readonly number[] | undefined;
  /** Is what it scores that of the snapshots before it as well? Absent: it is not, or nobody kept it. */
  readonly isPooled?: boolean | undefined;
  /** Of the first window of a block only. */
  readonly features?: readonly number[] | undefined;
}

/** An operator let the baseline go, after a repair for one. */
export interface BaselineRenewal {
  /** Counts the renewals of this point, from 1. */
  readonly count: number;
  /** Epoch ms, by the gateway's clock. */
  readonly atMs: number;
  readonly by: string;
  readonly reason: string;
  /** Somebody found the machine healthy as it was then, and what it looks like is no reason to refuse it; absent: nobody did. */
  readonly foundHealthy?: true | undefined;
}

export interface BaselineSnapshot extends ScoredBy {
  /** Epoch of the configuration that it was learnt in. */
  readonly epoch: number;
  /** The model whose logits are being learnt, or were. */
  readonly modelDigest: string | null;
  /** Of the last baseline that was learnt, in use or not; 0: none. */
  readonly version: number;
  readonly baseline: SiteBaseline | null;
  readonly kept: readonly KeptWindow[];
  /** Windows since learning began. */
  readonly seen: number;
  readonly stride: number;
  readonly firstMs: number | null;
  /** How long it was heard since; absent: nobody kept it, and the windows that are kept say it. */
  readonly heard?: HeardTime | undefined;
  /** How often the data were refused because they moved. */
  readonly refusals: number;
  /** Windows with which the next provisional baseline is tried; absent: the first. */
  readonly nextTry?: number | undefined;
  /** Windows before which what was not good is not tried again; absent: at once. */
  readonly refusedAt?: number | undefined;
  /** Why the last that was tried looked faulty; absent: it did not, or nobody wrote it down. */
  readonly refusal?: string | undefined;
  /** How the machine scores, if that was refused as a baseline, until there is one; absent: nothing was, or nobody kept it. */
  readonly doubted?: SiteBaseline | undefined;
  /** Places of the outputs that were no rivals in its margins; absent: none. */
  readonly coinciding?: readonly number[] | undefined;
  /** Orders of the bearing that it listened at; absent: nobody wrote them down. */
  readonly orders?: readonly number[] | undefined;
  /** Turns of the bearing's shaft in one of the shaft whose speed was told; absent: 1. */
  readonly speedRatio?: number | undefined;
  /** Windows that were as quiet against it as of a sensor that is deaf, since one of a sensor that hears; absent: none, or nobody kept it. */
  readonly quietWindows?: number | undefined;
  /** How loud its sensor is at most while it stands at a stated speed, dB above the healthy machines of training; absent: it was not heard to. */
  readonly standsUpToDb?: number | undefined;
  /** By how much the fainter of its two loads is quieter than its baseline, dB; absent: no two are known. */
  readonly quieterDb?: number | undefined;
  /** The last one; absent: never. */
  readonly renewal?: BaselineRenewal | undefined;
}

/** Validator of {@link BaselineSnapshot}: a snapshot comes from a disk. */
export const baselineSnapshotSchema: z.ZodType<BaselineSnapshot> = z.strictObject({
  epoch: z.int().min(0),
  modelDigest: z.string().max(128).nullable(),
  scoringDigest: z.string().max(128).optional(),
  version: z.int().min(0),
  baseline: siteBaselineSchema.nullable(),
  kept: z
    .array(
      z.strictObject({
        fromMs: z.number(),
        toMs: z.number(),
        shaftRpm: z.number().positive(),
        levels: z.array(z.number().nullable()).max(512),
        logits: z.array(z.number()).max(32),
        explained: z.array(z.int().min(0).max(31)).max(32).optional(),
        isPooled: z.boolean().optional(),
        features: z.array(z.number()).max(512).optional(),
      }),
    )
    .max(1024),
  seen: z.int().min(0),
  stride: z.int().min(1),
  firstMs: z.number().nullable(),
  heard: heardTimeSchema.optional(),
  refusals: z.int().min(0),
  nextTry: z.int().min(1).optional(),
  refusedAt: z.int().min(0).optional(),
  refusal: z.string().max(1024).optional(),
  doubted: siteBaselineSchema.optional(),
  coinciding: z.array(z.int().min(0).max(31)).max(32).optional(),
  orders: z.array(z.number().positive()).max(8).optional(),
  speedRatio: z.number().positive().optional(),
  quietWindows: z.int().min(0).optional(),
  standsUpToDb: z.number().optional(),
  quieterDb: z.number().positive().optional(),
  renewal: z
    .strictObject({
      count: z.int().min(1),
      atMs: z.number(),
      by: z.string().max(64),
      reason: z.string().max(400),
      foundHealthy: z.literal(true).optional(),
    })
    .optional(),
});

/** A bearing as it is judged. */
interface JudgedBearing {
  /** Places of the outputs that are no rivals of each other; absent: none. */
  readonly coinciding?: readonly number[] | undefined;
  /** Absent: not known. */
  readonly orders?: readonly number[] | undefined;
}

/** What was learnt against other rivals, since the bearing is said to be another one now, or other kinds coincide: levels stay, margins are learnt again. */
export function dropOtherMargins(kept: BaselineSnapshot, now: JudgedBearing): BaselineSnapshot {
  const isOther = isOtherBearing(kept, now.orders);
  if (!isOther && hasSameRivals(kept, now)) return kept;
  const levels = { ...kept, baseline: kept.baseline && dropMargins(kept.baseline), doubted: undefined };
  // Beside a final one with its scores levels at further speeds were being learnt, and nothing else.
  const { baseline } = kept;
  const isFinal = baseline !== null && baseline.model !== null && baseline.isProvisional !== true;
  return isOther || isFinal ? forgetProgress(levels) : levels;
}

/** What {@link dropOtherMargins} takes from a point, for people; null: nothing that was in use. */
export function describeOtherMargins(
  kept: BaselineSnapshot,
  now: JudgedBearing & { readonly outputs: readonly OutputClass[] },
): { readonly kind: "bearing-changed" | "relearning"; readonly detail: string } | null {
  if (isOtherBearing(kept, now.orders)) {
    const changes = bearingOrderNames
      .map((name, at) => [name, now.orders?.[at], kept.orders?.[at]] as const)
      .filter(([, order, before]) => order !== before)
      .map(([name, order, before]) => `${name} ${order} (was ${before})`);
    return {
      kind: "bearing-changed",
      detail: `its bearing is configured otherwise than when it was learnt, ${changes.join(", ")}: levels stay, and what was learnt of its fault lines begins anew with its next window`,
    };
  }
  if (hasSameRivals(kept, now) || (kept.baseline?.model ?? null) === null) return null;
  const name = ({ coinciding = [] }: JudgedBearing): string =>
    coinciding.map((at) => now.outputs[at]?.failureMode ?? "one that is unknown").join(" and ") || "none";
  return {
    kind: "relearning",
    detail: `kinds of fault that look alike on its bearing are ${name(now)} (were ${name(kept)} when it was learnt): levels stay, and its scores are learnt anew`,
  };
}

function hasSameRivals(kept: JudgedBearing, now: JudgedBearing): boolean {
  return (kept.coinciding ?? []).join() === (now.coinciding ?? []).join();
}

/** What was being learnt, let go; a baseline in use stays. */
function forgetProgress(kept: BaselineSnapshot): BaselineSnapshot {
  const { epoch, modelDigest, version, baseline, quietWindows, standsUpToDb, quieterDb, renewal } = kept;
  const begun = { kept: [], seen: 0, stride: 1, firstMs: null, refusals: 0 };
  return { epoch, modelDigest, version, baseline, ...begun, quietWindows, standsUpToDb, quieterDb, renewal };
}

/** What was kept of a model that gives the same scores, under the name of this one. */
export function renameModel(kept: BaselineSnapshot, model: ModelRef): BaselineSnapshot {
  const rename = (baseline: SiteBaseline): SiteBaseline =>
    baseline.model?.digest === kept.modelDigest ? { ...baseline, model } : baseline;
  const { baseline, doubted } = kept;
  return {
    ...kept,
    modelDigest: model.digest,
    baseline: baseline && rename(baseline),
    doubted: doubted && rename(doubted),
  };
}

/** Orders of one bearing may be rounded otherwise. */
const sameOrders = 1e-3;

/** Was it learnt at other lines than those of `now`? Where nobody wrote the orders down, it is not known to be. */
export function isOtherBearing(
  { orders }: Pick<BaselineSnapshot, "orders">,
  now: readonly number[] | undefined,
): boolean {
  if (orders === undefined || now === undefined) return false;
  return orders.some((order, at) => Math.abs(order / (now[at] ?? Number.NaN) - 1) > sameOrders);
}

/** Is what was kept of speeds of another shaft? All of it is of those speeds. */
export function isOtherShaft(
  kept: Pick<BaselineSnapshot, "speedRatio">,
  now: { readonly speedRatio?: number | undefined },
): boolean {
  return (kept.speedRatio ?? 1) !== (now.speedRatio ?? 1);
}
