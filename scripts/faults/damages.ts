/**
 * Databases that are cut and corrupted, of gateways and of the collector: the daemon starts, takes everything that comes from
 * then on, and says that what was in the file may be missing.
 */
import { join } from "node:path";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { readEvents } from "./audit-park.ts";
import { auditSender } from "./audit-sender.ts";
import { patienceMs } from "./daemon-process.ts";
import { type Damage, damages } from "./damage-file.ts";
import { createFaultLedger, type FaultModule, type FaultOptions } from "./fault-ledger.ts";
import { type FaultSite, startFaultSite } from "./fault-site.ts";
import { planSender, type SenderPlan, startSender } from "./sender-process.ts";

const nowhere = "mqtt://127.0.0.1:9";
const older = { alerts: 60, batches: 120 };
const newer = { alerts: 10, batches: 20 };
const all = { alerts: older.alerts + newer.alerts, batches: older.batches + newer.batches };

export const runDamages: FaultModule = async (options) => {
  const ledger = createFaultLedger(options.say);
  const kinds = damages.map(({ name }) => name);
  const site = await startFaultSite({ name: "damages" });
  try {
    const runs: { readonly name: string; readonly plan: SenderPlan; readonly damage: Damage }[] = [];
    for (let number = 0; number < options.rounds * damages.length; number++) {
      const damage = damages[number % damages.length]!;
      const caseName = `gateway, ${damage.name} (${number})`;
      const plan = await ledger.attempt(caseName, () => damageSender(site, options, number));
      if (plan !== null) runs.push({ name: caseName, damage, plan });
    }
    await site.collector.stop();
    await site.withRecord(async (record) => {
      for (const { name, plan, damage } of runs)
        await ledger.run(name, () => auditDamaged(record, plan, damage));
    });
    for (let number = 0; number < options.rounds * damages.length; number += 2) {
      const { name } = damages[number % damages.length]!;
      await ledger.run(`collector, ${name} (${number})`, () => damageCollector(site, options, number));
    }
  } finally {
    await site.close();
  }
  return ledger.report({ kinds });
};

/** An outbox is damaged while nobody has it open; the next run brings away what is left and what is new. */
async function damageSender(site: FaultSite, options: FaultOptions, number: number): Promise<SenderPlan> {
  const name = `hurt-${number}`;
  const plan = planSender(site, name);
  const { isTraceless, apply } = damages[number % damages.length]!;
  const before = await startSender({ ...plan, url: nowhere });
  await before.append("alerts", 0, older.alerts);
  await before.append("batches", 0, older.batches);
  await before.flush();
  // A tidy end leaves no log.
  if (isTraceless) await before.kill();
  else await before.stop();
  apply(plan.path, createRandom(options.seed).fork(name));
  const after = await startSender(plan);
  await after.append("alerts", older.alerts, newer.alerts);
  await after.append("batches", older.batches, newer.batches);
  await after.untilEmpty(patienceMs);
  await after.stop();
  return after.plan;
}

async function auditDamaged(
  record: FleetRecord,
  plan: SenderPlan,
  { isTraceless, changedBytes }: Damage,
): Promise<readonly string[]> {
  const events = await readEvents(record, plan.name);
  const isDeclared = events.some(({ name }) => name.startsWith("store.")) || isTraceless;
  // A record whose bytes are spoilt is refused by itself, and that is said.
  const quarantined = (await record.quarantine(1_000)).items.some(({ topic }) =>
    topic.includes(`/${plan.name}/`),
  );
  const isForgiven = isDeclared || quarantined;
  return auditSender(record, plan, {
    ...all,
    older: { ...older, isForgiven, changedRecords: changedBytes },
  });
}

/** The collector's record is damaged between two runs. */
async function damageCollector(
  site: FaultSite,
  options: FaultOptions,
  number: number,
): Promise<readonly string[]> {
  const { apply, isTraceless, changedBytes } = damages[number % damages.length]!;
  const path = join(site.folder, "collector", "collector.sqlite");
  const name = `steady-${number}`;
  if (!site.collector.isRunning) await site.collector.start();
  await site.untilReady();
  const sender = await startSender(planSender(site, name));
  let damagedMs = Number.NaN;
  try {
    await sender.append("alerts", 0, older.alerts);
    await sender.append("batches", 0, older.batches);
    await sender.untilEmpty(patienceMs);
    if (isTraceless) await site.collector.kill();
    else await site.collector.stop();
    apply(path, createRandom(options.seed).fork(name));
    damagedMs = Date.now();
    await site.collector.start();
    await site.untilReady();
    await sender.append("alerts", older.alerts, newer.alerts);
    await sender.append("batches", older.batches, newer.batches);
    await sender.untilEmpty(patienceMs);
  } finally {
    await sender.kill();
  }
  await site.collector.stop();
  return await site.withRecord(async (record) => {
    const events = await readEvents(record);
    // What damaged it before was told of then.
    const isDeclared = events.some(({ name, timeMs }) => name === "store.corrupted" && timeMs >= damagedMs);
    return await auditSender(record, sender.plan, {
      ...all,
      older: { ...older, isForgiven: isDeclared || isTraceless, changedRecords: changedBytes },
    });
  });
}
