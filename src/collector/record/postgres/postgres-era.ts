/**
 * What a process remembers of the tables, so that it need not ask again, and for how long it may: as long as the database is surely the
 * same one. A standby that takes over, or a restored copy, may give other names the numbers that were given before.
 */
import type { PostgresDatabase } from "./postgres-database.ts";
import { isOfAnotherEra, isPartitionMissing } from "./postgres-errors.ts";

/** A view of a database in its era of now, in which it reads and writes alone. */
function holdEra(database: PostgresDatabase): PostgresDatabase {
  const { era } = database;
  return seeThrough(database, era, (work, options) => database.transaction(work, { ...options, era }));
}

/** A view of a database that is held to an era, in which nothing waits for a lock longer than `lockMs`. */
export function limitLocks(held: PostgresDatabase, lockMs: number): PostgresDatabase {
  return seeThrough(held, held.era, (work, options) =>
    held.transaction(async (session) => {
      await session.exec(`SET LOCAL lock_timeout = ${lockMs}`);
      return work(session);
    }, options),
  );
}

/** A view whose every statement stands in such a transaction. */
function seeThrough(
  database: PostgresDatabase,
  era: number,
  transaction: PostgresDatabase["transaction"],
): PostgresDatabase {
  return {
    era,
    forget: () => database.forget(),
    transaction,
    rows: (...asked) => transaction((session) => session.rows(...asked)),
    run: (...asked) => transaction((session) => session.run(...asked)),
    exec: (text) => transaction((session) => session.exec(text)),
    close: () => database.close(),
  };
}

/**
 * Gives what is remembered in the era of now: of each era its own, which `create` makes, and what is still under way in another one
 * goes on with that one's. It reads and writes in its own era alone.
 */
export function rememberByEra<T>(database: PostgresDatabase, create: (held: PostgresDatabase) => T): () => T {
  let memory: { readonly era: number; readonly value: T } | null = null;
  return () => {
    if (memory?.era !== database.era) memory = { era: database.era, value: create(holdEra(database)) };
    return memory.value;
  };
}

/**
 * Does work that rests on what is remembered, in one era. Once more, with nothing remembered, where it was not so: it is another
 * database by now, or a day's partition that was there is not.
 */
export async function inOneEra<T>(
  database: PostgresDatabase,
  work: (held: PostgresDatabase) => Promise<T>,
): Promise<T> {
  try {
    return await work(holdEra(database));
  } catch (error) {
    if (isPartitionMissing(error)) database.forget();
    else if (!isOfAnotherEra(error)) throw error;
    return work(holdEra(database));
  }
}
