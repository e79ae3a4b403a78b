/** Sends what four turbines would have reported over the last hour. */

import type { ComponentCondition, ComponentHealth } from "../../src/core/contract/turbine-state.ts";
import type { PredictionBatch } from "../../src/core/contract/uplink-record.ts";
import { computeRisk } from "../../src/core/decision/compute-risk.ts";
import { describeLane } from "../../src/core/decision/roll-up-health.ts";
import { until } from "../support/until.ts";
import { countStates, type TestFleet, type TestGateway } from "./fleet-fixture.ts";
import {
  alertEvent,
  alertRecord,
  driftReport,
  model,
  predictionBatch,
  turbineState,
} from "./fleet-records.ts";

const component = "gearbox-hss-bearing";

export async function seedFleet(fleet: TestFleet, gateway: TestGateway): Promise<void> {
  const { topics, digest } = fleet;
  const nowMs = Date.now();
  const iso = (timeMs: number): string => new Date(timeMs).toISOString();
  await gateway.publish(topics.status("gw-1"), {
    gateway: "gw-1",
    online: true,
    time: iso(nowMs),
    version: "0.1.0",
    config: null,
  });
  for (const turbine of ["WT-01", "WT-02", "WT-03", "WT-04"]) {
    const faulty = turbine === "WT-02";
    if (turbine !== "WT-04") {
      const batch = predictionBatch(turbine, nowMs, { rows: 180, stepMs: 20_000, faulty });
      await gateway.send(turbine === "WT-03" ? learningBatch(batch) : batchWithRisk(batch));
      for (let interval = 0; interval < 3; interval++) {
        const shift = faulty ? 1.6 : 0;
        const seed = 100 * turbine.charCodeAt(4) + interval;
        await gateway.send(driftReport(turbine, nowMs - interval, digest, { windows: 120, shift, seed }));
      }
    }
    await gateway.publish(topics.state("north-sea", turbine), describeState(turbine, nowMs, digest));
  }
  await until(async () => (await countStates(fleet)) === 4, "states stored");
  const raisedMs = nowMs - 14 * 60_000;
  const since = iso(raisedMs - 90_000);
  const data = { since, model: model(digest), risk: 0.68, lane: "slow" } as const;
  await gateway.send(
    alertRecord(
      alertEvent("WT-02", "raised", raisedMs, { ...data, probability: 0.941, risk: 0.5, score: 2.77 }),
    ),
    alertRecord(alertEvent("WT-02", "updated", nowMs - 40_000, data)),
    alertRecord(
      alertEvent("WT-03", "raised", nowMs - 50 * 60_000, {
        failureMode: "outer-race",
        severity: "warning",
        probability: 0.92,
        risk: null,
        lane: "fast",
        model: model(digest),
      }),
    ),
    alertRecord(
      alertEvent("WT-03", "cleared", nowMs - 31 * 60_000, {
        failureMode: "outer-race",
        severity: "warning",
        probability: 0.31,
        score: -0.8,
        model: model(digest),
        since: iso(nowMs - 50 * 60_000),
      }),
    ),
  );
  await gateway.send({
    kind: "health",
    timeMs: nowMs,
    uptimeMs: 3_720_000,
    rssBytes: 96e6,
    windowsProcessed: 37_440,
    windowsQuarantined: 9,
    windowsDropped: 0,
    quarantined: { gap: 6, stuck: 3 },
    outboxRecords: 4,
  });
  const step = {
    kind: "update",
    modelName: "bearing-vibration",
    fromVersion: "1.1.0",
    toVersion: "1.2.0",
  } as const;
  await gateway.send(
    {
      ...step,
      timeMs: nowMs - 3_600_000,
      step: "proved",
      detail: "24 golden vectors reproduced bit for bit",
    },
    {
      ...step,
      timeMs: nowMs - 3_590_000,
      step: "activated",
      detail: "between two windows; none was skipped",
    },
    {
      kind: "event",
      timeMs: nowMs - 1_200_000,
      name: "schema-drift.rate",
      subject: "WT-03/vibration",
      detail: "expected 12 000 Hz, the device sends 11 980 Hz",
    },
  );
  await gateway.sendRaw("raw", new TextEncoder().encode("not an envelope"));
}

/** The first fifth is learnt, and then the risk is known. */
function batchWithRisk(batch: PredictionBatch): PredictionBatch {
  const modes = batch.failureModes.length;
  const learnt = batch.timesMs.length / 5;
  const riskOf = (probability: number, cell: number): number | null =>
    cell < learnt * modes ? null : computeRisk(probability, 0.058);
  return {
    ...batch,
    meanRisk: batch.meanProbability.map(riskOf),
    maxRisk: batch.maxProbability.map(riskOf),
    isLearning: batch.timesMs.map((_, row) => row < learnt),
  };
}

/** A healthy machine that the model finds suspicious, as machines that it has not learnt are. */
function learningBatch(batch: PredictionBatch): PredictionBatch {
  return {
    ...batch,
    meanProbability: batch.meanProbability.map((probability) => 0.72 + probability),
    maxProbability: batch.maxProbability.map((probability) => Math.min(1, 0.78 + probability)),
    isLearning: batch.timesMs.map(() => true),
  };
}

function describeState(turbine: string, nowMs: number, digest: string): object {
  const time = new Date(nowMs).toISOString();
  const one = (
    health: ComponentHealth,
    reason: string | null,
    sinceMs: number | null,
  ): ComponentCondition => {
    return { component, health, reason, sinceMs };
  };
  if (turbine === "WT-02") {
    const probability = 0.972;
    const risk = 0.68;
    const mode = { component, failureMode: "inner-race", probability, risk };
    const alarm = { ...mode, state: "unacknowledged", since: time, lane: "slow", severity: "critical" };
    return turbineState(turbine, nowMs, digest, {
      health: "alarm",
      alarms: [alarm as never],
      components: [
        one("critical", `inner race: ${describeLane("slow")}`, nowMs - 14 * 60_000),
        { ...one("good", null, null), component: "main-bearing" },
        { ...one("no-data", "no data", nowMs - 3 * 3_600_000), component: "generator-bearing" },
      ],
      lastScores: [
        { ...mode, time },
        { ...mode, component: "main-bearing", failureMode: "ball", probability: 0.4, risk: 0.031, time },
      ],
    });
  }
  if (turbine === "WT-04") {
    return turbineState(turbine, nowMs, digest, {
      operatingState: "standby",
      health: "information-unavailable",
      components: [one("no-data", "the turbine stands by", nowMs - 600_000)],
      lastScores: [],
    });
  }
  return turbineState(turbine, nowMs, digest, {
    ...(turbine === "WT-03"
      ? {
          operatingState: "partial-performance" as const,
          components: [one("learning", "240 of 600 windows", null)],
          lastScores: [{ component, failureMode: "ball", probability: 0.78, risk: null, time }],
          baselines: [
            {
              component,
              state: "learning" as const,
              version: 0,
              windows: 240,
              neededWindows: 600,
              suspicions: [],
              severityDb: null,
            },
          ],
        }
      : {
          components: [one("good", null, null)],
          lastScores: [{ component, failureMode: "ball", probability: 0.3, risk: 0.026, time }],
        }),
  });
}
