/**
 * kill -9 of gateway, collector, broker and database, at random moments and at chosen ones: while alerts are raised, sent,
 * stored and acknowledged, while a daemon starts or stops. Every park must be whole in the record at the end: in each
 * engine, where several processes store and another shows, and where a gateway cuts windows in workers that devices keep busy.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { hasPostgres } from "../../test/support/scratch-postgres.ts";
import { until } from "../../test/support/until.ts";
import { auditPark, type ParkAudit } from "./audit-park.ts";
import {
  createFaultLedger,
  type FaultModule,
  type FaultOptions,
  type FaultReport,
  noPostgres,
} from "./fault-ledger.ts";
import { type FaultEngine, type FaultSite, startFaultSite } from "./fault-site.ts";
import { countPoints, judgeMoments, killAt, type MadeKill } from "./kill-parts.ts";
import {
  cuttingKillPoints,
  databaseKillPoints,
  type KillPoint,
  killPoints,
  roleKillPoints,
} from "./kill-points.ts";
import { openWatchedPark, type WatchedPark } from "./watched-park.ts";

/** Who runs, who is killed, and how many of the kills are this part's. */
interface KillPlan {
  readonly name: string;
  readonly engine: FaultEngine;
  /** Processes that only store. */
  readonly ingests: number;
  readonly points: readonly KillPoint[];
  readonly share: number;
  readonly park: ParkPlan;
}

/** What runs and is killed. */
interface ParkPlan {
  readonly turbines: number;
  readonly speed: number;
  /** Simulated seconds from one turbine that breaks to the next, for each kill. */
  readonly onsetStepS: number;
  /** Of one park, real seconds apart at least. */
  readonly kills: number;
  /** Workers of the gateway, one park after the other; they are slower than what brings them samples. */
  readonly workers: readonly number[];
}

type Arrangement = "sqlite" | "postgres" | "roles" | "workers";

const atLeisure: ParkPlan = {
  turbines: 5,
  speed: 6,
  onsetStepS: 4,
  kills: 12,
  workers: [0],
};
/** As fast as the gateway takes it, so that its workers never have taken all. */
const atFullSpeed: ParkPlan = {
  turbines: 3,
  speed: Number.POSITIVE_INFINITY,
  onsetStepS: 200,
  kills: 4,
  workers: [1, 2],
};

const plans: Readonly<Record<Arrangement, KillPlan>> = {
  sqlite: { name: "sqlite", engine: "sqlite", ingests: 0, points: killPoints, share: 1 / 2, park: atLeisure },
  postgres: {
    name: "postgres",
    engine: "postgres",
    ingests: 0,
    points: [...killPoints, ...databaseKillPoints],
    share: 1 / 2,
    park: atLeisure,
  },
  roles: {
    name: "roles",
    engine: "postgres",
    ingests: 2,
    points: roleKillPoints,
    share: 1 / 3,
    park: atLeisure,
  },
  workers: {
    name: "workers",
    engine: "sqlite",
    ingests: 0,
    points: cuttingKillPoints,
    share: 1 / 5,
    park: atFullSpeed,
  },
};

/** A chosen moment that does not come is not waited for longer. */
const momentMs = 12_000;

/** The part for one of the arrangements. */
export function runKillsOn(arrangement: Arrangement): FaultModule {
  return async (options) => {
    const plan = plans[arrangement];
    if (plan.engine === "postgres" && !hasPostgres) return noPostgres;
    return runKills({ ...options, kills: Math.ceil(options.kills * plan.share) }, plan);
  };
}

async function runKills(options: FaultOptions, plan: KillPlan): Promise<FaultReport> {
  const { engine, ingests } = plan;
  const { turbines, speed, onsetStepS, workers } = plan.park;
  const ledger = createFaultLedger(options.say);
  const random = createRandom(options.seed).fork(`kills-${plan.name}`);
  const site = await startFaultSite({
    name: `kills-${plan.name}`,
    engine,
    ingests,
  });
  const deal = dealEvenly(plan.points, random);
  const slowWorkers = join(import.meta.dirname, "slow-workers.js");
  const made: MadeKill[] = [];
  const sums = { alerts: 0, windows: 0, pieces: 0, declaredPieces: 0 };
  let killed = 0;
  try {
    for (let number = 1; killed < options.kills; number++) {
      const planned = Math.min(plan.park.kills, options.kills - killed);
      const park = await openWatchedPark(site, {
        name: `${plan.name}-${number}`,
        turbines,
        seed: options.seed + number,
        speed,
        firstOnsetS: 60,
        onsetStepS: planned * onsetStepS,
        workers: workers[(number - 1) % workers.length]!,
        nodeOptions: ["--import", pathToFileURL(slowWorkers).href],
      });
      killed += planned;
      try {
        await ledger.run(`${park.name}, ${planned} kills`, async () => {
          made.push(...(await killAround(site, park, { random, deal, kills: planned })));
          await park.finish();
          const { wrongs, ...counts } = await auditAtRest(site, park);
          for (const key of ["alerts", "windows", "pieces", "declaredPieces"] as const)
            sums[key] += counts[key];
          return [...wrongs, ...park.gateway.crashes, ...site.listCrashes()];
        });
      } finally {
        await park.close();
      }
      await site.start();
    }
  } finally {
    await site.close();
  }
  ledger.note("kills meet their moments", judgeMoments(made));
  return ledger.report({ kills: killed, ...sums, byPoint: countPoints(made) });
}

/** What is stored of a park once nothing runs, and whether that is what is shown when all runs again. */
async function auditAtRest(site: FaultSite, park: WatchedPark): Promise<ParkAudit> {
  await site.stop();
  const audit = await site.withRecord((record) => auditPark(record, park));
  await site.start();
  const address = `${site.collector.url}/api/v1/alerts?site=${park.name}&limit=1`;
  const { total } = (await (await fetch(address)).json()) as { readonly total: number };
  const wrongs = [...audit.wrongs];
  if (audit.alerts === 0) wrongs.push("no alert is stored");
  if (total !== audit.alarms) wrongs.push(`${audit.alarms} alarms are stored and ${total} are shown`);
  return { ...audit, wrongs };
}

/** Gives one after the other in random order, each as often as any other. */
function dealEvenly<T>(cards: readonly T[], random: Random): () => T {
  let deck: T[] = [];
  return () => {
    if (deck.length === 0) deck = [...cards];
    return deck.splice(random.integer(deck.length), 1)[0]!;
  };
}

/** Kills so many times around a park that runs, until it has raised an alert; everything runs again afterwards. */
async function killAround(
  site: FaultSite,
  park: WatchedPark,
  {
    random,
    deal,
    kills,
  }: { readonly random: Random; readonly deal: () => KillPoint; readonly kills: number },
): Promise<readonly MadeKill[]> {
  const made: MadeKill[] = [];
  await park.gateway.start();
  for (let kill = 0; kill < kills; kill++) {
    await delay(600 + random.uniform() * 1_400);
    made.push(await killAt(deal(), { site, park, random, waitMs: momentMs }));
  }
  // A few kills are over before the first turbine breaks.
  await until(() => park.logged.length > 0, `${park.name} raises an alert`);
  // What was raised last has its time, too.
  await delay(4_000);
  return made;
}
