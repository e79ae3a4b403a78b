/** Brings a victim to its end, by SIGKILL and as it starts or stops, and waits for the moment. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Random } from "../../src/core/maths/random.ts";
import { until } from "../../test/support/until.ts";
import { type DaemonProcess, patienceMs } from "./daemon-process.ts";
import type { FaultSite } from "./fault-site.ts";
import type { KillMoment, KillPoint, Victim } from "./kill-points.ts";
import type { WatchedPark } from "./watched-park.ts";

/** Something that can be killed. */
interface MortalPart {
  kill(): Promise<void>;
  killOnTheWay(way: "starting" | "stopping", share: number): Promise<void>;
  start(): Promise<unknown>;
}

export interface KillSurroundings {
  readonly site: FaultSite;
  readonly park: WatchedPark;
  readonly random: Random;
  /** A chosen moment that does not come is not waited for longer, ms. */
  readonly waitMs: number;
}

/** A kill as it was made. */
export interface MadeKill {
  /** Victims and moment, in words. */
  readonly point: string;
  /** Whether the chosen moment came; null where any moment was as good. */
  readonly came: boolean | null;
}

/** Waits for the moment and kills; everything runs again when it resolves. */
export async function killAt(
  { victims, moment }: KillPoint,
  { site, park, random, waitMs }: KillSurroundings,
): Promise<MadeKill> {
  const parts = await Promise.all(victims.map((victim) => partOf(site, park, { victim, random })));
  const came = await waitFor(site, park, { moment, random, waitMs });
  if (moment === "starting" || moment === "stopping") {
    for (const part of parts) await part.killOnTheWay(moment, random.uniform());
  } else {
    await Promise.all(parts.map((part) => part.kill()));
  }
  // What others depend on first.
  for (const part of parts.toReversed()) await part.start();
  return { point: `${victims.join(" and ")}, ${came === false ? "random" : moment}`, came };
}

/** How often each was killed when. */
export function countPoints(kills: readonly MadeKill[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { point } of kills) counts[point] = (counts[point] ?? 0) + 1;
  return counts;
}

/**
 * What is wrong where, but for two, fewer than half of the kills at a chosen moment met it, or none of several: then it is another
 * run than was planned. Two may miss theirs by chance.
 */
export function judgeMoments(kills: readonly MadeKill[]): readonly string[] {
  const chosen = kills.filter(({ came }) => came !== null);
  const met = chosen.filter(({ came }) => came).length;
  const least = Math.max((chosen.length - 2) / 2, chosen.length > 1 ? 1 : 0);
  return met < least ? [`only ${met} of ${chosen.length} chosen moments came`] : [];
}

/** Waits for the moment; whether it came, null where none was chosen. */
async function waitFor(
  site: FaultSite,
  park: WatchedPark,
  { moment, random, waitMs }: Pick<KillSurroundings, "random" | "waitMs"> & { readonly moment: KillMoment },
): Promise<boolean | null> {
  if (moment === "random" || moment === "starting" || moment === "stopping") {
    await delay(random.uniform() * 1_500);
    return null;
  }
  const controller = new AbortController();
  const came = new Promise<boolean>((resolve) => {
    const stops =
      moment === "alert is raised"
        ? [park.onLine((line) => line.includes('"message":"alert"') && resolve(true))]
        : [site.listen((topic) => topic.endsWith(topicEnds[moment]) && resolve(true))];
    controller.signal.addEventListener("abort", () => {
      for (const stop of stops) stop();
      resolve(false);
    });
  });
  const timer = setTimeout(() => controller.abort(), waitMs);
  const result = await came;
  clearTimeout(timer);
  controller.abort();
  return result;
}

const topicEnds = {
  "envelope is sent": "/up/prediction",
  "alert is sent": "/up/alert",
  "piece is sent": "/up/raw",
  "acknowledgement is sent": "/ack",
};

/** Finds the victim; one that holds a lease is waited for. */
async function partOf(
  site: FaultSite,
  park: WatchedPark,
  { victim, random }: { readonly victim: Victim; readonly random: Random },
): Promise<MortalPart> {
  switch (victim) {
    case "broker":
      return partOfServer(site.broker);
    case "postgres":
      return partOfServer(site.postgres!);
    case "gateway":
      return partOfDaemon(park.gateway);
    case "collector":
      return partOfDaemon(site.collector);
    case "ingest":
      return partOfDaemon(site.ingests[random.integer(site.ingests.length)]!);
    case "all ingests and workers":
      return {
        kill: async () => {
          const workers = listWorkers(site);
          await Promise.all(site.ingests.map((ingest) => ingest.kill()));
          for (const pid of workers) endAtOnce(pid);
        },
        killOnTheWay: async () => {},
        start: () => Promise.all(site.ingests.map((ingest) => ingest.start())),
      };
    case "worker":
    case "owner": {
      const pid = await chooseWorker(site, victim, random);
      const kill = async (): Promise<void> => endAtOnce(pid);
      // Its parent begins it again.
      return { kill, killOnTheWay: kill, start: async () => {} };
    }
  }
}

function partOfServer(server: Pick<MortalPart, "kill" | "start">): MortalPart {
  return { kill: () => server.kill(), killOnTheWay: () => server.kill(), start: () => server.start() };
}

function partOfDaemon(daemon: DaemonProcess): MortalPart {
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

/** Any worker, or the one that holds the lease of what must not be shared; that one is waited for. */
async function chooseWorker(site: FaultSite, victim: "worker" | "owner", random: Random): Promise<number> {
  let chosen: number | undefined;
  await until(
    async () => {
      const workers = listWorkers(site);
      const owner = victim === "owner" ? await findOwner(site) : undefined;
      chosen =
        victim === "owner"
          ? workers.find((pid) => pid === owner)
          : workers[random.integer(Math.max(1, workers.length))];
      return chosen !== undefined;
    },
    "a worker runs",
    patienceMs,
  );
  return chosen!;
}

/** Processes that the collector's parents have started. */
function listWorkers({ collector, ingests }: FaultSite): number[] {
  const parents = ingests.length > 0 ? ingests : [collector];
  return parents.flatMap(({ pid }) =>
    pid === undefined
      ? []
      : readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
          .split(" ")
          .flatMap((child) => (child === "" ? [] : [Number(child)])),
  );
}

/** Who says that it alone takes evidence: leases name host, process and a number. */
async function findOwner({ recordUrl }: FaultSite): Promise<number | undefined> {
  const client = new pg.Client(recordUrl!);
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query("SELECT holder FROM lease WHERE name = 'states and evidence'");
    return rows.map(({ holder }: { holder: string }) => Number(holder.split("/").at(-2)))[0];
  } catch {
    // The server is not there yet.
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

function endAtOnce(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It has ended since it was listed.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
