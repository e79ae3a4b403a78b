/**
 * What a turbine's predictions take on the disk in a year, as they were sent and thinned by age as the configuration's defaults say,
 * in both engines; and what thinning takes. Some days are stored and thinned; the year is put together from what a day takes.
 */
import { join } from "node:path";
import pg from "pg";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import { openPostgresRecord } from "../../src/collector/record/postgres/postgres-record.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import {
  hasPostgres,
  hasTimescale,
  type ScratchPostgres,
  startScratchPostgres,
  startScratchTimescale,
} from "../../test/support/scratch-postgres.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { type FilledDays, filledComponents, filledFromMs, fillWithDays } from "./fill-with-days.ts";
import { childNamed, cpuOf } from "./process-cpu.ts";

/** Figures of one engine. */
interface ThinningFigures {
  /** `timescale`: PostgreSQL with predictions in a hypertable, compressed, where the extension is installed. */
  readonly engine: "sqlite" | "postgres" | "timescale";
  /** As sent, as the database keeps it when the day is over, then by the length of rows. */
  readonly bytesPerTurbineDay: Readonly<Record<string, number>>;
  readonly megabytesPerTurbineYear: { readonly asSent: number; readonly thinned: number };
  /** Rows of a point and moment (three failure modes) a second of work, and the longest step. */
  readonly rowsPerSecond: number;
  readonly longestStepMs: number;
  /** CPU of PostgreSQL, µs a row as it was sent: to store it, to compress it, to make ten minutes of it; null: there is none. */
  readonly serverMicroseconds: Readonly<Record<"stored" | "settled" | "thinned", number>> | null;
}

export interface ThinningReport {
  readonly turbines: number;
  readonly pointsPerTurbine: number;
  readonly days: number;
  readonly runs: readonly ThinningFigures[];
}

/** A record and what it takes on its disk just now. */
interface Place {
  readonly engine: ThinningFigures["engine"];
  readonly record: FleetRecord;
  /** Does what a database does with days that are over. */
  settle(): Promise<void>;
  diskBytes(): Promise<number>;
  close(): Promise<void>;
}

/** How many days of what was sent a database has not compressed yet: today's, one that ended less than a day ago, and one that waits for its turn. */
const youngDays = 3;

/** Measures both engines, PostgreSQL where it is installed. */
export async function measureThinning(quick: boolean): Promise<ThinningReport> {
  const load = quick ? { turbines: 4, days: 1 } : { turbines: 10, days: 3 };
  const runs = [await measure(openSqlitePlace(), load)];
  if (hasPostgres) {
    const server = await startScratchPostgres();
    runs.push(await measure(await openPostgresPlace("postgres", server), load));
  }
  if (hasTimescale) {
    const server = await startScratchTimescale();
    runs.push(await measure(await openPostgresPlace("timescale", server), load));
  }
  return { ...load, pointsPerTurbine: filledComponents.length, runs };
}

async function measure(place: Place, load: FilledDays): Promise<ThinningFigures> {
  try {
    const empty = await place.diskBytes();
    const rows = load.turbines * load.days * filledComponents.length * (dayMs / 60_000);
    const server = { server: childNamed("postgres") };
    let cpuBefore = cpuOf(server).server;
    const cpu = { stored: 0, settled: 0, thinned: 0 };
    const lap = (part: keyof typeof cpu): void => {
      const now = cpuOf(server).server;
      cpu[part] = Math.round(((now - cpuBefore) * 1e7) / rows) / 10;
      cpuBefore = now;
    };
    await fillWithDays(place.record, load);
    lap("stored");
    const perDay = async (): Promise<number> =>
      Math.round(((await place.diskBytes()) - empty) / load.turbines / load.days);
    const asSent = await perDay();
    await place.settle();
    lap("settled");
    const steps = collectorConfigSchema().parse({}).predictions.thinning;
    const settled = await perDay();
    const bytes: Record<string, number> = { asSent, settled };
    const young = youngDays * asSent;
    let year = young;
    let [before, days] = [settled, youngDays];
    const work = { ms: 0, longestStepMs: 0 };
    for (const { afterDays, rowSeconds } of steps) {
      // A day is thinned when it has ended so long ago.
      year += (afterDays + 1 - days) * before;
      const took = await thin(place.record, { rowMs: rowSeconds * 1_000, days: load.days });
      if (days === youngDays) {
        Object.assign(work, took);
        lap("thinned");
      }
      before = await perDay();
      bytes[`${rowSeconds} s`] = before;
      days = afterDays + 1;
    }
    year += (365 - days) * before;
    return {
      engine: place.engine,
      bytesPerTurbineDay: bytes,
      megabytesPerTurbineYear: {
        asSent: Math.round((young + (365 - youngDays) * settled) / 1e5) / 10,
        thinned: Math.round(year / 1e5) / 10,
      },
      rowsPerSecond: Math.round((rows * 1_000) / work.ms),
      longestStepMs: Math.round(work.longestStepMs),
      serverMicroseconds: place.engine === "sqlite" ? null : cpu,
    };
  } finally {
    await place.close();
  }
}

async function thin(
  record: FleetRecord,
  { rowMs, days }: { readonly rowMs: number; readonly days: number },
): Promise<{ readonly ms: number; readonly longestStepMs: number }> {
  let [ms, longestStepMs] = [0, 0];
  for (let isDone = false; !isDone; ) {
    const startMs = performance.now();
    ({ isDone } = await record.thinPredictions({ receivedBeforeMs: filledFromMs + days * dayMs, rowMs }));
    const stepMs = performance.now() - startMs;
    ms += stepMs;
    longestStepMs = Math.max(longestStepMs, stepMs);
  }
  return { ms, longestStepMs };
}

function openSqlitePlace(): Place {
  const scratch = createScratchFolder("bench-thinning");
  const database = openSqlite(join(scratch.path, "collector.sqlite"), { synchronous: "normal" });
  const record = createSqliteRecord(database);
  const of = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  return {
    engine: "sqlite",
    record,
    // Of pages that hold something: the others are written to next.
    settle: async () => {},
    diskBytes: async () => (of("page_count") - of("freelist_count")) * of("page_size"),
    close: async () => {
      await record.close();
      scratch.remove();
    },
  };
}

async function openPostgresPlace(engine: ThinningFigures["engine"], server: ScratchPostgres): Promise<Place> {
  const url = await server.createDatabase();
  const limits = { connections: 2, statementTimeoutMs: 20_000, logger: silentLogger };
  const record = await openPostgresRecord({ ...limits, url });
  const client = new pg.Client(url);
  await client.connect();
  return {
    engine,
    record,
    settle: async () => {
      if (engine === "timescale") {
        await client.query(
          "SELECT compress_chunk(chunk, if_not_compressed => true) FROM show_chunks('prediction') AS chunk",
        );
      }
    },
    // What is compressed stands in tables of its own.
    diskBytes: async () => {
      const { rows } = await client.query(
        `SELECT COALESCE(SUM(pg_total_relation_size(oid)), 0) AS bytes FROM pg_class
         WHERE relkind = 'r' AND (relname ~ '^prediction_(summary_)?[0-9]' OR relname ~ 'hyper_.*_chunk$')`,
      );
      return Number(rows[0].bytes);
    },
    close: async () => {
      await client.end();
      await record.close();
      await server.close();
    },
  };
}
