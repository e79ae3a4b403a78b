/** Eight bad links between gateways and their broker, at once: everything arrives, once, and alerts do not wait for the rest. */
import { setTimeout as delay } from "node:timers/promises";
import { computeQuantile } from "../../src/core/maths/robust.ts";
import { auditSender } from "./audit-sender.ts";
import { patienceMs } from "./daemon-process.ts";
import { createFaultLedger, type FaultModule } from "./fault-ledger.ts";
import { type FaultSite, startFaultSite } from "./fault-site.ts";
import { planSender, startSender } from "./sender-process.ts";
import { type LinkProfile, openShapedLink } from "./shaped-link.ts";

/** The eight. */
const linkProfiles: readonly LinkProfile[] = [
  { name: "offline", offline: { everyMs: 8_000, forMs: 4_000 } },
  { name: "satellite", latencyMs: 300, jitterMs: 30, bytesPerSecond: 32_000 },
  {
    name: "cellular",
    latencyMs: 60,
    jitterMs: 80,
    bytesPerSecond: 100_000,
    lossShare: 0.05,
    lossMs: 2_000,
  },
  { name: "slow", latencyMs: 20, bytesPerSecond: 1_500 },
  { name: "half-open", muteAfterMs: 4_000 },
  { name: "resets", latencyMs: 5, resetAfterMs: 2_500 },
  { name: "deaf", deaf: { everyMs: 9_000, forMs: 4_000 } },
  { name: "twice-and-late", latencyMs: 5, twiceShare: 0.4, lateShare: 0.4, lateMs: 3_000 },
];

/** A gateway notices a link that says nothing after one and a half of these (s); the default of 30 would only be longer. */
const keepaliveSeconds = 4;

export const runLinks: FaultModule = async (options) => {
  const ledger = createFaultLedger(options.say);
  const site = await startFaultSite({ name: "links" });
  const figures: Record<string, unknown> = {};
  try {
    const runs = await Promise.allSettled(
      linkProfiles.map((profile) =>
        sendOver(site, profile, { alerts: 6 * options.rounds, seed: options.seed }),
      ),
    );
    await site.collector.stop();
    await site.withRecord(async (record) => {
      for (const [index, run] of runs.entries()) {
        const { name } = linkProfiles[index]!;
        await ledger.run(name, async () => {
          if (run.status === "rejected") throw run.reason;
          figures[name] = run.value.figures;
          return auditSender(record, run.value.identity, run.value.claim);
        });
      }
      const { messages } = await record.quarantine(0);
      ledger.check("nothing is set aside", messages === 0, `${messages} messages were set aside`);
    });
  } finally {
    await site.close();
  }
  return ledger.report(figures);
};

/** Sends alerts and predictions over a link for as long as it takes. */
async function sendOver(
  site: FaultSite,
  profile: LinkProfile,
  { alerts, seed }: { readonly alerts: number; readonly seed: number },
) {
  const link = await openShapedLink(site.broker.port, profile, seed);
  const name = `link-${profile.name}`;
  const sender = await startSender({
    ...planSender(site, name),
    startMs: Date.now() - 600_000,
    url: `mqtt://127.0.0.1:${link.port}`,
    keepaliveSeconds,
  });
  try {
    for (let number = 0; number < alerts; number++) {
      await sender.append("alerts", number, 1);
      await sender.append("batches", number * 2, 2);
      await delay(400);
    }
    const { alertDelaysMs, bytesSent, timeouts } = await sender.untilEmpty(patienceMs);
    const seconds = (share: number): number =>
      Number((computeQuantile(alertDelaysMs, share) / 1000).toFixed(2));
    return {
      identity: sender.plan,
      claim: { alerts, batches: alerts * 2 },
      figures: {
        alerts,
        alertSeconds: { p50: seconds(0.5), p95: seconds(0.95), max: seconds(1) },
        bytesSent,
        timeouts,
        connections: link.connections,
      },
    };
  } finally {
    await sender.kill();
    await link.close();
  }
}
