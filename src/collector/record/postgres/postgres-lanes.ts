/** How far the lanes of gateways are stored, in PostgreSQL: each is locked while a batch steps it. */
import { memoryLifePrefix } from "../../../core/contract/uplink-record.ts";
import type { LaneKey } from "../fleet-record.ts";
import { recordBounds } from "../record-bounds.ts";
import { numberOrNull } from "../record-rules.ts";
import type { SqlSession } from "./postgres-database.ts";
import { columnsOf } from "./postgres-values.ts";

/** A lane as one text, in whose order lanes are locked. */
export function nameLane({ gateway, bootId, lane }: LaneKey): string {
  return `${gateway}\n${bootId}\n${lane}`;
}

/** A lane that is locked: its highest stored sequence, null when it was never heard of, and its row's `ctid`. */
interface LockedLane {
  sequence: number | null;
  readonly place: string;
}

/** Lanes that are locked, by {@link nameLane}, and those that were never heard of before. */
interface LockedLanes {
  readonly lanes: ReadonlyMap<string, LockedLane>;
  readonly begun: readonly LaneKey[];
}

/** Other workers wait for them until the transaction ends. */
export async function lockLanes(
  session: SqlSession,
  lanes: readonly LaneKey[],
  nowMs: number,
): Promise<LockedLanes> {
  const keys = new Map(lanes.map((lane) => [nameLane(lane), lane]));
  const found = new Map<string, LockedLane>();
  const lock = async (wanted: readonly LaneKey[]): Promise<void> => {
    const rows = await session.rows(
      `SELECT ctid::text AS place, gateway, boot_id, lane, sequence FROM uplink_progress
       WHERE (gateway, boot_id, lane) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
       ORDER BY gateway, boot_id, lane FOR UPDATE`,
      columnsOf(wanted, "gateway", "bootId", "lane"),
    );
    for (const { gateway, boot_id, lane, sequence, place } of rows) {
      const locked = { sequence: numberOrNull(sequence), place: String(place) };
      found.set(`${gateway}\n${boot_id}\n${lane}`, locked);
    }
  };
  const inOrder = [...keys.keys()].sort().map((name) => keys.get(name)!);
  await lock(inOrder);
  const begun = inOrder.filter((lane) => !found.has(nameLane(lane)));
  if (begun.length === 0) return { lanes: found, begun };
  await session.run(
    `INSERT INTO uplink_progress (gateway, boot_id, lane, received_ms)
     SELECT *, $4::bigint FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING`,
    [...columnsOf(begun, "gateway", "bootId", "lane"), Math.trunc(nowMs)],
  );
  await lock(begun);
  return { lanes: found, begun };
}

/** The highest sequences of lanes over the lives of their gateways, but those of memory. */
interface HighestSequences {
  /** Of this lane; null: none. */
  of(lane: LaneKey): number | null;
  /** A batch has stepped a lane that far. */
  note(lane: LaneKey, sequence: number): void;
}

/** Reads them for lanes that were never heard of before in this life. */
export async function readHighest(session: SqlSession, lanes: readonly LaneKey[]): Promise<HighestSequences> {
  const name = ({ gateway, lane }: Pick<LaneKey, "gateway" | "lane">): string => `${gateway}\n${lane}`;
  const highest = new Map<string, number>();
  const rows =
    lanes.length === 0
      ? []
      : await session.rows(
          `SELECT gateway, lane, MAX(sequence) AS sequence FROM uplink_progress
           WHERE (gateway, lane) IN (SELECT * FROM unnest($1::text[], $2::text[]))
             AND sequence IS NOT NULL AND boot_id NOT LIKE '${memoryLifePrefix}%'
           GROUP BY gateway, lane`,
          columnsOf(lanes, "gateway", "lane"),
        );
  for (const { gateway, lane, sequence } of rows) highest.set(`${gateway}\n${lane}`, Number(sequence));
  return {
    of: (lane) => highest.get(name(lane)) ?? null,
    note: (lane, sequence) => {
      if (lanes.length === 0 || lane.bootId.startsWith(memoryLifePrefix)) return;
      highest.set(name(lane), Math.max(highest.get(name(lane)) ?? 0, sequence));
    },
  };
}

/** Of the gateways of too many lives those go that were silent for longest; once a batch is stored, which may hold more lives than one may have. */
export async function forgetLives(session: SqlSession, begun: readonly LaneKey[]): Promise<void> {
  if (begun.length === 0) return;
  await session.run(
    `DELETE FROM uplink_progress WHERE (gateway, boot_id) IN (
       SELECT gateway, boot_id FROM (
         SELECT gateway, boot_id, row_number() OVER (PARTITION BY gateway ORDER BY MAX(received_ms) DESC) AS place
         FROM uplink_progress WHERE gateway = ANY ($1::text[]) GROUP BY gateway, boot_id) AS life
       WHERE place > $2)`,
    [[...new Set(begun.map(({ gateway }) => gateway))], recordBounds.livesPerGateway],
  );
}

/** Writes down how far lanes that are locked are stored, and that their gateways were heard of. */
export async function setLanes(
  session: SqlSession,
  lanes: readonly LockedLane[],
  nowMs: number,
): Promise<void> {
  const changed = await session.run(
    `UPDATE uplink_progress SET sequence = step.sequence, received_ms = GREATEST(received_ms, $3::bigint)
     FROM unnest($1::tid[], $2::bigint[]) AS step (place, sequence) WHERE ctid = step.place`,
    [...columnsOf(lanes, "place", "sequence"), Math.trunc(nowMs)],
  );
  if (changed !== lanes.length)
    throw new Error(`${changed} of ${lanes.length} locked lanes were found again`);
}
