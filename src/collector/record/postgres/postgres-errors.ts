/**
 * What went wrong with the database, as one kind of error, and what a refusal of the server means to the record, by its code (SQLSTATE:
 * PostgreSQL documentation, appendix A). Of the driver it knows a few words alone.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { cureCertificate } from "../../../core/platform/tls-cures.ts";

/** What the server says of a statement that it refuses. */
interface Refusal {
  readonly code?: string | undefined;
  /** The constraint that was in the way. */
  readonly constraint?: string | undefined;
  /** The server's own function that refused. */
  readonly routine?: string | undefined;
}

/** Null: it was not the server that said so. Of all errors the server's alone have a severity. */
function refusalOf(error: unknown): Refusal | null {
  const cause = error instanceof AuroraError ? error.cause : error;
  return cause instanceof Error && "severity" in cause ? (cause as Refusal) : null;
}

/** The server's code for what went wrong, or undefined when it was not the server that said so. */
export function sqlState(error: unknown): string | undefined {
  return refusalOf(error)?.code;
}

/**
 * Is it what was to be stored that the server refused (data, a value that is missing, limits, a check that somebody named)? It refuses it
 * again. All else is the state of the database: a key that is there already or not any more, a sequence at its end, a day without a partition.
 */
export function isDataError(error: unknown): boolean {
  const { code = "", constraint } = refusalOf(error) ?? {};
  return /^(22(?!00H)|23502|54)/.test(code) || (code === "23514" && constraint !== undefined);
}

/** Is there no partition for a row? Of all checks the partitions' alone have no name. */
export function isPartitionMissing(error: unknown): boolean {
  const { code, constraint } = refusalOf(error) ?? {};
  return code === "23514" && constraint === undefined;
}

/** Did two transactions stand in each other's way (serialization_failure, deadlock_detected, unique_violation)? The next attempt sees the other's rows. */
export function isCollision(error: unknown): boolean {
  return /^(40001|40P01|23505)/.test(sqlState(error) ?? "");
}

/**
 * Was a statement prepared before its tables were changed, as by a newer collector that shares them, or is it not there any more? It
 * has done nothing, nor has its transaction. (0A000 says more than this; its words are in the server's language.)
 */
export function isUnprepared(error: unknown): boolean {
  const { code, routine } = refusalOf(error) ?? {};
  return code === "26000" || (code === "0A000" && routine === "RevalidateCachedQuery");
}

/**
 * Does what the driver says of a statement mean that its connection cannot be used again? The server ended it, nothing was heard on it in
 * time, or it leads to a server that only reads, while the address may lead to another by now.
 */
export function isLost(error: unknown): boolean {
  return refusalOf(error) === null || /^(08|57P|25006)/.test(sqlState(error) ?? "");
}

const otherEraErrors = new WeakSet<object>();

/** For a transaction whose work rests on what was remembered in another era. */
export function otherEraError(subject: string): AuroraError {
  const error = new AuroraError("STORE", "the database is another one by now, or was restored", {
    op: "use the record's database",
    subject,
    hint: "Nothing of this was stored; it is tried again.",
  });
  otherEraErrors.add(error);
  return error;
}

/** Was it refused by {@link otherEraError}? */
export function isOfAnotherEra(error: unknown): boolean {
  return error instanceof AuroraError && otherEraErrors.has(error);
}

/** Makes a database that the record can use. */
export const createdbCommand = "createdb --owner=USER --encoding=UTF8 --template=template0 NAME";

const places = { authorities: "`record.caFile`", address: "`record.url`" };
const hints: readonly (readonly [RegExp, string])[] = [
  [/^08P01/, "A pooler between needs `ignore_startup_parameters`, as src/SCALING.md says."],
  [
    /^(26000|42P05)/,
    "A pooler between must keep prepared statements: PgBouncer 1.21 or later, or its session mode (src/SCALING.md).",
  ],
  [/^25006/, "This server only reads: let `record.url` lead to the primary, not to a replica."],
  [/^28/, "Check the user, `record.passwordFile`, `record.tls`, and the server's pg_hba.conf."],
  [/^3D/, `Create the database: \`${createdbCommand}\`, USER being that of \`record.url\`.`],
  [
    /^(42501|3F000)/,
    "Let this user make tables: as the server's administrator, in this database, `GRANT USAGE, CREATE ON SCHEMA public TO USER`, or `CREATE SCHEMA AUTHORIZATION USER` where it has no schema public.",
  ],
  [
    /^42(P01|703|P10)/,
    "The database is empty, or was restored from an older copy, or not whole: start the collector again, which makes or changes the tables.",
  ],
  [/^53100/, "Free some space on the server's disk; gateways keep their records meanwhile."],
  [/^53300/, "Raise the server's max_connections, or lower `record.connections`."],
  [
    /^55P03/,
    "Somebody reads or changes a table for long, or commits wait for a synchronous standby that is away (SyncRep): pg_stat_activity, by xact_start and wait_event.",
  ],
  [/^57014/, "The server was too slow for `record.statementTimeoutSeconds`: look at its load and its disk."],
];

/** By the words of the driver, which gives no code. */
const driverHints: readonly (readonly [RegExp, string])[] = [
  [
    /client password must be a (non-empty )?string/,
    "The server asks for a password: write it into a file of its own (not .pgpass) and name that in `record.passwordFile`.",
  ],
  [
    /server does not support SSL connections/,
    "Set up TLS at the server (`ssl = on`), or leave out `record.tls` and `record.caFile`.",
  ],
];

/** What the driver or the server says, as one error; a bug of ours is returned as it is. */
export function wrapError(error: unknown, subject: string, next = "it is tried again then"): unknown {
  if (error instanceof AuroraError || !(error instanceof Error)) return error;
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const state = sqlState(error) ?? "";
  const hint =
    hints.find(([pattern]) => pattern.test(state))?.[1] ??
    cureCertificate(error, places) ??
    driverHints.find(([pattern]) => pattern.test(error.message))?.[1] ??
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

/** Passwords do not stand in addresses, but may have been written there. */
export function redactUrl(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//").replace(/\?.*$/, "");
}
