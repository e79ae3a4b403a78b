/** Stores that were damaged and are kept aside: how many, since when, how large. Opens none. */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { formatDuration } from "../../core/maths/durations.ts";
import { sizeWithLog } from "../../core/platform/sqlite/file-size.ts";
import { listSetAside } from "../../core/platform/sqlite/renew-file.ts";
import { type CheckResult, renderBytes, warning } from "./check-result.ts";

/** @param store its path; nothing where none of it was set aside, or nobody may look */
export async function checkSetAside(store: string, nowMs: number): Promise<readonly CheckResult[]> {
  // A gateway that runs may remove one meanwhile.
  const there = await Promise.all(listThere(store).map((path) => measure(path).catch(() => null)));
  const found = there.filter((each) => each !== null);
  const newest = found.at(-1);
  if (newest === undefined) return [];
  const paths = found.map(({ path }) => path);
  const ageMs = nowMs - newest.namedMs;
  const size = renderBytes(found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const names = paths.map((path) => basename(path)).join(", ");
  const count = paths.length === 1 ? "one" : String(paths.length);
  const text = `${count} set aside as damaged, the newest ${formatDuration(Math.max(0, ageMs))} ago, ${size}: ${names}`;
  const advice = `What could be read was taken over, the collector's page tells as gaps what may be lost, and the events (store.corrupted) why each was set aside. Look at the disk (dmesg, wear, power supply); then remove them from ${dirname(store)}, or keep them for whoever maintains this gateway.`;
  return [warning("store", text, advice)];
}

interface SetAside {
  readonly path: string;
  readonly sizeBytes: number;
  /** When its name was given to it. */
  readonly namedMs: number;
}

async function measure(path: string): Promise<SetAside> {
  const { ctimeMs } = await stat(path);
  return { path, sizeBytes: sizeWithLog(path), namedMs: ctimeMs };
}

function listThere(store: string): readonly string[] {
  try {
    return listSetAside(store);
  } catch {
    // What the state folder itself is, another line says.
    return [];
  }
}
