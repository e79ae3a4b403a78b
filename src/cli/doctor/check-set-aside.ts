/** Stores that were damaged and are kept aside: how many, since when, how large. Opens none. */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { formatDuration } from "../../core/maths/durations.ts";
import { sizeWithLog } from "../../core/platform/sqlite/file-size.ts";
import { listSetAside } from "../../core/platform/sqlite/renew-file.ts";
import { type CheckResult, renderBytes, warning } from "./check-result.ts";

/** @param store its path; nothing where none of it was set aside, or nobody may look */
export async function checkSetAside(store: string, nowMs: number): Promise<readonly CheckResult[]> {
  const paths = listThere(store);
  const newest = paths.at(-1);
  if (newest === undefined) return [];
  // Its name was given to it then.
  const ageMs = nowMs - (await stat(newest)).ctimeMs;
  const size = renderBytes(paths.reduce((sum, path) => sum + sizeWithLog(path), 0));
  const names = paths.map((path) => basename(path)).join(", ");
  const count = paths.length === 1 ? "one" : String(paths.length);
  const text = `${count} set aside as damaged, the newest ${formatDuration(Math.max(0, ageMs))} ago, ${size}: ${names}`;
  const advice = `What could be read was taken over, and the collector's events (store.corrupted) say what was lost. Look at the disk (dmesg, wear, power supply); then remove them from ${dirname(store)}, or keep them for whoever maintains this gateway.`;
  return [warning("store", text, advice)];
}

function listThere(store: string): readonly string[] {
  try {
    return listSetAside(store);
  } catch {
    // What the state folder itself is, another line says.
    return [];
  }
}
