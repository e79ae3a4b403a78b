import { expect, test } from "vitest";
import { createDecider } from "../../../src/core/decision/decider.ts";
import { deciderSnapshotSchema } from "../../../src/core/decision/decider-snapshot.ts";
import { createFeed, options, partsOf, point } from "./decider-feed.ts";

/** As releases before wrote it, evidence and all. */
const former = {
  modes: [
    { failureMode: "inner", active: true, sinceMs: 1000, recent: [true, true], belowClear: 0 },
    { failureMode: "outer", active: false, sinceMs: 2000, recent: [true], belowClear: 1 },
  ],
  evidence: { baselineVersion: 1, modelDigest: "digest-1.0.0", states: [] },
  lastToMs: 5000,
  lastWindowId: "w4",
  modelDigest: "digest-1.0.0",
};

const open = (stored: unknown) =>
  createDecider(point, partsOf(["inner", "outer"]), {
    ...options,
    snapshot: deciderSnapshotSchema.parse(JSON.parse(JSON.stringify(stored))),
  });

test("the form of releases before still loads: active alarms stand, what had gathered is forgotten", () => {
  const decider = open(former);
  expect(decider.active).toEqual([{ failureMode: "inner", sinceMs: 1000 }]);
  expect(decider.snapshot()).toMatchObject({ lastWindowId: "w4", modelDigest: "digest-1.0.0" });
  expect(decider.snapshot().signals.map(({ failureMode }) => failureMode)).toEqual(["inner"]);
});

test("a former alarm stands while its fault is seen, ends after a day of healthy windows, and says no lane", () => {
  const decider = open(former);
  const feed = createFeed(decider);
  for (let window = 0; window < 200; window++) {
    feed.atMs += 1_199_000;
    expect(feed.next([4, -2]).modes[0]!.active).toBe(true);
  }
  expect(feed.next([4, -2]).modes[0]!.lane).toBeUndefined();
  for (let window = 0; window < 200; window++) {
    feed.atMs += 1_199_000;
    feed.next([-2, -2]);
  }
  expect(decider.active).toEqual([]);
});

test("what is written now is read as it was", () => {
  const decider = createDecider(point, partsOf(["inner"]), options);
  const feed = createFeed(decider);
  for (let window = 0; window < 12; window++) feed.next([window < 8 ? -2 : 5]);
  const stored: unknown = JSON.parse(JSON.stringify(decider.snapshot()));
  expect(deciderSnapshotSchema.parse(stored)).toEqual(decider.snapshot());
});

test.each([
  ["an active mode without a beginning", { modes: [{ failureMode: "a", active: true, sinceMs: null }] }],
  ["neither modes nor signals", { lastWindowId: null, modelDigest: "d" }],
  ["a sum below 0", {}],
])("a damaged snapshot is not taken: %s", (_what, change) => {
  const decider = createDecider(point, partsOf(["inner"]), options);
  createFeed(decider).next([1]);
  const [signal] = decider.snapshot().signals;
  const negative = { ...decider.snapshot(), signals: [{ ...signal, fast: { ...signal!.fast, sum: -1 } }] };
  const stored = "modes" in change ? { ...former, ...change } : "modelDigest" in change ? change : negative;
  expect(deciderSnapshotSchema.safeParse(stored).success).toBe(false);
});
