/**
 * kill -9 of gateway, collector, broker and database, at random moments and at chosen ones: while alerts are raised, sent,
 * stored and acknowledged, while a daemon starts or stops. Every park must be whole in the record at the end, in each engine.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { hasPostgres } from "../../test/support/scratch-postgres.ts";
import { until } from "../../test/support/until.ts";
import { auditPark } from "./audit-park.ts";
import { createFaultLedger, type FaultModule, type FaultOptions, type FaultReport } from "./fault-ledger.ts";
import { type FaultEngine, type FaultSite, startFaultSite } from "./fault-site.ts";
import { openWatchedPark, type WatchedPark } from "./watched-park.ts";

/** When to kill. */
type KillMoment =
  /** At any time. */
  | "random"
  /** As it starts, before it is ready. */
  | "starting"
  /** As it ends by itself. */
  | "stopping"
  /** As the gateway logs an alert: it is being written down. */
  | "alert is raised"
  /** As an envelope reaches the broker: it is being stored. */
  | "envelope is sent"
  | "alert is sent"
  /** As an acknowledgement reaches the broker: it is being believed. */
  | "acknowledgement is sent";

type Victim =
  | "gateway"
  | "collector"
  /** One of the processes that store what gateways send. */
  | "worker"
  | "broker"
  | "postgres";

interface KillPoint {
  readonly victims: readonly Victim[];
  readonly moment: KillMoment;
}

/** A victim comes before what it depends on. */
const killPoints: readonly KillPoint[] = [
  { victims: ["gateway"], moment: "random" },
  { victims: ["gateway"], moment: "starting" },
  { victims: ["gateway"], moment: "stopping" },
  { victims: ["gateway"], moment: "alert is raised" },
  { victims: ["gateway"], moment: "alert is sent" },
  { victims: ["gateway"], moment: "acknowledgement is sent" },
  { victims: ["collector"], moment: "random" },
  { victims: ["collector"], moment: "starting" },
  { victims: ["collector"], moment: "stopping" },
  { victims: ["collector"], moment: "envelope is sent" },
  { victims: ["collector"], moment: "alert is sent" },
  { victims: ["broker"], moment: "random" },
  { victims: ["broker"], moment: "alert is sent" },
  { victims: ["broker"], moment: "acknowledgement is sent" },
  { victims: ["gateway", "collector"], moment: "envelope is sent" },
  { victims: ["gateway", "collector", "broker"], moment: "random" },
];

/** Where the record is in PostgreSQL. */
const databaseKillPoints: readonly KillPoint[] = [
  { victims: ["postgres"], moment: "random" },
  { victims: ["postgres"], moment: "envelope is sent" },
  { victims: ["postgres"], moment: "alert is sent" },
  { victims: ["postgres"], moment: "acknowledgement is sent" },
  { victims: ["worker"], moment: "random" },
  { victims: ["worker"], moment: "envelope is sent" },
  { victims: ["worker"], moment: "acknowledgement is sent" },
  { victims: ["worker", "postgres"], moment: "envelope is sent" },
  { victims: ["collector", "postgres"], moment: "envelope is sent" },
  { victims: ["gateway", "collector", "broker", "postgres"], moment: "random" },
];

const speed = 6;
const turbinesPerPark = 5;
/** Of one park, real seconds apart at least. */
const killsPerPark = 12;
/** A chosen moment that does not come is not waited for longer. */
const patienceMs = 5_000;

/** The part for one engine of the record; half of the kills are its. */
export function runKillsOn(engine: FaultEngine): FaultModule {
  return async (options) => {
    if (engine === "postgres" && !hasPostgres)
      return { cases: 0, violations: [], figures: { skipped: "no PostgreSQL is installed" } };
    return runKills({ ...options, kills: Math.ceil(options.kills / 2) }, engine);
  };
}

async function runKills(options: FaultOptions, engine: FaultEngine): Promise<FaultReport> {
  const ledger = createFaultLedger(options.say);
  const random = createRandom(options.seed).fork(`kills-${engine}`);
  const site = await startFaultSite({ command: options.command, name: `kills-${engine}`, engine });
  const deal = dealEvenly([...killPoints, ...(engine === "postgres" ? databaseKillPoints : [])], random);
  const byPoint: Record<string, number> = {};
  const sums = { alerts: 0, windows: 0, pieces: 0, declaredPieces: 0 };
  let killed = 0;
  try {
    for (let number = 1; killed < options.kills; number++) {
      const planned = Math.min(killsPerPark, options.kills - killed);
      const park = await openWatchedPark(site, {
        name: `${engine}-${number}`,
        turbines: turbinesPerPark,
        seed: options.seed + number,
        speed,
        firstOnsetS: 60,
        onsetStepS: (planned * 20) / turbinesPerPark,
      });
      try {
        const points = await killAround(site, park, { random, deal, kills: planned });
        for (const point of points) byPoint[point] = (byPoint[point] ?? 0) + 1;
        killed += planned;
        await ledger.run(`${park.name}, ${planned} kills`, async () => {
          await park.finish();
          await site.collector.stop();
          const record = await site.openRecord();
          const audit = await auditPark(record, park).finally(() => record.close());
          for (const key of ["alerts", "windows", "pieces", "declaredPieces"] as const)
            sums[key] += audit[key];
          return [...audit.wrongs, ...park.gateway.crashes, ...site.collector.crashes];
        });
      } finally {
        await park.close();
      }
      if (!site.collector.isRunning) await site.collector.start();
    }
  } finally {
    await site.close();
  }
  return ledger.report({ kills: killed, ...sums, byPoint });
}

/** Gives one after the other in random order, each as often as any other. */
function dealEvenly<T>(cards: readonly T[], random: Random): () => T {
  let deck: T[] = [];
  return () => {
    if (deck.length === 0) deck = [...cards];
    return deck.splice(random.integer(deck.length), 1)[0]!;
  };
}

/** Kills so many times around a park that runs; everything runs again afterwards. Resolves with what was done. */
async function killAround(
  site: FaultSite,
  park: WatchedPark,
  {
    random,
    deal,
    kills,
  }: { readonly random: Random; readonly deal: () => KillPoint; readonly kills: number },
): Promise<string[]> {
  const done: string[] = [];
  await park.gateway.start();
  for (let kill = 0; kill < kills; kill++) {
    const { victims, moment } = deal();
    await delay(600 + random.uniform() * 1_400);
    const came = await waitFor(site, park, { moment, random });
    const parts = victims.map((victim) => partOf(site, park, victim));
    if (moment === "starting" || moment === "stopping") {
      for (const part of parts) await part.killOnTheWay(moment, random.uniform());
    } else {
      await Promise.all(parts.map((part) => part.kill()));
    }
    done.push(`${victims.join(" and ")}, ${came ? moment : "random"}`);
    // What others depend on first.
    for (const part of parts.toReversed()) await part.start();
  }
  // What was raised last has its time, too.
  await delay(4_000);
  return done;
}

/** Waits for the moment; false when it did not come. */
async function waitFor(
  site: FaultSite,
  park: WatchedPark,
  { moment, random }: { readonly moment: KillMoment; readonly random: Random },
): Promise<boolean> {
  if (moment === "random" || moment === "starting" || moment === "stopping") {
    await delay(random.uniform() * 1_500);
    return true;
  }
  const controller = new AbortController();
  const came = new Promise<boolean>((resolve) => {
    const isIt = (topic: string): boolean => {
      if (moment === "acknowledgement is sent") return topic.endsWith("/ack");
      return topic.endsWith(moment === "alert is sent" ? "/up/alert" : "/up/prediction");
    };
    const stops =
      moment === "alert is raised"
        ? [park.onLine((line) => line.includes('"message":"alert"') && resolve(true))]
        : [site.listen((topic) => isIt(topic) && resolve(true))];
    controller.signal.addEventListener("abort", () => {
      for (const stop of stops) stop();
      resolve(false);
    });
  });
  const timer = setTimeout(() => controller.abort(), patienceMs);
  const result = await came;
  clearTimeout(timer);
  controller.abort();
  return result;
}

/** Something that can be killed. */
interface MortalPart {
  kill(): Promise<void>;
  killOnTheWay(way: "starting" | "stopping", share: number): Promise<void>;
  start(): Promise<unknown>;
}

function partOf(site: FaultSite, park: WatchedPark, victim: Victim): MortalPart {
  if (victim === "broker" || victim === "postgres") {
    const server = victim === "broker" ? site.broker : site.postgres!;
    return {
      kill: () => server.kill(),
      killOnTheWay: () => server.kill(),
      start: () => server.start(),
    };
  }
  if (victim === "worker") {
    const kill = (): Promise<void> => killOneChild(site.collector.pid!);
    // The collector begins it again.
    return { kill, killOnTheWay: kill, start: async () => {} };
  }
  const daemon = victim === "gateway" ? park.gateway : site.collector;
  return {
    kill: () => daemon.kill(),
    killOnTheWay: async (way, share) => {
      if (way === "stopping") {
        daemon.askToStop();
        await delay(share * 120);
      } else {
        await daemon.kill();
        daemon.spawn();
        await delay(share * 1_500);
      }
      await daemon.kill();
    },
    start: () => daemon.start(),
  };
}

/** kill -9 of a process that another has started. */
async function killOneChild(pid: number): Promise<void> {
  const children = (): string[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .split(" ")
      .filter((child) => child !== "");
  await until(() => children().length > 0, "a worker runs", 40_000);
  process.kill(Number(children()[0]), "SIGKILL");
}
