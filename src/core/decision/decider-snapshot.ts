/** What a decider keeps over a restart, as plain JSON. */
import { z } from "zod";
import type { EvidenceSnapshot } from "./evidence.ts";
import type { ModeState } from "./mode-delay.ts";

export interface DeciderSnapshot {
  readonly modes: readonly (ModeState & { readonly failureMode: string })[];
  /** End of the last window that was scored, epoch ms. */
  readonly lastToMs: number | null;
  readonly lastWindowId: string | null;
  /** The model whose evidence the streaks are. */
  readonly modelDigest: string;
  /** Absent: none has gathered. */
  readonly evidence?: EvidenceSnapshot | undefined;
}

/** Validator of {@link DeciderSnapshot}: a snapshot comes from a disk. */
export const deciderSnapshotSchema: z.ZodType<DeciderSnapshot> = z.strictObject({
  modes: z
    .array(
      z
        .strictObject({
          failureMode: z.string().min(1).max(64),
          active: z.boolean(),
          sinceMs: z.number().nullable(),
          recent: z.array(z.boolean()).max(10_000),
          belowClear: z.int().min(0),
        })
        .refine((mode) => !mode.active || mode.sinceMs !== null, "an active mode has a beginning"),
    )
    .max(32),
  lastToMs: z.number().nullable(),
  lastWindowId: z.string().max(256).nullable(),
  modelDigest: z.string().max(128),
  evidence: z
    .strictObject({
      baselineVersion: z.int().min(1),
      states: z
        .array(
          z.strictObject({
            sum: z.number().min(0),
            probability: z.number().min(0).max(1),
            sinceMs: z.number().nullable(),
          }),
        )
        .max(32),
    })
    .optional(),
});
