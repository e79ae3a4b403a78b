/**
 * What becomes of a finding in the structure of the record's file: pages without use are told; of a damage a note is left beside the
 * file, so that the next start sets it aside before anything more is stored in it. Looks for nothing itself.
 */
import { stat } from "node:fs/promises";
import type { Clock } from "../../../core/platform/clock.ts";
import { nodeFileSystem } from "../../../core/platform/files/file-system.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import type { FleetRecord } from "../fleet-record.ts";
import { ownName } from "../record-rules.ts";

const leakedName = "store.leaked";

/** Tells in the log, and once among the events, that `pages` of the file at `path` have no use. */
export async function tellLeaked(
  record: Pick<FleetRecord, "events" | "storeOwnEvent">,
  pages: number,
  { path, clock, logger }: { path: string; clock: Pick<Clock, "nowMs">; logger: Logger },
): Promise<void> {
  const hint = `No row is lost. With the collector stopped, sqlite3 ${path} VACUUM gives the room back.`;
  logger.warn("pages of the database have no use, as in a copy of one that was being written", {
    path,
    pages,
    hint,
  });
  const timeMs = clock.nowMs();
  const detail = `${pages} pages have no use. ${hint}`;
  try {
    const { items } = await record.events({ gateway: ownName, name: leakedName, limit: 1, offset: 0 });
    if (items[0]?.detail === detail) return;
    const event = { kind: "event", timeMs, name: leakedName, subject: path, detail } as const;
    await record.storeOwnEvent(event, timeMs);
  } catch (error) {
    logger.error("no event could be kept of this", { path, error });
  }
}

/** Of the file as it stood when nothing wrote to it any more: of one that was changed or replaced since, nothing is known. */
interface DamageNote {
  readonly file: string;
  readonly damage: string;
}

const maxNoteBytes = 16_384;
const notePath = (path: string): string => `${path}.damaged`;

/** Any write changes it, also a copy into the same file that keeps its times (`cp -p`). */
async function nameFile(path: string): Promise<string> {
  const { ino, size, ctimeNs } = await stat(path, { bigint: true });
  return `${ino} of ${size} bytes at ${ctimeNs}`;
}

/** Leaves the note, of the file as it stands at `path` now; none where it is elsewhere. @throws AuroraError STORE */
export async function noteDamage(path: string, damage: string, isElsewhere: () => boolean): Promise<void> {
  const note: DamageNote = { file: await nameFile(path), damage };
  // Asked last, so that what was named is the file itself: of what was put there meanwhile nothing was read.
  if (isElsewhere()) return;
  await nodeFileSystem.writeAtomic(notePath(path), JSON.stringify(note));
}

/** What an earlier run found wrong with the file that stands at `path`, unchanged; null: nothing is known. Never rejects. */
export async function readNotedDamage(path: string, logger: Logger): Promise<string | null> {
  try {
    const bytes = await nodeFileSystem.read(notePath(path), maxNoteBytes);
    if (bytes === null) return null;
    const { file, damage } = JSON.parse(new TextDecoder().decode(bytes)) as DamageNote;
    return file === (await nameFile(path)) ? String(damage) : null;
  } catch (error) {
    logger.warn("the note of a damaged database says nothing, it is checked again", { path, error });
    return null;
  }
}

/** Removes the note, if there is one: it was acted upon, or is of another file. @throws AuroraError STORE */
export async function forgetDamage(path: string): Promise<void> {
  await nodeFileSystem.remove(notePath(path));
}
