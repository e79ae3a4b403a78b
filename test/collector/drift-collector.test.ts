/** A running collector assesses what gateways send, and answers with the verdicts. */
import { expect, test } from "vitest";
import { driftPerformanceReplySchema } from "../../src/core/contract/drift-performance-schema.ts";
import type { DriftVerdict } from "../../src/core/contract/drift-verdict.ts";
import { outcomeEventName } from "../../src/core/drift/outcome-event.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { connectGateway, startTestFleet } from "./fleet-fixture.ts";
import { driftReport } from "./fleet-records.ts";

const periodMs = 10_000;

test("a period has its verdict soon after its gateway went on to the next, without anybody asking", async () => {
  const folder = createTemporaryFolder();
  const fleet = await startTestFleet(
    folder,
    {},
    { drift: { periodSeconds: periodMs / 1_000, learnDays: 5 } },
  );
  const gateway = await connectGateway(fleet);
  try {
    const nowMs = Math.floor(Date.now() / periodMs) * periodMs;
    const send = async (period: number, digest = fleet.digest): Promise<void> => {
      const toMs = nowMs - period * periodMs;
      const report = driftReport("wt-01", toMs, digest, { windows: 40, shift: 0, seed: period });
      await gateway.send({ ...report, fromMs: toMs - periodMs });
    };
    for (const period of [4, 3, 2]) await send(period);
    const read = async (): Promise<readonly DriftVerdict[]> => {
      const { body } = await fleet.getJson("/api/v1/drift/verdicts");
      return (body as { readonly verdicts: readonly DriftVerdict[] }).verdicts;
    };
    await until(async () => (await fleet.collector.record.driftBacklog()).openPeriods <= 1, "two verdicts");
    const [verdict] = await read();
    expect(verdict).toMatchObject({ turbine: "wt-01", modelDigest: fleet.digest, rows: 40 });
    expect(["learning", "insufficient"]).toContain(verdict!.level);
    // Counted when the run is over.
    await until(async () => {
      const metrics = await (await fetch(`${fleet.collector.url}/metrics`)).text();
      return (
        /aurora_drift_verdicts_total\{level="[a-z]+"\} [23]/.test(metrics) &&
        /aurora_drift_run_seconds \d/.test(metrics)
      );
    }, "verdicts counted");
    // A day that is to come has no place in any list.
    await send(-9_000);
    const { body } = await fleet.getJson("/api/v1/quarantine");
    expect(body).toMatchObject({
      items: [{ topic: fleet.topics.up("gw-1", "drift"), reason: "drift-clock", messages: 1 }],
    });
  } finally {
    await gateway.close();
    await fleet.collector.close();
  }
});

test("outcomes that somebody confirmed come in as events of a gateway, and turn the watch against the model", async () => {
  const folder = createTemporaryFolder();
  const fleet = await startTestFleet(folder);
  const gateway = await connectGateway(fleet);
  try {
    const nowMs = Date.now();
    const confirm = async (index: number, isFault: boolean): Promise<void> => {
      const outcome = { modelDigest: fleet.digest, raised: false, risk: 0.02, isFault };
      await gateway.send({
        kind: "event",
        timeMs: nowMs - 3_600_000 + index,
        name: outcomeEventName,
        subject: "north-sea/wt-01/generator-bearing",
        detail: JSON.stringify(outcome),
      });
    };
    const read = async () => {
      const { status, body } = await fleet.getJson("/api/v1/drift/performance");
      return { status, models: driftPerformanceReplySchema().parse(body).models };
    };
    expect(await read()).toEqual({ status: 200, models: [] });
    for (let index = 0; index < 3; index++) await confirm(index, false);
    await until(async () => (await read()).models[0]?.verdict.outcomes === 3, "three outcomes");
    expect((await read()).models).toMatchObject([{ modelDigest: fleet.digest, contradictedMs: null }]);
    for (let index = 3; index < 8; index++) await confirm(index, true);
    await until(async () => (await read()).models[0]?.contradictedMs !== null, "a contradiction");
    const { contradictedMs, contradictedBy } = (await read()).models[0]!;
    expect(contradictedMs).toBeGreaterThan(nowMs - 3_600_000);
    expect(contradictedBy).toBe("more-faults");
  } finally {
    await gateway.close();
    await fleet.collector.close();
  }
});
