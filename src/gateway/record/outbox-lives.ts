/**
 * To which life of the outbox a record belongs: there is a new one at each start, so that two gateways that go on from copies of
 * one card never give one name to two records. A lane is numbered on from life to life, so sequences never come twice in a file.
 * A life is written down with its first record of a lane, in one transaction, and forgotten once no record of it is held. So is whether
 * its clock was confirmed, which says whether its records' times can be believed, and by how much it was set: one row, as a full disk
 * has no room for the log of every record's.
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

/** By which clock a life dated what it put into a lane. */
interface DatedSpan extends Pick<LaneLife, "firstSequence" | "lastSequence"> {
  /** Whether its clock was confirmed; this run's may be. */
  readonly isConfirmed: boolean;
  /** What is to be added to the times that are written of it. */
  readonly shiftMs: number;
}

export interface OutboxLives {
  /** Of what is appended from now on. */
  readonly bootId: string;
  /** Says, within a transaction, of the clock that dates this life whether it is confirmed, and by how much it was set since the first record. */
  noteClock(clock: Pick<DatedSpan, "isConfirmed" | "shiftMs">): void;
  /** All of the lane, life by life in order; this run's last. */
  spans(lane: Lane): readonly DatedSpan[];
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
  const readClocks = database.prepare(
    "SELECT key, value FROM outbox_meta WHERE key LIKE 'dated/%' OR key LIKE 'shift/%'",
  );
  const write = database.prepare("INSERT OR IGNORE INTO outbox_meta VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM outbox_meta WHERE key = ?");
  const writeShift = database.prepare(
    "INSERT INTO outbox_meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
  );
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

  const names = new Set(kept.flatMap(({ bootId: name }) => [keyOfDated(name), keyOfShift(name)]));
  const clocks = new Map(readClocks.all().map(({ key, value }) => [String(key), Number(value)]));
  let ownShiftMs = 0;
  const spans = eachLane((lane) => [
    ...lives[lane].slice(0, -1).map(({ bootId: name, firstSequence, lastSequence }) => ({
      firstSequence,
      lastSequence,
      isConfirmed: clocks.has(keyOfDated(name)),
      shiftMs: clocks.get(keyOfShift(name)) ?? 0,
    })),
    {
      firstSequence: nextSequence(lane),
      lastSequence: Number.MAX_SAFE_INTEGER,
      isConfirmed: true,
      get shiftMs() {
        return ownShiftMs;
      },
    },
  ]);
  /** What `renew` joins is of several clocks: its name is never said to be dated. */
  const ownName = bootId;

  return {
    get bootId() {
      return bootId;
    },
    noteClock: ({ isConfirmed, shiftMs }) => {
      ownShiftMs = Math.round(shiftMs);
      if (ownShiftMs === 0) remove.run(keyOfShift(ownName));
      else writeShift.run(keyOfShift(ownName), String(ownShiftMs));
      if (isConfirmed) write.run(keyOfDated(ownName), "1");
      else remove.run(keyOfDated(ownName));
    },
    spans: (lane) => spans[lane],
    find: (lane, sequence) => lives[lane].findLast(({ firstSequence }) => firstSequence <= sequence)!,
    named: (name, lane) => lives[lane].find((life) => life.bootId === name) ?? null,
    begin: (lane, readOldest) => {
      const { changes } = write.run(keyOf(lane, lives[lane].at(-1)!.firstSequence), bootId);
      if (changes === 0) return;
      const oldest = readOldest() ?? 0;
      for (const { firstSequence, lastSequence } of lives[lane].slice(1))
        if (lastSequence < oldest) remove.run(keyOf(lane, firstSequence));
      for (const key of clocks.keys()) if (!names.has(key)) remove.run(key);
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

/** Under which it has by how much the clock of a life was set. */
function keyOfShift(bootId: string): string {
  return `shift/${bootId}`;
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
