/** What SQLite itself finds wrong in the structure of a file, and what of that loses nothing. Mends nothing, sees no changed value. */

export interface StructureFinding {
  /** Pages of which nothing makes use, such as a copy of a file that was being written has: room that is lost, and no row. */
  readonly leakedPages: number;
  /** The first words of all else that is wrong; null: nothing. */
  readonly damage: string | null;
}

/** After so many findings SQLite looks no further. Unused pages are told after the tables' own pages. */
const maxFindings = 100_000;
const toldFindings = 3;
const leakedPattern = /^Page \d+(?: is|:) never used$/;
const headingPattern = /^\*\*\* in database \w+ \*\*\*$/;

interface Questioned {
  prepare(sql: string): { all(): readonly unknown[] };
}

/**
 * Reads the whole file, some seconds a GB, and once more where something is wrong: a read that fails in passing is told as a damage
 * too. Throws what the library does where SQLite refuses to read on.
 */
export function checkStructure(database: Questioned): StructureFinding {
  const found = lookThrough(database);
  return found.damage === null ? found : lookThrough(database);
}

function lookThrough(database: Questioned): StructureFinding {
  try {
    return look(database, maxFindings);
  } catch (error) {
    // It may find a bad page and stumble over it afterwards: the first finding alone can be had.
    const first = look(database, 1);
    if (first.damage === null) throw error;
    return first;
  }
}

function look(database: Questioned, findings: number): StructureFinding {
  const rows = database.prepare(`PRAGMA quick_check(${findings})`).all() as Record<string, unknown>[];
  // A row holds the findings of all tables at once, a line each, or one of a row.
  const lines = rows.flatMap((row) => String(Object.values(row)[0]).split("\n"));
  if (lines.length === 0) return { leakedPages: 0, damage: "no answer" };
  const found = lines.filter((line) => line !== "ok" && !headingPattern.test(line));
  const damages = found.filter((line) => !leakedPattern.test(line));
  return {
    leakedPages: found.length - damages.length,
    damage: damages.length === 0 ? null : damages.slice(0, toldFindings).join("; "),
  };
}
