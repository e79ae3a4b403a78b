/** Ways in which a database file can be found after a bad day. */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import type { Random } from "../../src/core/maths/random.ts";

/** What is done to a database, and whether nobody can know of what was in it. */
export interface Damage {
  readonly name: string;
  /** The newest committed transactions are gone without a trace, as no disk that keeps its word loses them. */
  readonly isTraceless: boolean;
  /**
   * Bytes that are changed within the file. One of a value is seen by no check of SQLite, which keeps no sums: then so
   * many records may be others than were written.
   */
  readonly changedBytes: number;
  /** Damages the database at `path`, which nobody has open. */
  apply(path: string, random: Random): void;
}

const pageBytes = 4_096;

export const damages: readonly Damage[] = [
  damage("cut in the middle", (path, random) =>
    truncateSync(path, random.integer(readFileSync(path).length)),
  ),
  damage("cut to a few pages", (path, random) => truncateSync(path, pageBytes * (1 + random.integer(4)))),
  damage("cut to nothing", (path) => truncateSync(path, 0)),
  changeBytes("one byte changed", 1),
  changeBytes("many bytes changed", 64),
  damage("pages of zeros", (path, random) =>
    overwrite(path, { random, pieces: 3, bytes: pageBytes, value: 0 }),
  ),
  damage("pages of noise", (path, random) => overwrite(path, { random, pieces: 3, bytes: pageBytes })),
  damage("a foreign file", (path) => writeFileSync(path, "this is no database\n".repeat(500))),
  {
    ...damage(
      "log cut",
      onLog((log, random) => truncateSync(log, random.integer(readFileSync(log).length + 1))),
    ),
    isTraceless: true,
  },
  {
    ...damage(
      "log changed",
      onLog((log, random) => overwrite(log, { random, pieces: 8, bytes: 8 })),
    ),
    isTraceless: true,
  },
  {
    ...damage(
      "log gone",
      onLog((log) => rmSync(log)),
    ),
    isTraceless: true,
  },
];

function damage(name: string, apply: Damage["apply"]): Damage {
  return { name, isTraceless: false, changedBytes: 0, apply };
}

function changeBytes(name: string, pieces: number): Damage {
  const change = damage(name, (path, random) => overwrite(path, { random, pieces, bytes: 1 }));
  return { ...change, changedBytes: pieces };
}

function onLog(work: (log: string, random: Random) => void): Damage["apply"] {
  return (path, random) => {
    const log = `${path}-wal`;
    if (existsSync(log)) work(log, random);
  };
}

function overwrite(
  path: string,
  { random, pieces, bytes, value }: { random: Random; pieces: number; bytes: number; value?: number },
): void {
  const all = readFileSync(path);
  for (let piece = 0; piece < pieces; piece++) {
    const at = random.integer(Math.max(1, all.length - bytes));
    const start = bytes === pageBytes ? at - (at % pageBytes) : at;
    for (let index = start; index < Math.min(all.length, start + bytes); index++)
      all[index] = value ?? all[index]! ^ (1 + random.integer(255));
  }
  writeFileSync(path, all);
}
