/**
 * Whether this run can fail: an acknowledgement before anything is stored, and a record from which something is taken,
 * doubled or changed behind the collector's back. Each must be counted; one that is not is the violation.
 */
import { join } from "node:path";
import pg from "pg";
import { createTopics } from "../../src/core/contract/topics.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { decodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { encodeUplinkAck } from "../../src/core/wire/uplink-ack.ts";
import { hasPostgres } from "../../test/support/scratch-postgres.ts";
import { auditSender, type SenderClaim } from "./audit-sender.ts";
import { patienceMs } from "./daemon-process.ts";
import { createFaultLedger, type FaultLedger, type FaultModule } from "./fault-ledger.ts";
import { type FaultEngine, type FaultSite, startFaultSite } from "./fault-site.ts";
import { planSender, type SenderProcess, startSender } from "./sender-process.ts";
import { alertId } from "./sender-records.ts";

const topics = createTopics("aurora/v1");
const claim = { alerts: 4, batches: 4 };

export const runSelfCheck: FaultModule = async (options) => {
  const ledger = createFaultLedger(options.say);
  const engines: readonly FaultEngine[] = hasPostgres ? ["sqlite", "postgres"] : ["sqlite"];
  for (const engine of engines) await checkAudits(engine, ledger);
  return ledger.report({ engines });
};

/** Notes for each violation that is made on purpose whether it is seen, in one engine. */
async function checkAudits(engine: FaultEngine, ledger: FaultLedger): Promise<void> {
  const site = await startFaultSite({ name: `self-check-${engine}`, engine });
  try {
    const robbed = await sendAll(site, "robbed");
    await site.stop();
    const believer = await sendAll(site, "believer", liar(site));
    const { name, startMs } = robbed.plan;
    ledger.check(
      `${engine}: a whole record is found whole`,
      (await audit(site, robbed, claim)).length === 0,
      "it is not",
    );
    const believed = (await audit(site, believer, claim)).join("; ");
    ledger.check(
      `${engine}: what is acknowledged and not stored`,
      believed.includes("4 of 4 alerts are lost") && believed.includes("20 of 20 rows"),
      `the audit says "${believed}"`,
    );
    const thefts = [
      {
        what: "a row that counts twice",
        sql: `UPDATE prediction SET windows = 2 WHERE time_ms = ${startMs + 1_000}`,
        words: "1 rows of robbed-t0 are stored twice",
      },
      {
        what: "a row that is gone",
        sql: `DELETE FROM prediction WHERE time_ms BETWEEN ${startMs} AND ${startMs + 2_000}`,
        words: "3 of 20 rows of robbed-t0 are neither stored nor declared",
      },
      {
        what: "an alert that is gone",
        sql: `DELETE FROM alert_event WHERE id = '${alertId(name, 0)}'`,
        words: "1 of 4 alerts are lost",
      },
      {
        what: "newer rows that are gone, while older ones are forgiven and most of them there",
        sql: `DELETE FROM prediction WHERE time_ms >= ${startMs + 18_000}`,
        words: "2 of 10 rows of robbed-t0 are neither stored nor declared",
        claimed: { ...claim, older: { alerts: 2, batches: 2, isForgiven: true, changedRecords: 0 } },
      },
    ];
    for (const { what, sql, words, claimed = claim } of thefts) {
      await execute(site, sql);
      const found = (await audit(site, robbed, claimed)).join("; ");
      ledger.check(`${engine}: ${what}`, found.includes(words), `the audit says "${found}"`);
    }
  } finally {
    await site.close();
  }
}

/** A gateway that brings everything away; `around` runs meanwhile. */
async function sendAll(
  site: FaultSite,
  name: string,
  around?: () => () => Promise<void>,
): Promise<SenderProcess> {
  const sender = await startSender(planSender(site, name));
  const end = around?.();
  try {
    await sender.append("alerts", 0, claim.alerts);
    await sender.append("batches", 0, claim.batches);
    await sender.untilEmpty(patienceMs);
  } finally {
    await sender.kill();
    await end?.();
  }
  return sender;
}

/** Somebody who acknowledges everything at once, as a collector does that does not wait for its commit. */
function liar(site: FaultSite): () => () => Promise<void> {
  return () => {
    const client = createMqttClient({ url: site.brokerUrl, clientId: "liar" });
    const stop = site.listen((topic, payload) => {
      if (!topic.includes("/up/")) return;
      const envelope = decodeUplinkEnvelope(payload);
      if (!envelope.ok) return;
      const { gateway, bootId, lane, firstSequence, records } = envelope.value;
      const ack = encodeUplinkAck({ bootId, lane, sequence: firstSequence + records.length - 1 });
      client.publish(topics.ack(gateway), ack, { qos: 1, retain: false }).catch(() => {});
    });
    return async () => {
      stop();
      await client.close();
    };
  };
}

async function audit(
  site: FaultSite,
  { plan }: SenderProcess,
  claimed: SenderClaim,
): Promise<readonly string[]> {
  return await site.withRecord((record) => auditSender(record, plan, claimed));
}

/** Changes the record of a collector that does not run. */
async function execute({ recordUrl, folder }: FaultSite, sql: string): Promise<void> {
  if (recordUrl === null) {
    const database = openSqlite(join(folder, "collector", "collector.sqlite"));
    database.exec(sql);
    database.close();
    return;
  }
  const client = new pg.Client(recordUrl);
  await client.connect();
  await client.query(sql);
  await client.end();
}
