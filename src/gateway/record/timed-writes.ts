/**
 * Times whatever a gateway writes to its store: the event loop stands still meanwhile, and windows are late for no reason that anybody
 * sees. Says by name what took long, once until none has for ten minutes. Makes no write faster, and times no reading.
 */
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";

/** What is written; `upkeep` is all that has no other name: tables at the opening, the log's bounds, repairs, the end. */
export const storeWrites = ["records", "state", "mark", "reserve", "upkeep"] as const;

type StoreWrite = (typeof storeWrites)[number];

/** What the writes of one name took. */
interface WriteTimes {
  /** How many there were since the start. */
  readonly count: number;
  /** Time of all of them, ms. */
  readonly totalMs: number;
  /** Of the one that took longest in the last five to ten minutes, ms. */
  readonly slowestMs: number;
}

export interface TimedWrites {
  /** Does `work` and times it under this name; within another that is timed it counts there. Throws what `work` throws. */
  time<T>(write: StoreWrite, work: () => T): T;
  /** The database with each of its writes timed: as `upkeep`, where nobody has given it another name. */
  wrap(database: SqliteDatabase): SqliteDatabase;
  /** Sets who is told, in the log's words, when one took long and none had for ten minutes. */
  onSlow(tell: (detail: string) => void): void;
  /** One of the last ten minutes took more than a second. */
  readonly isSlow: boolean;
  times(): Readonly<Record<StoreWrite, WriteTimes>>;
}

/** A write that takes longer than this is told … */
const slowMs = 1_000;
/** … once, until none has for this long. */
const slowHoldsMs = 600_000;
/** The slowest is of this time and of as much before it. */
const spanMs = slowHoldsMs / 2;

/** What is kept of one name: the slowest of the span before this one, and of this one. */
interface KeptTimes {
  count: number;
  totalMs: number;
  beforeMs: number;
  nowMs: number;
}

export function createTimedWrites({
  clock,
  logger,
}: {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
}): TimedWrites {
  const kept = new Map<StoreWrite, KeptTimes>(
    storeWrites.map((write) => [write, { count: 0, totalMs: 0, beforeMs: 0, nowMs: 0 }]),
  );
  let tellSlow = (_detail: string): void => {};
  let isTiming = false;
  let slowUntilMs = Number.NEGATIVE_INFINITY;
  let spanFromMs = clock.monotonicMs();

  const turnSpan = (nowMs: number): void => {
    const passed = Math.floor((nowMs - spanFromMs) / spanMs);
    if (passed < 1) return;
    spanFromMs += passed * spanMs;
    for (const times of kept.values()) {
      times.beforeMs = passed === 1 ? times.nowMs : 0;
      times.nowMs = 0;
    }
  };

  const note = (write: StoreWrite, beganMs: number): void => {
    const nowMs = clock.monotonicMs();
    const tookMs = nowMs - beganMs;
    turnSpan(nowMs);
    const times = kept.get(write)!;
    times.count += 1;
    times.totalMs += tookMs;
    times.nowMs = Math.max(times.nowMs, tookMs);
    if (tookMs <= slowMs) return;
    const isKnown = nowMs < slowUntilMs;
    slowUntilMs = nowMs + slowHoldsMs;
    if (isKnown) return;
    const detail = `the disk took ${(tookMs / 1000).toFixed(1)} s for a write (${write}): no device is read meanwhile, and samples may be lost`;
    logger.warn(detail, { hint: "Look at the disk (dmesg), and put in another card if it stays so." });
    tellSlow(detail);
  };

  const time: TimedWrites["time"] = (write, work) => {
    if (isTiming) return work();
    const beganMs = clock.monotonicMs();
    isTiming = true;
    try {
      return work();
    } finally {
      isTiming = false;
      note(write, beganMs);
    }
  };

  return {
    time,
    wrap: (database) => ({
      engine: database.engine,
      path: database.path,
      exec: (sql) => time("upkeep", () => database.exec(sql)),
      prepare(sql) {
        const { run, get, all } = database.prepare(sql);
        return {
          run: (...values) => (isTiming ? run(...values) : time("upkeep", () => run(...values))),
          get,
          all,
        };
      },
      transaction: (work) => time("upkeep", () => database.transaction(work)),
      close: () => time("upkeep", database.close),
    }),
    onSlow: (tell) => {
      tellSlow = tell;
    },
    get isSlow() {
      return clock.monotonicMs() < slowUntilMs;
    },
    times() {
      turnSpan(clock.monotonicMs());
      return Object.fromEntries(
        [...kept].map(([write, { count, totalMs, beforeMs, nowMs }]) => [
          write,
          { count, totalMs, slowestMs: Math.max(beforeMs, nowMs) },
        ]),
      ) as Record<StoreWrite, WriteTimes>;
    },
  };
}
