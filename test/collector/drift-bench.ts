/** A record in memory, or another, a drift job over it, and gateways that send days of reports. The collector's clock stands still until it is turned. */
import { onTestFinished } from "vitest";
import { createDayReports, type DayOfReports } from "../../scripts/drift/fleet-reports.ts";
import { createDriftJob, type DriftJob, type DriftRun } from "../../src/collector/fleet/drift-job.ts";
import type { KnownModel } from "../../src/collector/fleet/fleet-source.ts";
import type { FleetRecord, StorableRecord, StoredEnvelope } from "../../src/collector/record/fleet-record.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import type { DriftVerdict } from "../../src/core/contract/drift-verdict.ts";
import type { PointId } from "../../src/core/contract/stream.ts";
import type { DriftReport } from "../../src/core/contract/uplink-record.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics, type Metrics } from "../../src/core/platform/metrics.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { envelopeOf } from "./envelope-of.ts";
import { knownModel, smallReference } from "./known-model.ts";

export const dayMs = 86_400_000;
export const hourMs = 3_600_000;
/** Start of day 0: 2023-11-15. */
export const firstDayMs = Date.UTC(2023, 10, 15);
export const dayName = (day: number): string => new Date(firstDayMs + day * dayMs).toISOString().slice(0, 10);

export const point = (turbine: string, site = "north-sea"): PointId => ({
  site,
  turbine,
  component: "generator-bearing",
});

export interface DriftBench {
  readonly record: FleetRecord;
  readonly models: Map<string, KnownModel>;
  readonly metrics: Metrics;
  job: DriftJob;
  nowMs: number;
  /** Stores records of a gateway, at the collector's time. */
  send(records: readonly StorableRecord[], gateway?: string): Promise<StoredEnvelope>;
  /** Stores the reports of one day of a point. */
  sendDay(
    of: PointId,
    day: number,
    changes?: Partial<DayOfReports>,
    gateway?: string,
  ): Promise<StoredEnvelope>;
  /** Turns the clock to so many hours after the start of a day, and runs the job. */
  runAt(day: number, hours: number): Promise<DriftRun>;
  verdicts(day: number): Promise<readonly DriftVerdict[]>;
  /** `<day>:<level>` of a point, in the order of days. */
  levels(of: PointId, days: number): Promise<string[]>;
  events(): Promise<readonly { readonly name: string; readonly subject: string; readonly detail: string }[]>;
}

/** Opens one for the length of a test. */
export function createDriftBench(
  options: { readonly path?: string; readonly drift?: object; readonly record?: FleetRecord } = {},
): DriftBench {
  const config = collectorConfigSchema().parse({ drift: { learnDays: 5, ...options.drift } }).drift;
  const record = options.record ?? openInMemory(options.path, config.periodSeconds * 1_000);
  const models = new Map([["d", knownModel("d")]]);
  const metrics = createMetrics();
  const sequences = new Map<string, number>();
  const bench: DriftBench = {
    record,
    models,
    metrics,
    nowMs: firstDayMs,
    job: createDriftJob({
      record,
      models,
      config,
      clock: { nowMs: () => bench.nowMs, monotonicMs: () => performance.now() },
      timers: systemTimers,
      metrics,
      logger: silentLogger,
    }),
    send: async (records, gateway = "gw-1") => {
      const firstSequence = sequences.get(gateway) ?? 1;
      sequences.set(gateway, firstSequence + records.length);
      const lane = records[0]?.kind === "drift-report" ? "drift" : "update";
      const envelope = envelopeOf(records, {
        gateway,
        bootId: `b-${lane}`,
        lane,
        firstSequence,
        oldestSequence: firstSequence,
      });
      const [stored] = await record.storeEnvelopes({
        nowMs: bench.nowMs,
        envelopes: [envelope],
        setAside: [],
      });
      return stored!;
    },
    sendDay: (of, day, changes = {}, gateway) => bench.send(reportsOf(of, day, changes), gateway),
    runAt: (day, hours) => {
      bench.nowMs = firstDayMs + day * dayMs + hours * hourMs;
      return bench.job.run();
    },
    verdicts: async (day) => (await record.driftVerdicts({ day: dayName(day), limit: 500 })).verdicts,
    levels: async (of, days) => {
      const levels: string[] = [];
      for (let day = 0; day < days; day++) {
        for (const verdict of await bench.verdicts(day)) {
          if (verdict.turbine === of.turbine && verdict.site === of.site)
            levels.push(`${day}:${verdict.level}`);
        }
      }
      return levels;
    },
    events: async () =>
      [...(await record.events({ limit: 500, offset: 0 })).items]
        .sort((a, b) => a.id - b.id)
        .map(({ name, subject, detail }) => ({ name, subject, detail })),
  };
  return bench;
}

function openInMemory(path = ":memory:", driftPeriodMs: number): FleetRecord {
  const record = createSqliteRecord(openSqlite(path), { driftPeriodMs });
  onTestFinished(() => record.close());
  return record;
}

/** Reports of one day. */
export function reportsOf(of: PointId, day: number, changes: Partial<DayOfReports> = {}): DriftReport[] {
  return createDayReports(smallReference, { point: of, fromMs: firstDayMs + day * dayMs, ...changes });
}
