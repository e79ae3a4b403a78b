/**
 * The only door to the `pg` package: a pool of connections with limits on every wait, statements that are prepared once
 * a connection, transactions, and one kind of error. Holds no table.
 */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type ClientConfig, Pool, type PoolClient, types } from "pg";
import type { Logger } from "../../../core/platform/logger.ts";
import {
  isCollision,
  isLost,
  isUnprepared,
  otherEraError,
  redactUrl,
  sqlState,
  wrapError,
} from "./postgres-errors.ts";
import { beginUsual, runTransaction } from "./postgres-transaction.ts";
import { createParsers, type SqlParameter, toParameter } from "./postgres-values.ts";

/** A row by the names of its columns: int8 and numeric are numbers, bytea is bytes. */
export type PostgresRow = Readonly<Record<string, unknown>>;

/** Where statements run: one connection, or any of the pool. */
export interface SqlSession {
  /** Rows of a statement, which is prepared at its first use: its text must be one of few. */
  rows(text: string, values?: readonly SqlParameter[]): Promise<readonly PostgresRow[]>;
  /** How many rows a statement changed. */
  run(text: string, values?: readonly SqlParameter[]): Promise<number>;
  /** Runs one or more statements without parameters; rows of the last. */
  exec(text: string): Promise<readonly PostgresRow[]>;
}

export interface PostgresDatabase extends SqlSession {
  /**
   * Rises when the database may be another one, or an older state of it: a transaction finds another server or another file of the points'
   * table than the one before it. What is remembered of rows holds within one era (`postgres-era.ts`).
   */
  readonly era: number;
  /** Begins another era: something that was remembered is not so. */
  forget(): void;
  /**
   * Commits when `work` resolves, rolls back when it rejects; again, up to three times, when the server says that two stood in each other's way.
   * @throws AuroraError STORE, which {@link isOfAnotherEra} tells, before any work in another era than `options.era`
   */
  transaction<T>(work: (session: SqlSession) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** May be called twice. */
  close(): Promise<void>;
}

interface TransactionOptions {
  /** Opens it, of another isolation than usual. */
  readonly begin?: string;
  /** The only one in which it may do anything. */
  readonly era?: number;
  /** How long an answer may take, where `begin` sets the server other limits than usual. */
  readonly answerMs?: number;
}

/** What files hold that are renewed while a collector runs. */
export interface PostgresLogin {
  readonly password?: string | undefined;
  /** Checked against these authorities (PEM), or the system's where the text is empty; undefined: no TLS. */
  readonly ca?: string | undefined;
}

export interface PostgresOptions {
  /** `postgres://user@host:5432/database`. */
  readonly url: string;
  /** Of the first connections; left out: no password, no TLS. */
  readonly login?: PostgresLogin;
  /** Asked after a connection that failed; where something was renewed, it is tried again with that. */
  readonly readLogin?: () => Promise<PostgresLogin>;
  readonly connections: number;
  /** A statement that takes longer is ended by the server. */
  readonly statementTimeoutMs: number;
  readonly logger: Logger;
}

const connectTimeoutMs = 5_000;
/** How much longer than the server a client waits before it gives a connection up. */
const answerGraceMs = 5_000;
/** Of a statement's time how much it may wait for a lock: less, so that the server says which of the two it was. */
const lockShare = 3 / 4;
const maxAttempts = 3;

/** Opens a pool; connects at the first statement. */
export function openPostgres(options: PostgresOptions): PostgresDatabase {
  const subject = redactUrl(options.url);
  let { login = {} } = options;
  const pool = new Pool({
    ...connectionConfig(options, login),
    // A role may be set to another isolation; behind a pooler that shares its connections a single statement may still find that.
    onConnect: (client) => client.query("SET default_transaction_isolation TO 'read committed'"),
    max: options.connections,
    idleTimeoutMillis: 60_000,
  });
  let closing: Promise<void> | null = null;
  let era = 0;
  /** What the last transaction found behind the address. */
  let place: unknown;
  /** Those that may be lent: made in this era, and since a statement last had no answer, as those of before are silent likewise. */
  let good = new WeakSet<PoolClient>();
  const beginEra = (): void => {
    era++;
    good = new WeakSet();
  };
  let wasReached = false;
  // Of a connection that nobody uses just now: the next statement gets another.
  pool.on("error", (error) => options.logger.debug("a connection to the database was lost", { error }));
  pool.on("connect", (client) => {
    wasReached = true;
    good.add(client);
  });
  const borrow = async (): Promise<PoolClient> => {
    for (;;) {
      const client = await pool.connect();
      if (good.has(client)) return client;
      client.release(true);
    }
  };
  /** False: nothing was renewed, or it cannot be read just now. */
  const renewLogin = async (): Promise<boolean> => {
    const found = await options.readLogin?.().catch(() => undefined);
    if (found === undefined || isDeepStrictEqual(found, login)) return false;
    login = found;
    // The pool makes each connection by these.
    Object.assign(pool.options, connectionConfig(options, login));
    return true;
  };
  const connect = async (): Promise<PoolClient> => {
    const tried = login;
    try {
      return await borrow().catch(async (error: unknown) => {
        // Of several that fail together the first renews it for all.
        if (tried !== login || (await renewLogin()) || tried !== login) return borrow();
        throw error;
      });
    } catch (error) {
      throw wrapError(error, subject, wasReached ? undefined : "start the collector again then");
    }
  };
  const lend = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    try {
      return await lendOnce(work);
    } catch (error) {
      if (!isUnprepared(error)) throw error;
      beginEra();
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
      // The server did not end it: it had no answer, and others that were made before are silent likewise. Those made since the first such failure stay.
      if (lost.has(client) && good.has(client) && sqlState(error) === undefined) good = new WeakSet();
      throw error;
    } finally {
      client.off("error", onError);
      client.release(broken ?? lost.has(client));
    }
  };
  const arrive = (found: unknown, expected: number | undefined): void => {
    if (place !== undefined && place !== found) beginEra();
    place = found;
    if (expected !== undefined && expected !== era) throw otherEraError(subject);
  };
  const lendAgain = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await lend(work);
      } catch (error) {
        if (attempt >= maxAttempts || !isCollision(error)) throw error;
        options.logger.debug("two transactions stood in each other's way; tried again", { attempt });
      }
    }
  };
  return {
    ...createSession((run) => lendAgain(run), subject),
    get era() {
      return era;
    },
    forget: beginEra,
    transaction: (work, { begin = beginUsual, era: expected, answerMs } = {}) =>
      lendAgain((client) =>
        runTransaction(
          createSession((run) => run(client), subject, answerMs),
          {
            begin,
            isGone: () => lost.has(client),
            work: (session, found) => {
              arrive(found, expected);
              return work(session);
            },
          },
        ),
      ),
    close: () => {
      closing ??= pool.end();
      return closing;
    },
  };
}

/** Connections on which a statement found that they cannot be used again. */
const lost = new WeakSet<PoolClient>();

function createSession(
  lend: <T>(run: (client: PoolClient) => Promise<T>) => Promise<T>,
  subject: string,
  answerMs?: number,
): SqlSession {
  const patience = answerMs === undefined ? {} : { query_timeout: answerMs };
  const attempt = <T>(run: (client: PoolClient) => Promise<T>): Promise<T> =>
    lend(async (client) => {
      try {
        return await run(client);
      } catch (error) {
        if (isLost(error)) lost.add(client);
        throw wrapError(error, subject);
      }
    });
  const query = (text: string, values: readonly SqlParameter[] = []) =>
    attempt((client) =>
      client.query({ name: nameOf(text), text, values: values.map(toParameter), ...patience }),
    );
  return {
    rows: async (text, values) => (await query(text, values)).rows as PostgresRow[],
    run: async (text, values) => (await query(text, values)).rowCount ?? 0,
    exec: (text) =>
      attempt(async (client) => {
        // Of several statements the driver gives a list.
        const answers = [await client.query({ text, ...patience })].flat();
        return (answers.at(-1)?.rows ?? []) as PostgresRow[];
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

function connectionConfig(
  { url, statementTimeoutMs }: PostgresOptions,
  { password, ca }: PostgresLogin,
): ClientConfig {
  // Within the address: what an address says, or leaves out, goes before every other option of the driver.
  const secret =
    password === undefined ? "" : `${url.includes("?") ? "&" : "?"}password=${encodeURIComponent(password)}`;
  return {
    connectionString: `${url}${secret}`,
    ...(ca === undefined ? {} : { ssl: { rejectUnauthorized: true, ...(ca === "" ? {} : { ca }) } }),
    application_name: "aurora-collector",
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: Math.ceil(lockShare * statementTimeoutMs),
    query_timeout: statementTimeoutMs + answerGraceMs,
    idle_in_transaction_session_timeout: statementTimeoutMs + answerGraceMs,
    keepAlive: true,
    types: { getTypeParser: parserOf },
  };
}

/** In whichever of its two forms the server is set to write it (`bytea_output`). */
const readBytes = types.getTypeParser(types.builtins.BYTEA, "text") as unknown as (value: string) => Buffer;
const parserOf = createParsers(readBytes);
