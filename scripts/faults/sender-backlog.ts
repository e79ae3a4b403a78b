/** What a gateway of many points gathers in hours without a link, appended by a clock of its own, as fast as the disk takes it. */

import type { FeatureSketch } from "../../src/core/contract/uplink-record.ts";
import { minuteMs } from "../../src/core/maths/durations.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import type { Outbox } from "../../src/gateway/record/outbox.ts";
import {
  healthOf,
  numberedAlert,
  numberedBatch,
  rowsPerBatch,
  type SenderIdentity,
  turbineOf,
} from "./sender-records.ts";

export interface BacklogOrder {
  readonly hours: number;
  readonly points: number;
  /** Alerts, spread over the time. */
  readonly alerts: number;
}

const minutesPerReport = 10;
const columns = 40;
const windowsPerReport = 500;

/** Appends it: a row a minute and point, a summary of drift every ten minutes, health every minute, and alerts. */
export function appendBacklog({
  outbox,
  identity,
  order,
  setClock,
}: {
  readonly outbox: Outbox;
  readonly identity: SenderIdentity;
  readonly order: BacklogOrder;
  readonly setClock: (nowMs: number) => void;
}): void {
  const minutes = order.hours * 60;
  const random = createRandom(17);
  let alerts = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    const nowMs = identity.startMs + minute * minuteMs;
    setClock(nowMs);
    if (minute % rowsPerBatch === 0) {
      for (let turbine = 0; turbine < order.points; turbine++)
        outbox.append(numberedBatch(identity, minute / rowsPerBatch - 1, { turbine, stepMs: minuteMs }));
    }
    if (minute % minutesPerReport === 0) {
      for (let turbine = 0; turbine < order.points; turbine++) {
        outbox.append({
          kind: "drift-report",
          site: identity.name,
          turbine: turbineOf(identity.name, turbine),
          component: "generator-bearing",
          modelName: "bearing-vibration",
          modelVersion: "1.0.0",
          modelDigest: "0".repeat(64),
          fromMs: nowMs - minutesPerReport * minuteMs,
          toMs: nowMs,
          sketches: Array.from({ length: columns }, (_, feature) => inventSketch(feature, random)),
        });
      }
    }
    outbox.append(healthOf(nowMs));
    for (; alerts < Math.floor((minute / minutes) * order.alerts); alerts++) {
      const event = numberedAlert(identity, alerts);
      outbox.append({ kind: "alert", id: event.id, json: JSON.stringify(event) });
    }
  }
  outbox.flush();
}

function inventSketch(feature: number, random: { integer(bound: number): number }): FeatureSketch {
  const counts = Array.from({ length: 16 }, () => 0);
  for (let window = 0; window < windowsPerReport; window++)
    counts[(random.integer(8) + random.integer(9)) % 16]! += 1;
  return { feature, counts, invalid: 0, mean: 0.1, sumSquares: windowsPerReport, min: -3, max: 3 };
}
