import { expect, it } from "vitest";
import { createPointWatch, type PointWatch } from "../../../src/core/decision/point-watch.ts";

const outputs = [{ failureMode: "outer-race", title: "outer race" }];
const chain = { name: "x", kind: "band-level", params: { fromHz: 500, toHz: 1500 } };
const parts = {
  outputs,
  calibration: [{ slope: 1, intercept: 0 }],
  baseline: {
    levels: {
      catalogueVersion: 1 as const,
      chains: [chain],
      list: [{ name: "a", operator: "rms-db", chain: "x", params: {}, group: "level" }],
    },
    reference: [{ locationDb: -20, scaleDb: 1 }],
    minWindows: 64,
  },
  model: { name: "m", version: "1.0.0", digest: "d1" },
};
const point = { site: "s", turbine: "t", component: "c" };
const options = {
  epoch: 0,
  minWindows: 128,
  minDurationMs: 0,
  falsePerYear: 0.1,
  faultPrior: 0.05,
  stopDb: 16,
};

/** One window a minute: at -30 dB from `from` up to `to`, or as `levelDb` has it. */
function feed(watch: PointWatch, from: number, to: number, levelDb = (_minute: number): number => -30): void {
  for (let minute = from; minute < to; minute++) {
    watch.update({
      prediction: {
        point,
        windowId: `w${minute}`,
        fromMs: minute * 60_000,
        toMs: minute * 60_000 + 1000,
        quantised: new Uint8Array(1),
        logits: Float64Array.of(-3 + 0.2 * Math.sin(minute)),
        model: watch.model,
        operatingState: "full-performance",
      },
      levels: Float32Array.of(levelDb(minute) + 0.3 * Math.sin(7 * minute)),
      shaftRpm: 1500,
    });
  }
}

it("a watch has an outlook from its baseline on, keeps it over a restart and forgets it when the baseline is renewed", () => {
  const watch = createPointWatch({ point, parts, options });
  expect(watch.outlook).toEqual({ cannotSay: "how loud this machine is when healthy is not known" });
  feed(watch, 0, 400);
  expect(watch.status?.state).toBe("ready");
  expect(watch.outlook).toEqual({ cannotSay: "its severity is within what it was while healthy" });
  feed(watch, 400, 600, (minute) => -30 + (minute - 400) / 10);
  expect(watch.outlook).toEqual({ hours: 0, low: 0, high: 0, stopDb: 16 });

  const snapshot = JSON.parse(JSON.stringify(watch.snapshot()));
  const again = createPointWatch({ point, parts, options, snapshot });
  feed(again, 600, 602, () => -10);
  feed(watch, 600, 602, () => -10);
  expect(again.outlook).toEqual(watch.outlook);
  expect(again.snapshot().outlook).toEqual(watch.snapshot().outlook);

  watch.renew({ atMs: 0, by: "x", reason: "new bearing" });
  expect(watch.outlook).toEqual({ cannotSay: "how loud this machine is when healthy is not known" });
  expect(watch.snapshot().outlook).toBeUndefined();
});

it("a trend ends with the reference that it was of: where a model watches other levels nothing is said of it", () => {
  const watch = createPointWatch({ point, parts, options });
  feed(watch, 0, 400);
  feed(watch, 400, 600, (minute) => -30 + (minute - 400) / 10);
  expect(watch.outlook).toMatchObject({ hours: 0 });
  const { levels } = parts.baseline;
  const list = levels.list.map((level) => ({ ...level, name: "b" }));
  const other = {
    ...parts,
    baseline: { ...parts.baseline, levels: { ...levels, list } },
    model: { name: "m", version: "2.0.0", digest: "d2" },
  };
  const unknown = { cannotSay: "how loud this machine is when healthy is not known" };
  // One that a device runs on with after a restart under another loses no trend.
  const snapshot = JSON.parse(JSON.stringify(watch.snapshot()));
  const again = createPointWatch({ point, parts: other, options, snapshot });
  again.adopt(parts);
  feed(again, 600, 602, () => -10);
  expect(again.outlook).toMatchObject({ hours: 0 });
  expect(watch.adopt(other)).toMatchObject({ kind: "relearning" });
  feed(watch, 600, 601, () => -10);
  expect([watch.outlook, watch.snapshot().outlook]).toEqual([unknown, undefined]);
  // Nor does a reference of the same name take over what was kept of one that was lost.
  const lost = createPointWatch({ point, parts, options, snapshot: { outlook: snapshot.outlook } });
  feed(lost, 0, 1);
  expect(lost.snapshot().outlook).toBeUndefined();
});
