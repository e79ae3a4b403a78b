/** How far each lane of each gateway is stored: the watermark that is acknowledged. */
import type { Lane } from "../../core/contract/topics.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";

/** One life of a gateway's outbox. */
export interface LaneKey {
  readonly gateway: string;
  readonly bootId: string;
  readonly lane: Lane;
}

/** Reads and writes watermarks. */
export interface UplinkProgressStore {
  /** Highest stored sequence, or null when this lane was never heard of. */
  get(key: LaneKey): number | null;
  set(key: LaneKey, sequence: number): void;
}

/** Creates the store over an open, migrated database. */
export function createUplinkProgressStore(database: SqliteDatabase): UplinkProgressStore {
  const get = database.prepare(
    "SELECT sequence FROM uplink_progress WHERE gateway = ? AND boot_id = ? AND lane = ?",
  );
  const set = database.prepare(
    "INSERT OR REPLACE INTO uplink_progress (gateway, boot_id, lane, sequence) VALUES (?, ?, ?, ?)",
  );
  return {
    get: ({ gateway, bootId, lane }) => {
      const row = get.get(gateway, bootId, lane);
      return row === undefined ? null : Number(row.sequence);
    },
    set: ({ gateway, bootId, lane }, sequence) => {
      set.run(gateway, bootId, lane, sequence);
    },
  };
}
