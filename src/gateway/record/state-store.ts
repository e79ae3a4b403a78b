/**
 * Small named snapshots that outlive a restart (the alarms' state, which model serves). Reads come from memory, but for what its owner
 * can say again; a write that the disk refuses is kept in memory and tried again with the next one. On the disk each bears a checksum.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import type { SqliteDatabase, SqlValue } from "../../core/platform/sqlite/sqlite-database.ts";
import { sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";
import { salvageState } from "./salvage.ts";
import { openSealedText, sealText } from "./sealed-text.ts";
import type { StoreFile } from "./store-file.ts";

export interface StateStore {
  /** The text kept under `key`, or null; of one that the disk has changed {@link changedText}. */
  get(key: string): string | null;
  /** All keys that begin with `prefix`. */
  keys(prefix: string): readonly string[];
  /** Keeps `text` (null forgets the key). True when it is on the disk, false when it waits in memory. */
  set(key: string, text: string | null): boolean;
  /** As `set` for several keys, in one write: after a power cut all of them are there or none. */
  setAll(entries: Readonly<Record<string, string | null>>): boolean;
  /**
   * As `setAll`, for what `describe` says again at any time: once it is on the disk it leaves memory, and `describe`, the same one each
   * time, is asked where the file is begun anew.
   */
  setDescribed(entries: Readonly<Record<string, string | null>>, describe: DescribeState): boolean;
  /** What the last run kept under `keys` has been taken up, and `describe` says it again: it leaves memory as after `setDescribed`. */
  release(keys: readonly string[], describe: DescribeState): void;
  /** Is all that was to be kept on the disk? Otherwise some of it waits in memory. */
  readonly isWritten: boolean;
}

/** Stands for a text that is not what was written. Nobody keeps it: no JSON is empty. */
export const changedText = "";

/** Says what there is to keep, by key; null: nothing. */
type DescribeState = () => Readonly<Record<string, string | null>>;

const partName = "state";

/** What is kept of one point, or of one list that has a bound of its own, stays well below. */
const maxTextLength = 16 * 1024 * 1024;

/** Creates the store in an open file. */
export function createStateStore(file: StoreFile, logger: Logger = silentLogger): StateStore {
  const values = new Map<string, string>();
  /** Keys whose value in memory is newer than the disk's. */
  const waiting = new Set<string>();
  /** Keys whose value is on the disk alone, and who says it again. */
  const described = new Map<string, DescribeState>();
  let failing = false;
  /** Has anything been read that an earlier run kept? */
  let isRead = false;
  /** Texts that an older version left, without a seal. */
  const unsealed = new Map<string, string>();

  const take = (database: SqliteDatabase): void => {
    const rows = database.prepare("SELECT key, value FROM state").all();
    isRead ||= rows.length > 0;
    for (const row of rows) {
      const key = String(row.key);
      if (waiting.has(key) || values.has(key) || described.has(key)) continue;
      const text = openText(row.value);
      values.set(key, text);
      if (text === row.value) unsealed.set(key, text);
    }
  };

  const write = (): boolean => {
    try {
      file.use((database) => {
        const put = database.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)");
        const drop = database.prepare("DELETE FROM state WHERE key = ?");
        const putAll = (): void => {
          for (const key of waiting) {
            const value = values.get(key);
            if (value === undefined) drop.run(key);
            else put.run(key, sealText(value));
          }
        };
        file.writes.time(partName, () => database.transaction(putAll));
      }, partName);
      waiting.clear();
      file.settle(partName);
      for (const key of described.keys()) values.delete(key);
      failing = false;
      return true;
    } catch (error) {
      // What an alert is told by must be written with it.
      if (sqliteErrorKind(error) === "full" && file.reserve.giveUp()) return write();
      if (!failing) logger.error("state cannot be written; it is kept in memory", { error });
      failing = true;
      return false;
    }
  };

  file.add({
    name: partName,
    attach(database: SqliteDatabase) {
      database.exec(
        "CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
      );
      take(database);
    },
    takeUp: take,
    // What this process knows is still true: it is written anew, whole.
    onRenewed(setAside) {
      for (const describe of new Set(described.values()))
        for (const [key, text] of Object.entries(describe())) if (text !== null) values.set(key, text);
      const salvaged = isRead
        ? []
        : [...salvageState(setAside)].filter(([key]) => !values.has(key) && !waiting.has(key));
      for (const [key, text] of salvaged) values.set(key, text);
      if (!isRead)
        logger.warn("state was taken over from the store that was set aside", { texts: salvaged.length });
      for (const key of values.keys()) waiting.add(key);
      write();
    },
  });

  // One that never changes would be written no more.
  if (unsealed.size > 0) sealOlder(file, unsealed);
  unsealed.clear();

  const setAll: StateStore["setAll"] = (entries) => {
    for (const [key, text] of Object.entries(entries)) {
      if (text === null || text.length <= maxTextLength) continue;
      throw new AuroraError(
        "STORE",
        `state ${key} has ${text.length} characters, at most ${maxTextLength} are kept`,
        {
          op: "write state",
          subject: key,
          hint: "No setting mends this; the state of before stays. Send the gateway's log and its configuration to whoever maintains it.",
        },
      );
    }
    for (const [key, text] of Object.entries(entries)) {
      if (text === null) values.delete(key);
      else values.set(key, text);
      described.delete(key);
      waiting.add(key);
    }
    return write();
  };

  const read = (key: string): string | null => {
    const row = file.use((database) => database.prepare("SELECT value FROM state WHERE key = ?").get(key));
    return row === undefined ? null : openText(row.value);
  };

  return {
    get: (key) => values.get(key) ?? (described.has(key) && !waiting.has(key) ? read(key) : null),
    keys: (prefix) =>
      [...new Set([...values.keys(), ...described.keys()])].filter((key) => key.startsWith(prefix)),
    set: (key, text) => setAll({ [key]: text }),
    setAll,
    setDescribed: (entries, describe) => {
      const isWritten = setAll(entries);
      for (const [key, text] of Object.entries(entries)) {
        if (text === null) continue;
        described.set(key, describe);
        if (isWritten) values.delete(key);
      }
      return isWritten;
    },
    release: (keys, describe) => {
      for (const key of keys) {
        if (!values.has(key) || waiting.has(key)) continue;
        described.set(key, describe);
        values.delete(key);
      }
    },
    get isWritten() {
      return waiting.size === 0;
    },
  };
}

/** Where the disk does not take it, the next start does it. */
function sealOlder(file: StoreFile, texts: ReadonlyMap<string, string>): void {
  try {
    file.use((database) => {
      const put = database.prepare("UPDATE state SET value = ? WHERE key = ? AND value = ?");
      database.transaction(() => {
        for (const [key, text] of texts) put.run(sealText(text), key, text);
      });
    });
  } catch {
    // They are taken as they stand.
  }
}

function openText(kept: SqlValue | undefined): string {
  return openSealedText(String(kept)) ?? changedText;
}
