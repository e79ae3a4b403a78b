/**
 * The only door to the `pg` package: a pool of connections with limits on every wait, statements that are prepared once
 * a connection, transactions, and one kind of error. Holds no table.
 */
import { createHash } from "node:crypto";
import { type ClientConfig, DatabaseError, Pool, type PoolClient, types } from "pg";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import { type SqlParameter, toParameter } from "./postgres-values.ts";

/** A row by the names of its columns: int8 and numeric are numbers, bytea is bytes. */
export type PostgresRow = Readonly<Record<string, unknown>>;

/** Where statements run: one connection, or any of the pool. */
export interface SqlSession {
  /** Rows of a statement, which is prepared at its first use: its text must be one of few. */
  rows(text: string, values?: readonly SqlParameter[]): Promise<readonly PostgresRow[]>;
  /** How many rows a statement changed. */
  run(text: string, values?: readonly SqlParameter[]): Promise<number>;
  /** Runs one or more statements without parameters. */
  exec(text: string): Promise<void>;
}

export interface PostgresDatabase extends SqlSession {
  /**
   * Commits when `work` resolves, rolls back when it rejects; again, up to three times, when the server says that two stood in each other's way.
   * `begin` opens it, of another isolation than usual.
   */
  transaction<T>(work: (session: SqlSession) => Promise<T>, begin?: string): Promise<T>;
  /** May be called twice. */
  close(): Promise<void>;
}

export interface PostgresOptions {
  /** `postgres://user@host:5432/database`. */
  readonly url: string;
  readonly password?: string | undefined;
  /** Checked against these authorities (PEM), or the system's where the text is empty; undefined: no TLS. */
  readonly ca?: string | undefined;
  readonly connections: number;
  /** A statement that takes longer is ended by the server. */
  readonly statementTimeoutMs: number;
  readonly logger: Logger;
}

const connectTimeoutMs = 5_000;
/** How much longer than the server a client waits before it gives a connection up. */
const answerGraceMs = 5_000;
const maxAttempts = 3;
/** serialization_failure and deadlock_detected (PostgreSQL documentation, appendix A). */
const collisions: ReadonlySet<string | undefined> = new Set(["40001", "40P01"]);

/** Opens a pool; connects at the first statement. */
export function openPostgres(options: PostgresOptions): PostgresDatabase {
  const subject = redactUrl(options.url);
  const pool = new Pool({
    ...connectionConfig(options),
    max: options.connections,
    idleTimeoutMillis: 60_000,
  });
  // Of a connection that nobody uses just now: the next statement gets another.
  pool.on("error", (error) => options.logger.debug("a connection to the database was lost", { error }));
  let closing: Promise<void> | null = null;
  /** Counts how often tables were changed under statements that were prepared: connections of before are not used again. */
  let generation = 0;
  const born = new WeakMap<object, number>();
  let wasReached = false;
  pool.on("connect", (client) => {
    wasReached = true;
    born.set(client, generation);
  });
  const connect = async (): Promise<PoolClient> => {
    try {
      for (;;) {
        const client = await pool.connect();
        if (born.get(client) === generation) return client;
        client.release(true);
      }
    } catch (error) {
      throw wrapError(error, subject, wasReached ? undefined : "start the collector again then");
    }
  };
  const lend = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    try {
      return await lendOnce(work);
    } catch (error) {
      if (!isOutdated(error)) throw error;
      generation++;
      return lendOnce(work);
    }
  };
  const lendOnce = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await connect();
    let broken: Error | undefined;
    // What a connection says while it is lent would end the process otherwise; the statement under way rejects, too.
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on("error", onError);
    try {
      return await work(client);
    } catch (error) {
      if (isLost(error)) broken = error as Error;
      throw error;
    } finally {
      client.off("error", onError);
      client.release(broken);
    }
  };
  return {
    ...createSession((run) => lend(run), subject),
    transaction: async (work, begin = "BEGIN") => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await lend((client) => runTransaction(client, work, { subject, begin }));
        } catch (error) {
          if (attempt >= maxAttempts || !collisions.has(sqlState(error))) throw error;
          options.logger.debug("two transactions stood in each other's way; tried again", { attempt });
        }
      }
    },
    close: () => {
      closing ??= pool.end();
      return closing;
    },
  };
}

/**
 * A server may be told to answer a commit before it is on the disk: what is acknowledged must outlive its end. And it may be told to
 * take NULL in a list for a word: all that holds a value that is not known would be refused, and be set aside.
 */
const settings = `SELECT set_config(name, 'on', true) FROM unnest('{synchronous_commit,array_nulls}'::text[]) AS name
  WHERE current_setting(name) = 'off'`;

async function runTransaction<T>(
  client: PoolClient,
  work: (session: SqlSession) => Promise<T>,
  { subject, begin }: { readonly subject: string; readonly begin: string },
): Promise<T> {
  const session = createSession((run) => run(client), subject);
  try {
    await session.exec(`${begin}; ${settings}`);
    const result = await work(session);
    await session.exec("COMMIT");
    return result;
  } catch (error) {
    // A connection that is gone has rolled back already; the first error is the one that says why.
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

function createSession(
  lend: <T>(run: (client: PoolClient) => Promise<T>) => Promise<T>,
  subject: string,
): SqlSession {
  const attempt = async <T>(run: (client: PoolClient) => Promise<T>): Promise<T> => {
    try {
      return await lend(run);
    } catch (error) {
      throw wrapError(error, subject);
    }
  };
  const query = (text: string, values: readonly SqlParameter[] = []) =>
    attempt((client) => client.query({ name: nameOf(text), text, values: values.map(toParameter) }));
  return {
    rows: async (text, values) => (await query(text, values)).rows as PostgresRow[],
    run: async (text, values) => (await query(text, values)).rowCount ?? 0,
    exec: (text) =>
      attempt(async (client) => {
        await client.query(text);
      }),
  };
}

const names = new Map<string, string>();

/** The name that a statement is prepared under, alike in every process: a pooler between may share connections. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `aurora_${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
  names.set(text, name);
  return name;
}

function connectionConfig(options: PostgresOptions): ClientConfig {
  const { url, password, statementTimeoutMs, ca } = options;
  // Within the address: what an address says, or leaves out, goes before every other option of the driver.
  const secret =
    password === undefined ? "" : `${url.includes("?") ? "&" : "?"}password=${encodeURIComponent(password)}`;
  return {
    connectionString: `${url}${secret}`,
    ...(ca === undefined ? {} : { ssl: { rejectUnauthorized: true, ...(ca === "" ? {} : { ca }) } }),
    application_name: "aurora-collector",
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + answerGraceMs,
    idle_in_transaction_session_timeout: statementTimeoutMs + answerGraceMs,
    keepAlive: true,
    types: { getTypeParser: parserOf },
  };
}

/** In whichever of its two forms the server is set to write it (`bytea_output`). */
const readBytes = types.getTypeParser(types.builtins.BYTEA, "text") as unknown as (value: string) => Buffer;
const plainText = (value: string): unknown => value;

/** Of the types that the record's tables have (pg_type.dat). */
const parsers: Readonly<Record<number, (value: string) => unknown>> = {
  16: (value) => value === "t",
  17: (value) => new Uint8Array(readBytes(value)),
  20: Number,
  21: Number,
  23: Number,
  700: Number,
  701: Number,
  1022: readNumbers,
  1700: Number,
};

/** An array of numbers, in which some may not be known. */
function readNumbers(value: string): (number | null)[] {
  if (value === "{}") return [];
  return value
    .slice(1, -1)
    .split(",")
    .map((text) => (text === "NULL" ? null : Number(text)));
}

function parserOf(oid: number): (value: string) => unknown {
  return parsers[oid] ?? plainText;
}

/** Passwords do not stand in addresses, but may have been written there. */
function redactUrl(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//").replace(/\?.*$/, "");
}

/** The server's code for what went wrong (SQLSTATE), or undefined when it was not the server that said so. */
export function sqlState(error: unknown): string | undefined {
  const cause = error instanceof AuroraError ? error.cause : error;
  return cause instanceof DatabaseError ? cause.code : undefined;
}

/** Is it what was to be stored that the server refused (classes 22, data, 23, constraints, and 54, limits)? It refuses it again. */
export function isDataError(error: unknown): boolean {
  return /^(2[23]|54)/.test(sqlState(error) ?? "");
}

/**
 * Was a statement prepared before its tables were changed, as by a newer collector that shares them, or is it not there any more? It
 * has done nothing, nor has its transaction. (0A000 says more than this; its words are in the server's language.)
 */
function isOutdated(error: unknown): boolean {
  const cause = error instanceof AuroraError ? error.cause : error;
  if (!(cause instanceof DatabaseError)) return false;
  return cause.code === "26000" || (cause.code === "0A000" && cause.routine === "RevalidateCachedQuery");
}

/**
 * A connection that cannot be used again: the server ended it, nothing was heard on it in time, or it leads to a server that only
 * reads, while the address may lead to another by now.
 */
function isLost(error: unknown): boolean {
  const cause = error instanceof AuroraError ? error.cause : error;
  if (!(cause instanceof Error)) return false;
  return cause instanceof DatabaseError ? /^(08|57P|25006)/.test(cause.code ?? "") : true;
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/^08P01/, "A pooler between needs `ignore_startup_parameters`, as src/SCALING.md says."],
  [/^25006/, "This server only reads: let `record.url` lead to the primary, not to a replica."],
  [/^28/, "Check the user, `record.passwordFile`, and the server's pg_hba.conf."],
  [/^3D/, "Create the database: `createdb --encoding=UTF8 --template=template0 NAME`."],
  [/^42501/, "Grant this user the right to create tables in the database (it owns what it creates)."],
  [/^53100/, "Free some space on the server's disk; gateways keep their records meanwhile."],
  [/^53300/, "Raise the server's max_connections, or lower `record.connections`."],
  [/^57014/, "The server was too slow for `record.statementTimeoutSeconds`: look at its load and its disk."],
];

/** What the driver or the server says, as one error; a bug of ours is returned as it is. */
function wrapError(error: unknown, subject: string, next = "it is tried again then"): unknown {
  if (error instanceof AuroraError || !(error instanceof Error)) return error;
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const state = error instanceof DatabaseError ? error.code : undefined;
  const hint =
    hints.find(([pattern]) => pattern.test(state ?? ""))?.[1] ??
    `Check that the PostgreSQL server runs and can be reached; ${next}.`;
  // Some network errors have no message of their own.
  const reason = error.message === "" ? ((error as { code?: string }).code ?? error.name) : error.message;
  return new AuroraError("STORE", `the database says: ${reason}`, {
    op: "use the record's database",
    subject,
    hint,
    cause: error,
  });
}
