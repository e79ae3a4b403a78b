/** The defects that were once found in what had landed, each as the attack that found it. Some are parts of their own, in each engine where the record matters: 2 is in disks, 3 in kills, 4 in clocks. */
import { hasPostgres } from "../../test/support/scratch-postgres.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { attackCollector } from "./collector-defects.ts";
import { createFaultLedger, type FaultModule } from "./fault-ledger.ts";
import { type FaultEngine, type FaultSite, startFaultSite } from "./fault-site.ts";
import { attackGateway } from "./gateway-defects.ts";
import { makeEnrolmentKey } from "./record-defects.ts";

/**
 * As SCALING.md asks for. By default 20 messages are under way to a subscriber, so that neighbours wait behind a flood at the broker, and
 * what comes when 1,000 wait is dropped, which gateways send again and this does not.
 */
const brokerLines = ["max_inflight_messages 0", "max_queued_messages 100000"];
/** By default the broker drops the largest envelopes before the collector sees them. */
const maxPacketBytes = 4_194_304;

export const runDefects: FaultModule = async (options) => {
  const ledger = createFaultLedger(options.say);
  const figures: Record<string, unknown> = {};
  const scratch = createScratchFolder("faults-enrolment");
  const enrolment = makeEnrolmentKey(scratch.path);
  const attack = async (engine: FaultEngine, work: (site: FaultSite) => Promise<void>): Promise<void> => {
    const name = `defects-${engine}`;
    const mqtt = { enrolmentKeyFile: enrolment.path, embedded: { maxPacketBytes } };
    const site = await startFaultSite({ name, engine, brokerLines, mqtt });
    try {
      await work(site);
    } finally {
      await site.close();
    }
  };
  await attack("sqlite", async (site) => {
    Object.assign(figures, await attackGateway(site, ledger));
    figures.sqlite = await attackCollector(site, ledger, { engine: "sqlite", enrolment });
  });
  if (hasPostgres) {
    await attack("postgres", async (site) => {
      figures.postgres = await attackCollector(site, ledger, { engine: "postgres", enrolment });
    });
  }
  scratch.remove();
  return ledger.report(figures);
};
