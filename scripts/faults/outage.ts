/**
 * Up to 36 hours without a link, written by a clock of their own into a real outbox, and caught up over a good link, a thin one and one of
 * 2 kB/s: all of it arrives once, the process stays small, and an alert that is raised meanwhile does not wait for it.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hourMs } from "../../src/core/maths/durations.ts";
import { computeQuantile } from "../../src/core/maths/robust.ts";
import { auditSender } from "./audit-sender.ts";
import { startBystander, watchAnswers } from "./bystander.ts";
import { patienceMs } from "./daemon-process.ts";
import { createFaultLedger, type FaultModule } from "./fault-ledger.ts";
import { type FaultSite, startFaultSite } from "./fault-site.ts";
import { type SenderProcess, startSender } from "./sender-process.ts";
import { rowsPerBatch } from "./sender-records.ts";
import { type LinkProfile, openShapedLink } from "./shaped-link.ts";

/** Of the process that catches up, with Node.js itself. */
const maxRssMb = 250;
/** Spread over the outage. */
const oldAlerts = 100;
/**
 * Over what it is caught up, how long it lasted, how often an alert is raised meanwhile, and how much of the backlog may be ahead of
 * one: no more than the link carries in a second, and over the thinnest in four, as no less than an envelope or two can be under way.
 * No clock of a busy machine is asked, but for an end to a catching up that never comes to one.
 */
const links: readonly OutageLink[] = [
  { name: "good", hours: 36, points: 8, alertEveryMs: 500, maxBytesAhead: 1_000_000, patienceMinutes: 30 },
  {
    name: "thin",
    hours: 36,
    latencyMs: 40,
    bytesPerSecond: 256_000,
    points: 4,
    alertEveryMs: 500,
    maxBytesAhead: 256_000,
    patienceMinutes: 30,
  },
  {
    name: "thinnest",
    hours: 12,
    latencyMs: 300,
    bytesPerSecond: 2_000,
    points: 1,
    alertEveryMs: 5_000,
    maxBytesAhead: 8_000,
    patienceMinutes: 120,
  },
];

interface OutageLink extends LinkProfile {
  readonly hours: number;
  readonly points: number;
  readonly alertEveryMs: number;
  readonly maxBytesAhead: number;
  readonly patienceMinutes: number;
}

export const runOutage: FaultModule = async (options) => {
  const ledger = createFaultLedger(options.say);
  const site = await startFaultSite({ name: "outage" });
  const figures: Record<string, unknown> = {};
  try {
    for (const profile of links) {
      const run = await ledger.attempt(profile.name, () => catchUp(site, profile, options.seed));
      if (run === null) continue;
      figures[profile.name] = run.figures;
      await site.collector.stop();
      await ledger.run(`${profile.name}: everything arrives once`, () =>
        site.withRecord((record) => auditSender(record, run.sender.plan, run.claim)),
      );
      await site.collector.start();
      ledger.check(
        `${profile.name}: alerts overtake`,
        run.figures.liveAlerts > 0 && run.bytesAhead <= profile.maxBytesAhead,
        `${run.bytesAhead} bytes of the backlog went ahead of one of ${run.figures.liveAlerts} live alerts`,
      );
      const { largestRssMb } = run.figures;
      ledger.check(
        `${profile.name}: the process stays small`,
        largestRssMb <= maxRssMb,
        `it took ${largestRssMb} MB`,
      );
    }
  } finally {
    await site.close();
  }
  return ledger.report(figures);
};

async function catchUp(site: FaultSite, profile: OutageLink, seed: number) {
  const link = await openShapedLink(
    site.broker.port,
    { name: "cut", offline: { everyMs: 1, forMs: 2 } },
    seed,
  );
  const { hours, points } = profile;
  const name = `outage-${profile.name}`;
  const path = join(site.folder, name, "gateway.db");
  const startMs = Date.now() - (hours + 1) * hourMs;
  const url = `mqtt://127.0.0.1:${link.port}`;
  const sender = await startSender({ name, startMs, path, url });
  const bystander = await startBystander(join(site.folder, "bystander"));
  try {
    await sender.backlog({ hours, points, alerts: oldAlerts });
    const { records } = await sender.state();
    const bytesOnDisk = statSync(path).size;
    link.become(profile);
    await until(sender, ({ connected }) => connected);
    const beganMs = performance.now();
    // The old alerts are first of all: what is raised now must not wait for the rest.
    await until(sender, ({ alerts }) => alerts === 0);
    const watch = watchAnswers([bystander.url]);
    let live = 0;
    let largestRss = 0;
    for (let state = await sender.state(); state.records > 10; state = await sender.state()) {
      largestRss = Math.max(largestRss, state.rssBytes);
      if (performance.now() - beganMs > profile.patienceMinutes * 60_000)
        throw new Error(`${state.records} records are left after ${profile.patienceMinutes} minutes`);
      await sender.append("alerts", oldAlerts + live++, 1);
      await delay(profile.alertEveryMs);
    }
    const seconds = (performance.now() - beganMs) / 1000;
    const [hostMs = 0] = await watch.stop();
    const caughtUp = await sender.untilEmpty(patienceMs);
    const busy = caughtUp.alertDelaysMs.slice();
    const bytesAhead = Math.max(...caughtUp.bytesAheadOfAlerts);
    const quiet = 10;
    for (let more = 0; more < quiet; more++) {
      await sender.append("alerts", oldAlerts + live++, 1);
      await delay(200);
    }
    const all = (await sender.untilEmpty(patienceMs)).alertDelaysMs;
    const quietMs = computeQuantile(all.slice(busy.length), 0.5);
    const batches = (hours * 60) / rowsPerBatch;
    return {
      sender,
      bytesAhead,
      claim: { alerts: oldAlerts + live, batches, points, stepMs: 60_000 },
      figures: {
        records,
        bytesOnDisk,
        bytesOnLink: link.bytes,
        seconds: Number(seconds.toFixed(1)),
        liveAlerts: busy.length,
        bytesAhead,
        liveAlertMs: {
          quiet: Math.round(quietMs),
          p95: Math.round(computeQuantile(busy, 0.95)),
          max: Math.round(Math.max(...busy)),
          host: hostMs,
        },
        largestRssMb: Math.round(largestRss / 1e6),
      },
    };
  } finally {
    bystander.end();
    await sender.kill();
    await link.close();
  }
}

async function until(
  sender: SenderProcess,
  holds: (state: Awaited<ReturnType<SenderProcess["state"]>>) => boolean,
): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!holds(await sender.state())) {
    if (performance.now() > endMs) throw new Error("the link does not come back");
    await delay(20);
  }
}
