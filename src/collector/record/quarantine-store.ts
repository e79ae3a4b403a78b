/** Messages that could not be understood: counted by topic and reason, with the start of the last one. Bounded. */
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";

/** Poison messages of one topic and reason. */
export interface QuarantineView {
  readonly topic: string;
  readonly reason: string;
  readonly messages: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Why, in words, of the last one. */
  readonly detail: string;
  /** First bytes of the last one. */
  readonly sample: Uint8Array;
}

/** Reads and writes the quarantine. */
export interface QuarantineStore {
  put(entry: {
    readonly topic: string;
    readonly reason: string;
    readonly detail: string;
    readonly payload: Uint8Array;
    readonly nowMs: number;
  }): void;
  /** Newest first. */
  list(limit: number): QuarantineView[];
  readonly messages: number;
}

/** Topics come from outside: beyond this many rows everything is counted under one. */
const maxRows = 1_000;
const sampleBytes = 256;

/** Creates the store over an open, migrated database. */
export function createQuarantineStore(database: SqliteDatabase): QuarantineStore {
  const put = database.prepare(
    `INSERT INTO quarantine (topic, reason, messages, first_ms, last_ms, detail, sample)
     VALUES (?, ?, 1, ?, ?, ?, ?)
     ON CONFLICT (topic, reason) DO UPDATE SET messages = messages + 1, last_ms = excluded.last_ms,
       detail = excluded.detail, sample = excluded.sample`,
  );
  const known = database.prepare("SELECT 1 FROM quarantine WHERE topic = ? AND reason = ?");
  const rows = database.prepare("SELECT COUNT(*) AS total FROM quarantine");
  const messages = database.prepare("SELECT COALESCE(SUM(messages), 0) AS total FROM quarantine");
  const list = database.prepare("SELECT * FROM quarantine ORDER BY last_ms DESC LIMIT ?");
  return {
    put: ({ topic, reason, detail, payload, nowMs }) => {
      const full = Number(rows.get()?.total) >= maxRows && known.get(topic, reason) === undefined;
      const now = Math.trunc(nowMs);
      put.run(
        full ? "(other topics)" : topic.slice(0, 512),
        reason,
        now,
        now,
        detail.slice(0, 500),
        payload.slice(0, sampleBytes),
      );
    },
    list: (limit) =>
      list.all(limit).map((row) => ({
        topic: String(row.topic),
        reason: String(row.reason),
        messages: Number(row.messages),
        firstMs: Number(row.first_ms),
        lastMs: Number(row.last_ms),
        detail: String(row.detail),
        sample: row.sample as Uint8Array,
      })),
    get messages() {
      return Number(messages.get()?.total);
    },
  };
}
