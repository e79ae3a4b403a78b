/** What SQLite itself finds wrong in the structure of a file, and what of that loses nothing. Mends nothing, sees no changed value. */

export interface StructureFinding {
  /** Pages of which nothing makes use, such as a copy of a file that was being written has: room that is lost, and no row. */
  readonly leakedPages: number;
  /** The first words of all else that is wrong; null: nothing. */
  readonly damage: string | null;
  /** The first words of what could not be read, and of what else was found. The one is no damage, and the other may come of it; null: all could be read. */
  readonly unreadable: string | null;
}

/** After so many findings SQLite looks no further. Unused pages are told after the tables' own pages. */
const maxFindings = 100_000;
const toldFindings = 3;
const leakedPattern = /^Page \d+(?: is|:) never used$/;
/** The primary result code of a failed read, which is told in the lowest byte, is 10. */
const failedReadPattern = /failed to get page \d+|unable to get the page\. error code=(\d+)/;
const headingPattern = /^\*\*\* in database \w+ \*\*\*$/;

interface Questioned {
  prepare(sql: string): { all(): readonly unknown[] };
}

/**
 * Reads the whole file, some seconds a GB, and once more where something is wrong: a read may fail in passing. Throws what the library
 * does where SQLite refuses to read on.
 */
export function checkStructure(database: Questioned): StructureFinding {
  const found = lookThrough(database);
  return isSound(found) ? found : lookThrough(database);
}

function lookThrough(database: Questioned): StructureFinding {
  try {
    return look(database, maxFindings);
  } catch (error) {
    // It may find a bad page and stumble over it afterwards: the first finding alone can be had.
    const first = look(database, 1);
    if (isSound(first)) throw error;
    return first;
  }
}

function isSound({ damage, unreadable }: StructureFinding): boolean {
  return damage === null && unreadable === null;
}

function look(database: Questioned, findings: number): StructureFinding {
  const rows = database.prepare(`PRAGMA quick_check(${findings})`).all() as Record<string, unknown>[];
  // A row holds the findings of all tables at once, a line each, or one of a row.
  const lines = rows.flatMap((row) => String(Object.values(row)[0]).split("\n"));
  if (lines.length === 0) return { leakedPages: 0, damage: "no answer", unreadable: null };
  const found = lines.filter((line) => line !== "ok" && !headingPattern.test(line));
  const failedReads = found.filter(isFailedRead);
  const damages = found.filter((line) => !leakedPattern.test(line) && !isFailedRead(line));
  if (failedReads.length > 0) {
    const besides = damages.length === 0 ? "" : `; beside it, which may come of it: ${firstOf(damages)}`;
    return { leakedPages: 0, damage: null, unreadable: firstOf(failedReads) + besides };
  }
  return {
    leakedPages: found.length - damages.length,
    damage: damages.length === 0 ? null : firstOf(damages),
    unreadable: null,
  };
}

function isFailedRead(line: string): boolean {
  const found = failedReadPattern.exec(line);
  return found !== null && (found[1] === undefined || (Number(found[1]) & 0xff) === 10);
}

function firstOf(lines: readonly string[]): string {
  return lines.slice(0, toldFindings).join("; ");
}
