/**
 * Full disks: a gateway's, at every write from the first page to the last or from its first start on, and its power is cut
 * while the disk is full; and the collector's. Alerts are kept, other records are kept or declared, all of them declared
 * where not even the first page had room, and what the collector cannot store stays with its sender.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import type { Lane } from "../../src/core/contract/topics.ts";
import { until } from "../../test/support/until.ts";
import { readEvents } from "./audit-park.ts";
import { auditSender, type SenderClaim } from "./audit-sender.ts";
import { patienceMs } from "./daemon-process.ts";
import { createFaultLedger, type FaultLedger, type FaultModule } from "./fault-ledger.ts";
import { type FaultSite, startFaultSite } from "./fault-site.ts";
import { planSender, type SenderPlan, startSender } from "./sender-process.ts";
import { mountTinyDisk } from "./tiny-disk.ts";

/** Nobody listens here. */
const nowhere = "mqtt://127.0.0.1:9";
const diskKib = 4_096;
const alertsEach = 6;
const batchesEach = 20;

/** A sender that has brought everything away, and what must be at the collector. */
interface Finished {
  readonly name: string;
  readonly identity: SenderPlan;
  readonly claim: SenderClaim;
  /** Nobody can know what was lost, so that has to be declared of these lanes. */
  readonly unknownOf?: readonly Lane[];
}

export const runDisks: FaultModule = async (options) => {
  const ledger = createFaultLedger(options.say);
  const site = await startFaultSite({ name: "disks" });
  const finished: Finished[] = [];
  let mounted = true;
  try {
    for (let round = 0; round < options.rounds * 2; round++) {
      const leftKib = round * 4;
      const run = await ledger.attempt(`room for ${leftKib} KiB`, () => fillUnderSender(site, leftKib));
      if (run === undefined) mounted = false;
      else if (run !== null) finished.push(run);
    }
    for (let round = 0; round < options.rounds * 2; round++) {
      const pages = 12 + round * 2;
      const run = await ledger.attempt(`a file of ${pages} pages`, () => boundFile(site, pages));
      if (run !== null) finished.push(run);
    }
    const run = await ledger.attempt("a first start on a full disk", () => startOnFullDisk(site));
    if (run !== null && run !== undefined) finished.push(run);
    await site.collector.stop();
    await site.withRecord(async (record) => {
      for (const run of finished)
        await ledger.run(run.name, async () => [
          ...(await auditSender(record, run.identity, run.claim)),
          ...(await auditUnknown(record, run)),
        ]);
    });
  } finally {
    await site.close();
  }
  mounted = (await fillUnderCollector(ledger)) && mounted;
  const skipped = mounted ? {} : { skipped: "disks that fill up: none can be mounted" };
  return ledger.report({ ...skipped, mounted, diskKib, gateways: finished.length });
};

/** The disk fills up while there is no link; the power is cut; later there is room and a link. Undefined: no disk could be mounted. */
async function fillUnderSender(site: FaultSite, leftKib: number): Promise<Finished | undefined> {
  const name = `full-${leftKib}`;
  const disk = mountTinyDisk(join(site.folder, `disk-${leftKib}`), diskKib);
  if (disk === null) return undefined;
  try {
    const plan = { ...planSender(site, name), path: join(disk.path, "gateway.db") };
    const before = await startSender({ ...plan, url: nowhere });
    await before.append("alerts", 0, alertsEach);
    await before.append("batches", 0, batchesEach);
    await before.flush();
    disk.fill(leftKib);
    await before.append("batches", batchesEach, batchesEach);
    await before.append("alerts", alertsEach, alertsEach);
    await before.flush();
    await before.kill();
    disk.free();
    const after = await startSender(plan);
    await after.append("alerts", 2 * alertsEach, 1);
    await after.untilEmpty(patienceMs);
    await after.stop();
    const claim = { alerts: 2 * alertsEach + 1, batches: 2 * batchesEach };
    return { name: `room for ${leftKib} KiB`, identity: after.plan, claim };
  } finally {
    disk.unmount();
  }
}

/** Nothing at all could be written before the kill: what was in memory is gone, and the next start says so. */
async function startOnFullDisk(site: FaultSite): Promise<Finished | undefined> {
  const name = "full-at-first";
  const disk = mountTinyDisk(join(site.folder, "disk-first"), diskKib);
  if (disk === null) return undefined;
  try {
    const plan = { ...planSender(site, name), path: join(disk.path, "gateway.db") };
    disk.fill(0);
    const before = await startSender({ ...plan, url: nowhere });
    await before.append("batches", 0, batchesEach);
    await before.append("alerts", 0, alertsEach);
    await before.flush();
    await before.kill();
    disk.free();
    const after = await startSender(plan);
    await after.append("batches", batchesEach, batchesEach);
    await after.append("alerts", alertsEach, alertsEach);
    await after.untilEmpty(patienceMs);
    await after.stop();
    return {
      name: "a first start on a full disk",
      identity: after.plan,
      claim: {
        alerts: 2 * alertsEach,
        batches: 2 * batchesEach,
        older: { alerts: alertsEach, batches: batchesEach, isForgiven: true, changedRecords: 0 },
      },
      unknownOf: ["alert", "prediction"],
    };
  } finally {
    disk.unmount();
  }
}

/** Of which lanes it is not declared, once, that nobody knows what was lost. */
async function auditUnknown(
  record: FleetRecord,
  { identity, unknownOf = [] }: Finished,
): Promise<readonly string[]> {
  const events = await readEvents(record, identity.name);
  return unknownOf.flatMap((lane) => {
    const declared = events.filter(
      ({ name, detail }) => name === `gap.${lane}` && detail.startsWith("an unknown number"),
    );
    return declared.length === 1 ? [] : [`a loss in the lane ${lane} is declared ${declared.length} times`];
  });
}

/** The file may not grow beyond so many pages; nothing ends, and later it may. */
async function boundFile(site: FaultSite, pages: number): Promise<Finished> {
  const plan = planSender(site, `pages-${pages}`);
  const sender = await startSender({ ...plan, url: nowhere, maxFileBytes: pages * 4_096 });
  await sender.append("batches", 0, batchesEach);
  await sender.append("alerts", 0, alertsEach);
  await sender.append("batches", batchesEach, batchesEach);
  await sender.append("alerts", alertsEach, alertsEach);
  await sender.flush();
  await sender.kill();
  const after = await startSender(plan);
  await after.append("alerts", 2 * alertsEach, 1);
  await after.untilEmpty(patienceMs);
  await after.stop();
  return {
    name: `a file of ${pages} pages`,
    identity: after.plan,
    claim: { alerts: 2 * alertsEach + 1, batches: 2 * batchesEach },
  };
}

/** False: no disk could be mounted. */
async function fillUnderCollector(ledger: FaultLedger): Promise<boolean> {
  const folder = mountTinyDisk(join("/tmp", `aurora-faults-collector-${process.pid}`), 16_384);
  if (folder === null) return false;
  const stateDir = join(folder.path, "state");
  mkdirSync(stateDir);
  const site = await startFaultSite({ name: "disk-of-collector", stateDir });
  try {
    await ledger.run("a collector's disk fills up", async () => {
      const sender = await startSender(planSender(site, "patient"));
      await sender.append("alerts", 0, 10);
      await sender.untilEmpty(patienceMs);
      folder.fill(0);
      await sender.append("alerts", 10, 400);
      await sender.append("batches", 0, 400);
      await sender.flush();
      const isReady = async (): Promise<boolean> => (await fetch(`${site.collector.url}/-/ready`)).ok;
      let saysSo = true;
      await until(async () => !(await isReady()), "a full collector says so", patienceMs).catch(() => {
        saysSo = false;
      });
      const { alerts } = await sender.state();
      ledger.check(
        "a full collector acknowledges nothing",
        alerts > 0,
        "alerts are acknowledged on a full disk",
      );
      ledger.check("a full collector says so", saysSo, "it is ready on a full disk");
      await site.collector.kill();
      folder.free();
      await site.collector.start();
      await sender.untilEmpty(patienceMs);
      await sender.stop();
      await site.collector.stop();
      const claim = { alerts: 410, batches: 400 };
      return site.withRecord((record) => auditSender(record, sender.plan, claim));
    });
  } finally {
    await site.close();
    folder.unmount();
  }
  return true;
}
