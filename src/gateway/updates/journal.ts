/**
 * What an updater must remember over a power cut: the update under way and how far it is, and what was refused for
 * good. One small file, replaced atomically; a damaged one is as good as none, since every step can be done again.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { updateTargetSchema } from "../../core/contract/bundle/update-target.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import type { OfferedTarget } from "./tuf-client.ts";

/** Steps in their order. */
export const updateSteps = ["found", "fetched", "verified", "staged", "proved", "activated"] as const;

/** One of {@link updateSteps}: the last one that was completed. */
export type UpdateStep = (typeof updateSteps)[number];

/** The update under way. */
export interface PendingUpdate {
  readonly target: OfferedTarget;
  /** Version that served when the update was found. */
  readonly fromVersion: string;
  readonly step: UpdateStep;
  /** Times that proving was begun. */
  readonly attempts: number;
  /** What was reported last as the reason why it does not go on; reported once, not at every look. */
  readonly lastReason: string | null;
}

/** An update that is not tried again by the same runtime. */
export interface RefusedUpdate {
  /** SHA-256 of the tar. */
  readonly sha256: string;
  /** Runtime that refused it; another one tries again. */
  readonly runtimeVersion: string;
  readonly reason: string;
}

/** Content of the journal. */
export interface JournalState {
  readonly pending: PendingUpdate | null;
  /** Newest last, at most {@link maxRefused}. */
  readonly refused: readonly RefusedUpdate[];
}

/** Older refusals are forgotten: the worst is that a bad bundle is fetched once more. */
export const maxRefused = 32;

const empty: JournalState = { pending: null, refused: [] };
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const targetSchema: z.ZodType<OfferedTarget> = z
  .object({ name: z.string(), version: z.string(), digest: z.string(), sizeBytes: z.int().min(0), sha256 })
  .refine(({ name, version, digest }) => updateTargetSchema.safeParse({ name, version, digest }).success);
const journalSchema: z.ZodType<JournalState> = z.strictObject({
  pending: z
    .strictObject({
      target: targetSchema,
      fromVersion: z.string(),
      step: z.enum(updateSteps),
      attempts: z.int().min(0),
      lastReason: z.string().nullable(),
    })
    .nullable(),
  refused: z
    .array(z.strictObject({ sha256, runtimeVersion: z.string(), reason: z.string() }))
    .max(maxRefused),
});

/** The journal in one file. */
export interface Journal {
  /** What it says; an empty state if the file is missing or damaged. */
  read(): Promise<JournalState>;
  /** Durable when it returns. */
  write(state: JournalState): Promise<void>;
}

/** Opens the journal at `path`; the folder is made when it is first written. */
export function openJournal(path: string): Journal {
  return {
    async read() {
      try {
        const bytes = await readFileBounded(path, 262_144);
        return journalSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
      } catch {
        return empty;
      }
    },
    async write(state) {
      await mkdir(dirname(path), { recursive: true });
      const refused = state.refused.slice(-maxRefused);
      await writeFileAtomic(path, `${JSON.stringify({ ...state, refused })}\n`);
    },
  };
}
