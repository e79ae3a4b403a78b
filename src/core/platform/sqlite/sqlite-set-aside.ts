/** Moves a corrupted database out of the way, so that a new one can be begun. Repairs nothing. */
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Files set aside are evidence, but not for ever: the newest few of a name are kept. */
const keptCorruptFiles = 3;

/** Moves the file at `path` and its log to `<path>.corrupt-<n>`, which is returned. The log must go too: SQLite would replay it into the new file. */
export function setFileAside(path: string): string {
  const folder = dirname(path);
  const prefix = `${basename(path)}.corrupt-`;
  const numbers = readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter((number) => Number.isSafeInteger(number))
    .sort((a, b) => a - b);
  const setAside = join(folder, `${prefix}${(numbers.at(-1) ?? 0) + 1}`);
  renameSync(path, setAside);
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, setAside + suffix);
  }
  for (const old of numbers.slice(0, Math.max(0, numbers.length + 1 - keptCorruptFiles))) {
    for (const suffix of ["", "-wal", "-shm"])
      rmSync(join(folder, `${prefix}${old}${suffix}`), { force: true });
  }
  return setAside;
}
