/** What a decider keeps over a restart, as plain JSON. */
import { z } from "zod";
import { usualSpread } from "./fast-lane.ts";
import type { ScoredBy } from "./scoring-model.ts";
import { beginSignal, type SignalState, signalStateSchema } from "./signal-watch.ts";

export interface DeciderSnapshot extends ScoredBy {
  readonly signals: readonly (SignalState & { readonly failureMode: string })[];
  readonly lastWindowId: string | null;
  /** Of the baseline that the severity was above; 0: none. */
  readonly baselineVersion: number;
  /** The model whose evidence it is. */
  readonly modelDigest: string;
  /** Turns of the bearing's shaft, of whose speeds it is, in one of the shaft whose speed was told; absent: 1. */
  readonly speedRatio?: number | undefined;
}

const name = z.string().min(1).max(64);
const digest = z.string().max(128);
const windowId = z.string().max(256).nullable();

const currentSchema = z.strictObject({
  signals: z.array(signalStateSchema.and(z.object({ failureMode: name }))).max(33),
  lastWindowId: windowId,
  baselineVersion: z.int().min(0),
  modelDigest: digest,
  scoringDigest: digest.optional(),
  speedRatio: z.number().positive().optional(),
});

/** As releases before wrote it: alarms stand, what had gathered by their rule is forgotten. */
const formerSchema = z
  .object({
    modes: z
      .array(
        z
          .object({ failureMode: name, active: z.boolean(), sinceMs: z.number().nullable() })
          .refine((mode) => !mode.active || mode.sinceMs !== null, "an active mode has a beginning"),
      )
      .max(32),
    lastWindowId: windowId,
    modelDigest: digest,
  })
  .transform(({ modes, lastWindowId, modelDigest }): DeciderSnapshot => {
    return {
      signals: modes
        .filter(({ active }) => active)
        .map(({ failureMode, sinceMs }) => holdOfUnknown(failureMode, sinceMs)),
      lastWindowId,
      baselineVersion: 0,
      modelDigest,
    };
  });

/**
 * A signal of whose alarm only the beginning is known: raised by any lane, it stands as long as windows lie above those of healthy
 * machines in general. Throws where the beginning is not known either: an alarm whose condition holds has one.
 */
export function holdOfUnknown(
  failureMode: string,
  sinceMs: number | null,
): DeciderSnapshot["signals"][number] {
  if (sinceMs === null) throw new Error("an alarm whose condition holds has a beginning");
  const held: SignalState["held"] = {
    sinceMs,
    lane: null,
    isMargin: false,
    healthy: usualSpread.location,
    mean: null,
    peak: null,
    quietMs: 0,
    quietWindows: 0,
    toMs: sinceMs,
  };
  return { ...beginSignal(usualSpread), failureMode, held };
}

/** Validator of {@link DeciderSnapshot}: a snapshot comes from a disk. */
export const deciderSnapshotSchema: z.ZodType<DeciderSnapshot> = z.union([currentSchema, formerSchema]);
