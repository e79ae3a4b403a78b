/** Sends what four turbines would have reported over the last hour. */

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
      await gateway.send(predictionBatch(turbine, nowMs, { rows: 180, stepMs: 20_000, faulty }));
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
  const data = { since, model: model(digest) };
  await gateway.send(
    alertRecord(alertEvent("WT-02", "raised", raisedMs, { ...data, probability: 0.941, score: 2.77 })),
    alertRecord(alertEvent("WT-02", "updated", nowMs - 40_000, data)),
    alertRecord(
      alertEvent("WT-03", "raised", nowMs - 50 * 60_000, {
        failureMode: "outer-race",
        severity: "warning",
        probability: 0.92,
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

function describeState(turbine: string, nowMs: number, digest: string): object {
  const time = new Date(nowMs).toISOString();
  if (turbine === "WT-02") {
    const probability = 0.972;
    const alarm = { component, failureMode: "inner-race", state: "unacknowledged", since: time, probability };
    return turbineState(turbine, nowMs, digest, {
      health: "alarm",
      alarms: [alarm as never],
      lastScores: [{ component, failureMode: "inner-race", probability, time }],
    });
  }
  if (turbine === "WT-04") {
    return turbineState(turbine, nowMs, digest, {
      operatingState: "standby",
      health: "information-unavailable",
      lastScores: [],
    });
  }
  return turbineState(turbine, nowMs, digest, {
    ...(turbine === "WT-03" ? { operatingState: "partial-performance" as const } : {}),
  });
}
