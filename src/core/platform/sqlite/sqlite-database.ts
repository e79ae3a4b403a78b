/** The shape that both SQLite libraries are given: one kind of value, one kind of error, transactions. Opens nothing; `sqlite.ts` is the door. */
import { wrapSqliteError } from "./sqlite-error.ts";

/** Which library runs: the one built into Node ≥ 22.13, or the compiled one. */
export type SqliteEngine = "node" | "better";

/**
 * What can be bound and comes back. Integers are exact up to ±2^53; blobs come back as copies of their own. A text may
 * not hold a NUL character: the library in Node 22 reads it back cut off there.
 */
export type SqlValue = number | string | Uint8Array | null;

export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A prepared statement; parameters are positional (`?`). */
interface SqliteStatement {
  run(...values: SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number };
  get(...values: SqlValue[]): SqlRow | undefined;
  all(...values: SqlValue[]): SqlRow[];
}

export interface SqliteDatabase {
  readonly engine: SqliteEngine;
  readonly path: string;
  /** Runs one or more statements without parameters. */
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  /** Runs `work` in an immediate transaction: commits when it returns, rolls back when it throws. Nested calls join the outer one. */
  transaction<T>(work: () => T): T;
  /** May be called twice. */
  close(): void;
}

/** What both libraries' statements can do, as far as it is used. */
interface RawStatement {
  run(...values: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

/** What both libraries' databases can do, as far as it is used. */
export interface RawDatabase {
  exec(sql: string): void;
  prepare(sql: string): RawStatement;
  close(): void;
}

/** Gives a library's database the common shape. */
export function createSqliteDatabase(raw: RawDatabase, engine: SqliteEngine, path: string): SqliteDatabase {
  let depth = 0;
  let open = true;
  const attempt = <T>(op: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw wrapSqliteError(error, op, path);
    }
  };
  const rollBack = (): void => {
    try {
      raw.exec("ROLLBACK");
    } catch {
      // SQLite rolls back by itself on some errors (full disk, I/O); then there is nothing left to do.
    }
  };
  return {
    engine,
    path,
    exec: (sql) => attempt("run statement on", () => raw.exec(sql)),
    prepare(sql) {
      const statement = attempt("prepare statement on", () => raw.prepare(sql));
      return {
        run: (...values) =>
          attempt("write to", () => {
            refuseNul(values);
            const { changes, lastInsertRowid } = statement.run(...values);
            return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
          }),
        get: (...values) =>
          attempt("read from", () => {
            refuseNul(values);
            const row = statement.get(...values);
            return row === undefined ? undefined : normaliseRow(row);
          }),
        all: (...values) =>
          attempt("read from", () => {
            refuseNul(values);
            return statement.all(...values).map(normaliseRow);
          }),
      };
    },
    transaction(work) {
      if (depth > 0) return work();
      attempt("begin transaction on", () => raw.exec("BEGIN IMMEDIATE"));
      depth += 1;
      try {
        const result = work();
        attempt("commit to", () => raw.exec("COMMIT"));
        return result;
      } catch (error) {
        rollBack();
        throw error;
      } finally {
        depth -= 1;
      }
    },
    close() {
      if (!open) return;
      open = false;
      attempt("close", () => raw.close());
    },
  };
}

/** The caller's error, and none of the storage's: another try ends alike. */
function refuseNul(values: readonly SqlValue[]): void {
  if (values.some((value) => typeof value === "string" && value.includes("\u0000")))
    throw new RangeError("a text with a NUL character cannot be kept");
}

function normaliseRow(row: unknown): SqlRow {
  const result = row as Record<string, SqlValue>;
  for (const [name, value] of Object.entries(result)) {
    // better-sqlite3 answers with a Buffer, whose methods differ from a Uint8Array's (slice, toString).
    if (value instanceof Uint8Array && Buffer.isBuffer(value)) result[name] = new Uint8Array(value);
  }
  return result;
}
