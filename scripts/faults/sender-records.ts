/** Records that say by their numbers which one they are, as a gateway of one turbine would send them. */
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import type { EventRecord, HealthRecord, PredictionBatch } from "../../src/core/contract/uplink-record.ts";

/** Rows of one batch. */
export const rowsPerBatch = 5;
const failureModes = ["ball", "inner-race", "outer-race"];

/** What numbers are counted from. */
export interface SenderIdentity {
  /** Of the gateway, its site and (with a suffix) its turbine. */
  readonly name: string;
  /** Time of record 0, epoch ms. */
  readonly startMs: number;
}

/** Turbine `index` of a sender. */
export function turbineOf(name: string, index = 0): string {
  return `${name}-t${index}`;
}

/** Alert `number` (from 0): an alarm is raised by the even ones and cleared by the odd ones. */
export function numberedAlert({ name, startMs }: SenderIdentity, number: number): AlertEvent {
  const transition = number % 2 === 0 ? "raised" : "cleared";
  const time = new Date(startMs + number * 100).toISOString();
  return {
    specversion: "1.0",
    id: alertId(name, number),
    source: `/${name}/${turbineOf(name)}`,
    type: `io.aurora.alert.${transition}.v1`,
    time,
    subject: "generator-bearing",
    datacontenttype: "application/json",
    data: {
      turbine: turbineOf(name),
      site: name,
      component: "generator-bearing",
      failureMode: "outer-race",
      severity: "critical",
      state: transition === "raised" ? "unacknowledged" : "normal",
      probability: 0.97,
      score: 3.5,
      threshold: 0.9,
      horizonHours: null,
      since: time,
      operatingState: "full-performance",
      window: { from: time, to: time, id: `w${number}` },
      explanation: { baseValue: -2, groups: [{ name: "outer-race", share: 4.6 }], gap: 0 },
      model: { name: "bearing-vibration", version: "1.0.0", digest: "0".repeat(64) },
      traceId: `t${number}`,
    },
  };
}

export function alertId(name: string, number: number): string {
  return `${name}/${number}`;
}

/** Batch `number` (from 0): five rows of one window each, `stepMs` apart. */
export function numberedBatch(
  { name, startMs }: SenderIdentity,
  number: number,
  { turbine = 0, stepMs = 1_000 }: { readonly turbine?: number; readonly stepMs?: number } = {},
): PredictionBatch {
  const rows = Array.from({ length: rowsPerBatch }, (_, row) => number * rowsPerBatch + row);
  const cells = rows.flatMap((row) => failureModes.map((_, mode) => ((row * 7 + mode * 3) % 100) / 1000));
  return {
    kind: "prediction-batch",
    site: name,
    turbine: turbineOf(name, turbine),
    component: "generator-bearing",
    modelName: "bearing-vibration",
    modelVersion: "1.0.0",
    failureModes,
    timesMs: rows.map((row) => startMs + row * stepMs),
    windows: rows.map(() => 1),
    meanProbability: cells,
    maxProbability: cells,
    shaftRpm: rows.map(() => 1_500),
  };
}

export function numberedEvent({ startMs }: SenderIdentity, number: number): EventRecord {
  return { kind: "event", timeMs: startMs + number, name: "numbered", subject: `${number}`, detail: "" };
}

export function healthOf(timeMs: number): HealthRecord {
  return {
    kind: "health",
    timeMs,
    uptimeMs: 60_000,
    rssBytes: 120e6,
    windowsProcessed: 1_000,
    windowsQuarantined: 0,
    windowsDropped: 0,
    quarantined: {},
    outboxRecords: 10,
  };
}
