/** Records of a small fleet, as gateways send them: one turbine with a growing inner race fault, others healthy. */
import type { AlarmState, AlertEvent, AlertTransition } from "../../src/core/contract/alert.ts";
import type { TurbineState } from "../../src/core/contract/turbine-state.ts";
import type { AlertRecord, DriftReport, PredictionBatch } from "../../src/core/contract/uplink-record.ts";
import { createSketcher } from "../../src/core/drift/sketcher.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { failureModes, featureNames, healthyRow, reference } from "./fleet-fixture.ts";

const site = "north-sea";
const component = "gearbox-hss-bearing";
export const model = (digest: string) => ({ name: "bearing-vibration", version: "1.2.0", digest });

export function alertEvent(
  turbine: string,
  transition: AlertTransition,
  timeMs: number,
  changes: Partial<AlertEvent["data"]> = {},
): AlertEvent {
  const time = new Date(timeMs).toISOString();
  const states: Record<AlertTransition, AlarmState> = {
    raised: "unacknowledged",
    updated: "unacknowledged",
    acknowledged: "acknowledged",
    cleared: "normal",
  };
  return {
    specversion: "1.0",
    id: `${turbine}/${transition}/${timeMs}`,
    source: `/${site}/${turbine}`,
    type: `io.aurora.alert.${transition}.v1`,
    time,
    subject: component,
    datacontenttype: "application/json",
    data: {
      turbine,
      site,
      component,
      failureMode: "inner-race",
      severity: "critical",
      state: states[transition],
      probability: 0.972,
      score: 3.55,
      threshold: 0.9,
      horizonHours: null,
      since: time,
      operatingState: "full-performance",
      window: { from: time, to: time, id: `${turbine}/${component}/${timeMs}` },
      explanation: {
        baseValue: -2.1,
        groups: [
          { name: "inner-race", share: 4.62 },
          { name: "outer-race", share: -0.41 },
          { name: "ball", share: 0.18 },
          { name: "shaft", share: 0.93 },
          { name: "level", share: 0.33 },
        ],
        gap: 4.4e-16,
      },
      model: model("0".repeat(64)),
      traceId: "t-1",
      ...changes,
    },
  };
}

export function alertRecord(event: AlertEvent): AlertRecord {
  return { kind: "alert", id: event.id, json: JSON.stringify(event) };
}

/** `rows` rows, one every `stepMs`, the last at `endMs`. */
export function predictionBatch(
  turbine: string,
  endMs: number,
  options: { readonly rows: number; readonly stepMs: number; readonly faulty?: boolean },
): PredictionBatch {
  const random = createRandom(turbine.length * 7 + turbine.charCodeAt(turbine.length - 1));
  const indices = Array.from({ length: options.rows }, (_, index) => index);
  const level = (index: number, mode: string): number => {
    const noise = 0.02 + 0.015 * Math.abs(random.normal());
    if (options.faulty !== true || mode !== "inner-race") return noise;
    const logit = (index / options.rows - 0.6) * 14 + 0.5 * random.normal();
    return Math.max(noise, 1 / (1 + Math.exp(-logit)));
  };
  const mean = indices.flatMap((index) => failureModes.map((mode) => level(index, mode)));
  return {
    kind: "prediction-batch",
    site,
    turbine,
    component,
    modelName: "bearing-vibration",
    modelVersion: "1.2.0",
    failureModes,
    timesMs: indices.map((index) => Math.round(endMs - (options.rows - 1 - index) * options.stepMs)),
    windows: indices.map(() => 20),
    meanProbability: mean,
    maxProbability: mean.map((value) => Math.min(1, value * 1.15 + 0.02)),
    shaftRpm: indices.map((index) => 1_780 + 25 * Math.sin(index / 30) + 3 * random.normal()),
  };
}

/** An interval of `windows` windows; `shift` moves the inner race's features, in standard deviations. */
export function driftReport(
  turbine: string,
  toMs: number,
  digest: string,
  options: { readonly windows: number; readonly shift: number; readonly seed?: number },
): DriftReport {
  const random = createRandom(options.seed ?? turbine.charCodeAt(turbine.length - 1));
  const sketcher = createSketcher(reference);
  for (let window = 0; window < options.windows; window++) {
    const row = healthyRow(random, featureNames.length).map((value, index) =>
      index < 3 ? value + options.shift * (1 - index * 0.3) : value,
    );
    const scores = healthyRow(random, failureModes.length).map((value, index) =>
      index === 1 ? value + options.shift * 0.5 : value,
    );
    sketcher.update(row, scores);
  }
  return {
    kind: "drift-report",
    site,
    turbine,
    component,
    modelName: "bearing-vibration",
    modelVersion: "1.2.0",
    modelDigest: digest,
    fromMs: toMs - 600_000,
    toMs,
    sketches: sketcher.take(),
  };
}

export function turbineState(
  turbine: string,
  timeMs: number,
  digest: string,
  changes: Partial<TurbineState> = {},
): TurbineState {
  const time = new Date(timeMs).toISOString();
  return {
    site,
    turbine,
    time,
    operatingState: "full-performance",
    health: "ok",
    alarms: [],
    lastScores: failureModes.map((failureMode, index) => ({
      component,
      failureMode,
      time,
      probability: 0.02 + index * 0.01,
    })),
    model: model(digest),
    dataQuality: {
      windowsProcessed: 12_480,
      windowsQuarantined: 3,
      quarantinedByReason: { gap: 2, "no-shaft-speed": 1 },
    },
    ...changes,
  };
}
