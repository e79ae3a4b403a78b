/** A bundle's parts with a baseline section, and scored windows of one machine, for tests of a point's watch. */
import type { Prediction } from "../../../src/core/contract/prediction.ts";
import { createPointWatch, type PointWatch } from "../../../src/core/decision/point-watch.ts";
import type { WatchedWindow, WatchParts } from "../../../src/core/decision/reference/own-reference.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { point } from "./decider-feed.ts";

const chain = { name: "x", kind: "band-level", params: { fromHz: 500, toHz: 1500 } };

/** Two failure modes and two levels; a baseline rests on 64 windows at least. */
export const watchParts: WatchParts = {
  outputs: ["outer-race", "ball"].map((failureMode) => ({ failureMode, title: failureMode })),
  calibration: [0, 1].map(() => ({ slope: 1, intercept: 0 })),
  baseline: {
    levels: {
      catalogueVersion: 1,
      chains: [chain],
      list: ["a", "b"].map((name) => ({ name, operator: "rms-db", chain: "x", params: {}, group: "level" })),
    },
    reference: [0, 1].map(() => ({ locationDb: -20, scaleDb: 1 })),
    minWindows: 64,
  },
  model: { name: "m", version: "1.0.0", digest: "d1" },
};

export const watchOptions = {
  epoch: 0,
  minWindows: 64,
  minDurationMs: 60_000,
  falsePerYear: 0.1,
  faultPrior: 0.05,
};

/** A watch of such a point; `change` overwrites parts of how it is set up. */
export function createWatch(change: Partial<Parameters<typeof createPointWatch>[0]> = {}): PointWatch {
  return createPointWatch({ point, parts: watchParts, options: watchOptions, ...change });
}

/** Failure modes of the alarms that stand. */
export function listActive(watch: Pick<PointWatch, "active">): string[] {
  return watch.active.map(({ failureMode }) => failureMode);
}

/** Parts of a later version of the same bundle. */
export function renewParts(change: Partial<WatchParts> = {}): WatchParts {
  return { ...watchParts, model: { name: "m", version: "2.0.0", digest: "d2" }, ...change };
}

/** What a window is like; left out: a healthy one. */
export interface WatchScene {
  readonly logits?: readonly [number, number];
  readonly levelDb?: number;
  /** Of the second level; left out: 5 dB below the first. */
  readonly secondDb?: number;
  readonly shaftRpm?: number;
  readonly state?: Prediction["operatingState"];
  readonly isUnheard?: boolean;
}

/** The window of second `index`; the same one for the same index and scene. */
export function watchedWindow(index: number, scene: WatchScene = {}, parts = watchParts): WatchedWindow {
  const { logits = [-3, -3], levelDb = -30, shaftRpm = 1500 } = scene;
  const { state = "full-performance", isUnheard = false, secondDb = levelDb - 5 } = scene;
  const random = createRandom(index + 1);
  const prediction: Prediction = {
    point,
    windowId: `w${index}`,
    fromMs: index * 1000,
    toMs: (index + 1) * 1000,
    quantised: new Uint8Array(2),
    logits: Float64Array.from(logits, (logit) => logit + 0.3 * random.normal()),
    model: parts.model,
    operatingState: state,
  };
  const levels = Float32Array.of(levelDb + 0.5 * random.normal(), secondDb + 0.5 * random.normal());
  return { prediction, levels: isUnheard ? undefined : levels, shaftRpm };
}

/** Feeds the windows of seconds `from` up to `to`; returns what came of them. */
export function feedWatch(
  watch: PointWatch,
  { from, to }: { readonly from: number; readonly to: number },
  scene: WatchScene = {},
): ReturnType<typeof watch.update>[] {
  return Array.from({ length: to - from }, (_, at) => watch.update(watchedWindow(from + at, scene)));
}

/** From one snapshot to the next, ms. */
export const snapshotsMs = 600_000;

/** Feeds a window every ten minutes, from number `from` up to `to`; `sceneOf` is asked with its number. */
export function feedSnapshots(
  watch: PointWatch,
  {
    from,
    to,
    parts = watchParts,
  }: { readonly from: number; readonly to: number; readonly parts?: WatchParts },
  sceneOf: (index: number) => WatchScene,
): ReturnType<typeof watch.update>[] {
  return Array.from({ length: to - from }, (_, at) => {
    const index = from + at;
    const { prediction, ...rest } = watchedWindow(index, sceneOf(index), parts);
    const fromMs = index * snapshotsMs;
    return watch.update({ ...rest, prediction: { ...prediction, fromMs, toMs: fromMs + 1000 } });
  });
}
