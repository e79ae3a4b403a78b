/**
 * What an updater must remember over a power cut: the update under way and how far it is, and what was refused for
 * good. One small file, replaced atomically. Missing, unreadable and damaged are three things:
 *
 * - missing: nothing happened yet, an empty journal;
 * - unreadable: an error, told and tried again at the next look; nothing may be concluded from it;
 * - damaged: set aside as `<file>.damaged` (the newest only) and begun anew as *doubtful*. Every step is done again in
 *   any case, so a forgotten refusal costs a download and nothing is activated unproved. What a doubtful journal cannot
 *   know is how often a proof was begun that took the gateway down: the next update gets one attempt, not several.
 */
import { basename, dirname } from "node:path";
import { z } from "zod";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";
import { updateTargetSchema } from "../../core/contract/bundle/update-target.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import type { FileSystem } from "../../core/platform/files/file-system.ts";
import type { OfferedTarget } from "./tuf-client.ts";

/** Steps in their order. */
export const updateSteps = ["found", "fetched", "verified", "staged", "proved", "activated"] as const;

export type UpdateStep = (typeof updateSteps)[number];

/** The update under way. */
export interface PendingUpdate {
  readonly target: OfferedTarget;
  /** Version that served when the update was found. */
  readonly fromVersion: string;
  /** The last step that was completed and told, in this look or before. */
  readonly step: UpdateStep;
  /** Times that proving was begun. */
  readonly attempts: number;
  /** What was reported last as the reason why it does not go on; reported once, not at every look. */
  readonly lastReason: string | null;
}

/** An update that is not tried again by the same runtime under the same configuration. */
interface RefusedUpdate {
  /** SHA-256 of the tar. */
  readonly sha256: string;
  /** Runtime that refused it, and what tells its configuration apart behind a `+`; another one tries again. */
  readonly runtimeVersion: string;
  readonly reason: string;
}

export interface JournalState {
  readonly pending: PendingUpdate | null;
  /** Newest last, at most {@link maxRefused}. */
  readonly refused: readonly RefusedUpdate[];
  /** True from a damaged journal on until the next update has ended. */
  readonly isDoubtful: boolean;
}

/** Older refusals are forgotten: the worst is that a bad bundle is fetched once more. */
const maxRefused = 32;

const maxBytes = 262_144;
const empty: JournalState = { pending: null, refused: [], isDoubtful: false };
const sha256 = z.string().regex(sha256Pattern);
const targetSchema: () => z.ZodType<OfferedTarget> = onDemand(() =>
  z
    .object({ name: z.string(), version: z.string(), digest: z.string(), sizeBytes: z.int().min(0), sha256 })
    .refine(({ name, version, digest }) => updateTargetSchema().safeParse({ name, version, digest }).success),
);
const journalSchema: () => z.ZodType<JournalState> = onDemand(() =>
  z.strictObject({
    pending: z
      .strictObject({
        target: targetSchema(),
        fromVersion: z.string(),
        step: z.enum(updateSteps),
        attempts: z.int().min(0),
        lastReason: z.string().nullable(),
      })
      .nullable(),
    refused: z
      .array(z.strictObject({ sha256, runtimeVersion: z.string(), reason: z.string() }))
      .max(maxRefused),
    isDoubtful: z.boolean().default(false),
  }),
);

/** The journal in one file. */
export interface Journal {
  /**
   * What it says, and how it was damaged if it was (said once).
   * @throws AuroraError STORE when there is one and it cannot be read.
   */
  read(): Promise<{ readonly state: JournalState; readonly damage: string | null }>;
  /** Durable when it returns. */
  write(state: JournalState): Promise<void>;
}

/** Opens the journal at `path`; the folder is made when it is first written. */
export function openJournal(path: string, files: FileSystem): Journal {
  const damagedPath = `${path}.damaged`;

  async function write(state: JournalState): Promise<void> {
    await files.makeFolder(dirname(path));
    const { pending, isDoubtful } = state;
    const refused = state.refused.slice(-maxRefused);
    // Left out where it is false: versions before it know no such member.
    const kept = { pending, refused, ...(isDoubtful ? { isDoubtful } : {}) };
    await files.writeAtomic(path, `${JSON.stringify(kept)}\n`);
  }

  async function beginAnew(damage: string): ReturnType<Journal["read"]> {
    const state = { ...empty, isDoubtful: true };
    await write(state);
    return { state, damage };
  }

  return {
    write,
    async read() {
      try {
        const bytes = await files.read(path, maxBytes);
        if (bytes === null) {
          const names = await files.list(dirname(path));
          // Set aside and nothing in its place: the power went in between.
          return names.includes(basename(damagedPath))
            ? await beginAnew("it was set aside")
            : { state: empty, damage: null };
        }
        const json: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
        return { state: journalSchema().parse(json), damage: null };
      } catch (error) {
        if (hasErrorCode(error, "STORE")) throw error;
        await files.rename(path, damagedPath);
        return beginAnew(error instanceof Error ? error.message : String(error));
      }
    },
  };
}
