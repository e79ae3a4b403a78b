/**
 * To which life of the outbox a record belongs: there is a new one at each start, so that two gateways that go on from copies of
 * one card never give one name to two records. A lane is numbered on from life to life, so sequences never come twice in a file.
 * A life is written down with its first record of a lane, in one transaction, and forgotten once no record of it is held. So is whether
 * its clock was confirmed, which says whether its records' times can be believed.
 */
import { randomBytes } from "node:crypto";
import type { Lane } from "../../core/contract/topics.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { eachLane } from "./lane-policy.ts";

/** What of a lane belongs to one life. */
interface LaneLife {
  readonly bootId: string;
  readonly firstSequence: number;
  /** Infinity: it goes on. */
  readonly lastSequence: number;
}

export interface OutboxLives {
  /** Of what is appended from now on. */
  readonly bootId: string;
  /** This run's records of each lane begin there. */
  readonly begun: Readonly<Record<Lane, number>>;
  /** Says, within a transaction, whether the clock that dates this life is confirmed. */
  noteClock(isConfirmed: boolean): void;
  /** Lives of the lane whose clock was confirmed, and this run's, whose may be. In order. */
  dated(lane: Lane): readonly Pick<LaneLife, "firstSequence" | "lastSequence">[];
  /** Of the record with this sequence. */
  find(lane: Lane, sequence: number): LaneLife;
  /** What of the lane bears that name; null: nothing, or nothing any more. */
  named(bootId: string, lane: Lane): LaneLife | null;
  /** Records of this life were put into the lane, in the same transaction. @param readOldest the oldest that is held */
  begin(lane: Lane, readOldest: () => number | null): void;
  /** Everything, what is held as well, belongs to one new life. */
  renew(): void;
}

/** Begins a life; records from before the first one that is written down bear the name that the file's meta table has. */
export function openOutboxLives(database: SqliteDatabase, nextSequence: (lane: Lane) => number): OutboxLives {
  const read = database.prepare(
    "SELECT key, value FROM outbox_meta WHERE key = 'boot-id' OR key LIKE 'life/%'",
  );
  const readDated = database.prepare("SELECT key FROM outbox_meta WHERE key LIKE 'dated/%'");
  const write = database.prepare("INSERT OR IGNORE INTO outbox_meta VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM outbox_meta WHERE key = ?");
  const rename = database.prepare("UPDATE outbox_meta SET value = ? WHERE key = 'boot-id'");

  let bootId = newBootId();
  const kept = read.all().map(({ key, value }) => ({ key: String(key), bootId: String(value) }));
  const base = { bootId: kept.find(({ key }) => key === "boot-id")!.bootId, firstSequence: 0 };
  /** In order; the last one goes on. */
  let lives = eachLane((lane) => {
    const start = keyOf(lane, "");
    const known = kept
      .filter(({ key }) => key.startsWith(start))
      .map((life) => ({ bootId: life.bootId, firstSequence: Number(life.key.slice(start.length)) }))
      .sort((left, right) => left.firstSequence - right.firstSequence);
    return endEach([base, ...known, { bootId, firstSequence: nextSequence(lane) }]);
  });

  const begun = eachLane(nextSequence);
  const names = new Set(kept.map(({ bootId: name }) => keyOfDated(name)));
  const datedKeys = new Set(readDated.all().map(({ key }) => String(key)));
  const dated = eachLane((lane) => [
    ...lives[lane].slice(0, -1).filter((life) => datedKeys.has(keyOfDated(life.bootId))),
    { firstSequence: begun[lane], lastSequence: Number.POSITIVE_INFINITY },
  ]);
  /** What `renew` joins is of several clocks: its name is never said to be dated. */
  const ownKey = keyOfDated(bootId);

  return {
    get bootId() {
      return bootId;
    },
    begun,
    noteClock: (isConfirmed) => void (isConfirmed ? write.run(ownKey, "1") : remove.run(ownKey)),
    dated: (lane) => dated[lane],
    find: (lane, sequence) => lives[lane].findLast(({ firstSequence }) => firstSequence <= sequence)!,
    named: (name, lane) => lives[lane].find((life) => life.bootId === name) ?? null,
    begin: (lane, readOldest) => {
      const { changes } = write.run(keyOf(lane, lives[lane].at(-1)!.firstSequence), bootId);
      if (changes === 0) return;
      const oldest = readOldest() ?? 0;
      for (const { firstSequence, lastSequence } of lives[lane].slice(1))
        if (lastSequence < oldest) remove.run(keyOf(lane, firstSequence));
      for (const key of datedKeys) if (!names.has(key)) remove.run(key);
    },
    renew: () => {
      const fresh = newBootId();
      database.transaction(() => {
        for (const { key } of read.all()) if (key !== "boot-id") remove.run(key!);
        rename.run(fresh);
      });
      bootId = fresh;
      lives = eachLane(() => endEach([{ bootId, firstSequence: 0 }]));
    },
  };
}

/** Under which the meta table has the life of a lane that begins there; a table of its own could not be made on a full disk. */
function keyOf(lane: Lane, firstSequence: number | ""): string {
  return `life/${lane}/${firstSequence}`;
}

/** Under which it has that the clock of a life was confirmed. */
function keyOfDated(bootId: string): string {
  return `dated/${bootId}`;
}

/** Each life ends where the next one begins. */
function endEach(lives: readonly Omit<LaneLife, "lastSequence">[]): readonly LaneLife[] {
  return lives.map((life, index) => {
    const next = lives[index + 1];
    const lastSequence = next === undefined ? Number.POSITIVE_INFINITY : next.firstSequence - 1;
    return { ...life, lastSequence };
  });
}

export function newBootId(): string {
  return randomBytes(9).toString("hex");
}
