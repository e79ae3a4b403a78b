/**
 * To which life of the outbox a record belongs: there is a new one at each start, so that two gateways that go on from copies of
 * one card never give one name to two records. A lane is numbered on from life to life, so sequences never come twice in a file.
 * A life is written down with its first record of a lane, in one transaction, and forgotten once no record of it is held.
 */
import { randomBytes } from "node:crypto";
import type { Lane } from "../../core/contract/topics.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { laneNumber } from "../../core/wire/uplink-schema.ts";
import { eachLane } from "./lane-policy.ts";

/** What of a lane belongs to one life. */
export interface LaneLife {
  readonly bootId: string;
  readonly firstSequence: number;
  /** Infinity: it goes on. */
  readonly lastSequence: number;
}

export interface OutboxLives {
  /** Of what is appended from now on. */
  readonly bootId: string;
  /** Of the record with this sequence. */
  find(lane: Lane, sequence: number): LaneLife;
  /** What of the lane bears that name; null: nothing, or nothing any more. */
  named(bootId: string, lane: Lane): LaneLife | null;
  /** Records of this life were put into the lane, in the same transaction. @param readOldest the oldest that is held */
  begin(lane: Lane, readOldest: () => number | null): void;
  /** Everything, what is held as well, belongs to one new life. */
  renew(): void;
}

const schema = `
  CREATE TABLE IF NOT EXISTS outbox_life (
    lane INTEGER NOT NULL,
    first_sequence INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    PRIMARY KEY (lane, first_sequence)
  ) WITHOUT ROWID;
`;

/** Begins a life; records from before the first one that is written down bear the name that the file's meta table has. */
export function openOutboxLives(database: SqliteDatabase, nextSequence: (lane: Lane) => number): OutboxLives {
  database.exec(schema);
  const readBase = database.prepare("SELECT value FROM outbox_meta WHERE key = 'boot-id'");
  const writeBase = database.prepare("UPDATE outbox_meta SET value = ? WHERE key = 'boot-id'");
  const read = database.prepare(
    "SELECT first_sequence, boot_id FROM outbox_life WHERE lane = ? ORDER BY first_sequence",
  );
  const insert = database.prepare("INSERT OR IGNORE INTO outbox_life VALUES (?, ?, ?)");
  const forget = database.prepare(
    `DELETE FROM outbox_life WHERE lane = ? AND first_sequence <
       (SELECT max(first_sequence) FROM outbox_life WHERE lane = ? AND first_sequence <= ?)`,
  );
  const clear = database.prepare("DELETE FROM outbox_life");

  let bootId = newBootId();
  /** In order; the last one goes on. */
  let lives = eachLane((lane) => {
    const base = { bootId: String(readBase.get()!.value), firstSequence: 0 };
    const known = read.all(laneNumber(lane)).map((row) => {
      return { bootId: String(row.boot_id), firstSequence: Number(row.first_sequence) };
    });
    return endEach([base, ...known, { bootId, firstSequence: nextSequence(lane) }]);
  });

  return {
    get bootId() {
      return bootId;
    },
    find: (lane, sequence) => lives[lane].findLast(({ firstSequence }) => firstSequence <= sequence)!,
    named: (name, lane) => lives[lane].find((life) => life.bootId === name) ?? null,
    begin: (lane, readOldest) => {
      const number = laneNumber(lane);
      const { changes } = insert.run(number, lives[lane].at(-1)!.firstSequence, bootId);
      if (changes > 0) forget.run(number, number, readOldest());
    },
    renew: () => {
      const fresh = newBootId();
      database.transaction(() => {
        clear.run();
        writeBase.run(fresh);
      });
      bootId = fresh;
      lives = eachLane(() => endEach([{ bootId, firstSequence: 0 }]));
    },
  };
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
