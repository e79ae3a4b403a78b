/**
 * Gateways whose clocks say 1970, 2038 or 9999 beside one whose clock is right: their alerts arrive, what is stored stays
 * stored, people are told of the clock, and nothing of a wrong time stands above what is new.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import { expiryTimes, retentionPolicy } from "../../src/collector/record/retention-policy.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { hasPostgres } from "../../test/support/scratch-postgres.ts";
import { until } from "../../test/support/until.ts";
import { auditPark, readEvents } from "./audit-park.ts";
import { patienceMs } from "./daemon-process.ts";
import {
  createFaultLedger,
  type FaultModule,
  type FaultOptions,
  type FaultReport,
  noPostgres,
} from "./fault-ledger.ts";
import { type FaultEngine, type FaultSite, startFaultSite } from "./fault-site.ts";
import { openWatchedPark, type WatchedPark } from "./watched-park.ts";

/** What a gateway's clock says at the start. */
interface WrongClock {
  readonly name: string;
  readonly startMs: number;
  /** Does its device have the right time? A device's microseconds end in 2255. */
  readonly isDeviceRight?: boolean;
}

const clocks: readonly WrongClock[] = [
  { name: "1970", startMs: 600_000 },
  { name: "2038", startMs: Date.UTC(2038, 0, 19, 3, 10) },
  { name: "9999", startMs: Date.UTC(9999, 11, 30), isDeviceRight: true },
];

/** The part for one engine of the record. */
export function runClocksOn(engine: FaultEngine): FaultModule {
  return async (options) => {
    if (engine === "postgres" && !hasPostgres) return noPostgres;
    return runClocks(options, engine);
  };
}

async function runClocks(options: FaultOptions, engine: FaultEngine): Promise<FaultReport> {
  const ledger = createFaultLedger(options.say);
  const site = await startFaultSite({ name: `clocks-${engine}`, engine });
  const parks: WatchedPark[] = [];
  try {
    for (const clock of clocks) {
      const park = await openClockPark(site, clock);
      parks.push(park);
      await ledger.run(`${clock.name}: an alert`, () => raise(park));
    }
    const right = await openClockPark(site, { name: "right", startMs: Date.now() });
    parks.push(right);
    await ledger.run("right: an alert", () => raise(right));
    const page = await (await fetch(`${site.collector.url}/`)).text();
    const ages = page.match(/\d{4,} (d|days)( ago|\))/g) ?? [];
    ledger.check("the page tells no ages of decades", ages.length === 0, `it says ${ages[0]}`);
    await site.collector.stop();
    await site.withRecord(async (record) => {
      for (const park of parks)
        await ledger.run(`${park.name}: all is stored`, () => auditClock(record, park));
      const [newest] = (await record.alarms({ limit: 1, offset: 0 })).items;
      const place = newest?.event.data.site;
      ledger.check("the newest alarm is on top", place === right.name, `${place} stands above ${right.name}`);
    });
  } finally {
    for (const park of parks) await park.close();
    await site.close();
  }
  return ledger.report({ clocks: clocks.map(({ name }) => name) });
}

function openClockPark(site: FaultSite, clock: WrongClock): Promise<WatchedPark> {
  const shift = join(import.meta.dirname, "shift-clock.js");
  return openWatchedPark(site, {
    name: `clock-${clock.name}`,
    turbines: 1,
    seed: 1,
    speed: 8,
    firstOnsetS: 20,
    onsetStepS: 0,
    ...(clock.isDeviceRight ? {} : { startMs: clock.startMs }),
    nodeOptions: ["--import", pathToFileURL(shift).href],
    environment: { AURORA_FAULTS_CLOCK_OFFSET_MS: String(clock.startMs - Date.now()) },
  });
}

/** Runs the gateway until its alert came by, and ends it in order. */
async function raise(park: WatchedPark): Promise<readonly string[]> {
  await park.gateway.start();
  await until(() => park.heard.size > 0, `${park.name} raises an alert`, patienceMs);
  await park.finish();
  return park.gateway.crashes;
}

async function auditClock(record: FleetRecord, park: WatchedPark): Promise<readonly string[]> {
  const before = await auditPark(record, park);
  const wrongs = [...before.wrongs];
  await record.prune(expiryTimes(retentionPolicy(collectorConfigSchema().parse({})), Date.now()));
  const after = await auditPark(record, park);
  if (after.windows < before.windows)
    wrongs.push(`${before.windows - after.windows} of ${before.windows} stored windows are pruned at once`);
  const events = await readEvents(record, park.name);
  const isTold = events.some(({ name }) => name.includes("clock"));
  if (!isTold && park.name !== "clock-right") wrongs.push("no event tells of its clock");
  if (isTold && park.name === "clock-right") wrongs.push("an event tells of a clock that is right");
  return wrongs;
}
