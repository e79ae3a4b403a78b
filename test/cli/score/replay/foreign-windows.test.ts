import { expect, test } from "vitest";
import { createForeignWindows } from "../../../../src/cli/score/replay/foreign-windows.ts";
import { createPointHistory } from "../../../../src/cli/score/replay/point-history.ts";
import { renderReplay } from "../../../../src/cli/score/replay/render-replay.ts";

const modesOf = (probabilities: Readonly<Record<string, number>>) => ({
  modes: Object.entries(probabilities).map(([failureMode, probability]) => ({
    failureMode,
    probability,
  })) as never,
});

test("a mode is told that half of the windows are likely of, mostly by foreign lines", () => {
  const windows = createForeignWindows();
  expect(windows.modes).toEqual([]);
  windows.note(modesOf({ "inner-race": 0.99, ball: 0.5 }), ["inner-race"]);
  windows.note(modesOf({ "inner-race": 0.7, ball: 0.1 }), ["inner-race", "ball"]);
  expect(windows.modes).toEqual(["inner-race"]);
  // Not by foreign lines alone.
  windows.note(modesOf({ "inner-race": 0.9 }), []);
  expect(windows.modes).toEqual(["inner-race"]);
  windows.note(modesOf({ "inner-race": 0.9 }), []);
  expect(windows.modes).toEqual([]);
});

test("a mode is told that half of the last dozen are likely of, however long all was quiet before", () => {
  const windows = createForeignWindows();
  for (let quiet = 0; quiet < 70; quiet++) windows.note(modesOf({ "outer-race": 0.2 }), []);
  for (let likely = 0; likely < 6; likely++) {
    expect(windows.modes).toEqual([]);
    windows.note(modesOf({ "outer-race": 0.95 }), ["outer-race"]);
  }
  expect(windows.modes).toEqual(["outer-race"]);
  for (let quiet = 0; quiet < 7; quiet++) windows.note(modesOf({ "outer-race": 0.2 }), []);
  expect(windows.modes).toEqual([]);
});

test("a mode is not told that few windows are likely of", () => {
  const windows = createForeignWindows();
  windows.note(modesOf({ ball: 0.9 }), ["ball"]);
  windows.note(modesOf({ ball: Number.NaN }), ["ball"]);
  windows.note(modesOf({ ball: 0.2 }), ["ball"]);
  expect(windows.modes).toEqual([]);
});

test("the past of a point says of which fault a gateway would wait, and why", () => {
  const history = createPointHistory("b1");
  history.sink.onLevel({
    fromMs: 0,
    toMs: 1,
    severity: { atMostDb: null },
    quietWindows: 0,
    isDeaf: false,
    foreignModes: ["inner-race"],
    ...modesOf({ "inner-race": 0.99 }),
  });
  history.sink.onDecision(
    { modes: [], toMs: 1 } as never,
    { window: { fromMs: 0, toMs: 1, shaftRpm: 1500 } } as never,
  );
  const report = history.report();
  expect(report.foreignModes).toEqual(["inner-race"]);
  const text = renderReplay(
    [report],
    { falsePerTurbineYear: 0.1, points: 1, turbines: [{ turbine: null, points: 1 }] },
    0,
  );
  expect(text).toContain(
    "it looks like inner race by lines alone that may be the shaft's, electrical hum or another machine's",
  );
});
