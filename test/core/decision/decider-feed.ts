/** A decider of one point for tests, and windows to feed it. */
import type { Decision, OperatingState, Prediction } from "../../../src/core/contract/prediction.ts";
import type { SiteBaseline } from "../../../src/core/contract/site-baseline.ts";
import type { Decider } from "../../../src/core/decision/decider.ts";
import type { DeciderParts } from "../../../src/core/decision/heard-parts.ts";

export const point = { site: "north", turbine: "t1", component: "generator-bearing" };
export const options = { falsePerYear: 0.1, faultPrior: 0.05 };
export const startMs: number = Date.UTC(2026, 0, 1);

/** The parts of a model with these failure modes; its healthy logits lie as is usual. */
export function partsOf(failureModes: readonly string[], version = "1.0.0"): DeciderParts {
  return {
    outputs: failureModes.map((failureMode) => ({ failureMode, title: failureMode })),
    calibration: failureModes.map(() => ({ slope: 1, intercept: 0 })),
    baseline: {},
    model: { name: "bearing-vibration", version, digest: `digest-${version}` },
  };
}

/** Feeds windows of one second each; a logit a mode. */
export function createFeed(
  decider: Decider,
  fromMs = startMs,
): {
  atMs: number;
  next(logits: readonly number[], operatingState?: OperatingState): Decision;
} {
  let window = 0;
  return {
    atMs: fromMs,
    next(logits, operatingState = "full-performance") {
      const from = this.atMs;
      this.atMs += 1_000;
      return decider.update({
        point,
        windowId: `t1/generator-bearing/${from}/${window++}`,
        fromMs: from,
        toMs: from + 1_000,
        quantised: new Uint8Array(logits.length),
        logits: Float64Array.from(logits),
        model: decider.parts.model,
        operatingState,
      });
    },
  };
}

/** One window of a mode at high odds. */
export function predictionFor(decider: Decider): Prediction {
  return {
    point,
    windowId: "w",
    fromMs: 0,
    toMs: 1,
    quantised: new Uint8Array(1),
    logits: Float64Array.of(5),
    model: decider.parts.model,
    operatingState: "full-performance",
  };
}

/** A reference of a day, with the location of each mode's margin. */
export function baselineOf(decider: Decider, locations: readonly number[]): SiteBaseline {
  const margin = { scale: 0.4, autocorrelation: 0, wander: 0.3, freedom: 30, blocks: 24 };
  return {
    formatVersion: 1,
    version: 1,
    windows: 600,
    fromMs: 0,
    toMs: startMs,
    shaftRpm: { min: 1400, max: 1600, reference: 1500 },
    spec: { catalogueVersion: 1, chains: [], list: [] },
    levels: [],
    model: decider.parts.model,
    margins: locations.map((location) => ({ location, ...margin })),
    suspicions: [],
  };
}
