/**
 * Evidence under way: a folder with `<digest>.json` (what it is to be) and `<digest>.part` (its bytes so far). Bounded:
 * so many at once of a gateway, so many bytes of all, and what nobody went on with for a week is given up.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";
import {
  type EvidenceAbout,
  evidenceAboutSchema,
  maxAboutBytes,
  maxPackedBytes,
} from "../../core/contract/evidence.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { storeError, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { asStoreError, nodeFileSystem, statusOf, writeAll } from "../../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import { makePrivateFolder } from "./folder-store.ts";

/** Evidence under way. */
interface IncomingEvidence {
  readonly about: EvidenceAbout;
  /** Bytes of its packed samples that are here. */
  readonly have: number;
}

/** What a description says of how much comes, and from whom. */
interface Announced {
  readonly gateway: string;
  readonly bytes: number;
}

/** Every method rejects with AuroraError STORE when the disk is full or fails. */
export interface IncomingFiles {
  /** Null where it is not under way. */
  find(id: string): Promise<IncomingEvidence | null>;
  /** Begins it; or says why not. `text`: what its id is the digest of. */
  begin(id: string, about: EvidenceAbout, text: string): Promise<Result<IncomingEvidence, string>>;
  /** Writes bytes at `offset` (≤ what is there); durable when it resolves. */
  write(id: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** All of it. */
  read(
    id: string,
  ): Promise<{ readonly about: EvidenceAbout; readonly text: Uint8Array; readonly packed: Uint8Array }>;
  remove(id: string): Promise<void>;
  /** What all pieces of are here, what was left lying longest first. */
  listWhole(): Promise<readonly string[]>;
  /** Gives up what nobody went on with for a week; resolves with how many. */
  sweep(): Promise<number>;
}

interface IncomingFilesOptions {
  readonly dir: string;
  readonly clock: Pick<Clock, "nowMs">;
}

/** Of all together, as announced. */
const maxBytes = 2 * 1024 ** 3;
const abandonedMs = 7 * dayMs;
/** Of one gateway at once, the newest ones: it sends one after the other, so that more are left over from what it gave up. */
const maxPerGateway = 4;
/** As many as Node has threads for files. */
const readsAtOnce = 4;

/** Opens the folder, which is made. @throws AuroraError STORE */
export async function openIncomingFiles(options: IncomingFilesOptions): Promise<IncomingFiles> {
  const { dir, clock } = options;
  await makePrivateFolder(dir);
  const pathOf = (id: string, kind: "json" | "part"): string => {
    if (!sha256Pattern.test(id)) throw new RangeError("evidence is named by a digest");
    return join(dir, `${id}.${kind}`);
  };

  /** What is announced, by id, whose description never changes. The folder says what is there: other processes may share it. */
  const announced = new Map<string, Announced>();

  const find = async (id: string): Promise<IncomingEvidence | null> => {
    const text = await nodeFileSystem.read(pathOf(id, "json"), maxAboutBytes);
    if (text === null) return null;
    const about = parseAbout(text);
    if (about === null) {
      await removeBoth(id);
      return null;
    }
    return { about, have: await nodeFileSystem.sizeOf(pathOf(id, "part")) };
  };
  const removeBoth = async (id: string): Promise<void> => {
    for (const kind of ["part", "json"] as const) await nodeFileSystem.remove(pathOf(id, kind));
    announced.delete(id);
  };
  const listIds = async (): Promise<string[]> => {
    const names = await nodeFileSystem.list(dir);
    return names.flatMap((name) => (/^[0-9a-f]{64}\.json$/.test(name) ? [name.slice(0, 64)] : []));
  };

  const followFolder = async (): Promise<void> => {
    const ids = await listIds();
    const unread = ids.filter((id) => !announced.has(id));
    const readNext = async (): Promise<void> => {
      for (let id = unread.pop(); id !== undefined; id = unread.pop()) {
        const incoming = await find(id);
        if (incoming !== null) announced.set(id, announcedIn(incoming.about));
      }
    };
    await Promise.all(Array.from({ length: readsAtOnce }, readNext));
    const there = new Set(ids);
    for (const id of announced.keys()) if (!there.has(id)) announced.delete(id);
  };
  /** Those that are still there, what was left lying longest first. */
  const sortByAge = async (ids: readonly string[]): Promise<string[]> => {
    const found: { readonly id: string; readonly mtimeMs: number }[] = [];
    for (const id of ids) {
      const status = await statusOf(pathOf(id, "json"));
      if (status !== null) found.push({ id, mtimeMs: status.mtimeMs });
    }
    return found.sort((one, other) => one.mtimeMs - other.mtimeMs).map(({ id }) => id);
  };
  // What cannot be read now is said when evidence begins.
  await followFolder().catch(() => undefined);

  return {
    find,
    remove: removeBoth,
    begin: async (id, about, text) => {
      await followFolder();
      const own = announcedIn(about);
      const others = [...announced].filter(([other, { gateway }]) => other !== id && gateway === own.gateway);
      const oldestFirst = await sortByAge(others.map(([other]) => other));
      // A gateway sends one after the other: what it left lying is sent from its beginning when it comes back to it.
      const leftLying = oldestFirst.slice(0, Math.max(0, oldestFirst.length - maxPerGateway + 1));
      for (const left of [...leftLying, id]) await removeBoth(left);
      let bytes = own.bytes;
      for (const other of announced.values()) bytes += other.bytes;
      if (bytes > maxBytes) return failed("too much evidence is under way");
      // Somebody may have removed it since it was opened.
      await makePrivateFolder(dir);
      await writeFileAtomic(pathOf(id, "json"), text, { mode: 0o600 });
      announced.set(id, own);
      return ok({ about, have: 0 });
    },
    write: async (id, offset, bytes) => {
      const path = pathOf(id, "part");
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
      await asStoreError("write", path, writeAt(path, flags, { offset, bytes }));
    },
    read: async (id) => {
      const text = await readFileBounded(pathOf(id, "json"), maxAboutBytes, { missing: "STORE" });
      const about = parseAbout(text);
      if (about === null) throw storeError("read", pathOf(id, "json"), new Error("it was changed"));
      const packed = await readFileBounded(pathOf(id, "part"), maxPackedBytes, { missing: "STORE" });
      return { about, text, packed };
    },
    listWhole: async () => {
      await followFolder();
      const whole: string[] = [];
      for (const [id, { bytes }] of announced)
        if ((await nodeFileSystem.sizeOf(pathOf(id, "part"))) === bytes) whole.push(id);
      return sortByAge(whole);
    },
    sweep: async () => {
      let swept = 0;
      for (const id of await listIds()) {
        const status = (await statusOf(pathOf(id, "part"))) ?? (await statusOf(pathOf(id, "json")));
        if (status === null || clock.nowMs() - status.mtimeMs < abandonedMs) continue;
        await removeBoth(id);
        swept++;
      }
      return swept;
    },
  };
}

function announcedIn({ evidence }: EvidenceAbout): Announced {
  return { gateway: evidence.gateway, bytes: evidence.packed.bytes };
}

/** What was checked when it was begun; null for a file that somebody changed since. */
function parseAbout(text: Uint8Array): EvidenceAbout | null {
  return evidenceAboutSchema().safeParse(parseJsonBytes(text)).data ?? null;
}

async function writeAt(
  path: string,
  flags: number,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await writeAll(file, bytes, offset);
    await file.datasync();
  } finally {
    await file.close();
  }
}
