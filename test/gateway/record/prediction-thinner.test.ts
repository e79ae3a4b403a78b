import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import type { PredictionBatch } from "../../../src/core/contract/uplink-record.ts";
import { encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { createPredictionThinner } from "../../../src/gateway/record/prediction-thinner.ts";

function decision(toMs: number, probabilities: readonly number[], changes: Partial<Decision> = {}): Decision {
  return {
    point: { site: "s", turbine: "t", component: "c" },
    windowId: `t/c/${toMs}`,
    fromMs: toMs - 1000,
    toMs,
    operatingState: "full-performance",
    model: { name: "m", version: "1", digest: "d" },
    modes: probabilities.map((probability, index) => ({
      failureMode: `mode-${index}`,
      probability,
      score: 0,
      threshold: 0.5,
      active: false,
      sinceMs: null,
    })),
    ...changes,
  };
}

const total = (batches: readonly PredictionBatch[]): number =>
  batches.reduce((sum, batch) => sum + batch.windows.reduce((a, b) => a + b, 0), 0);

describe("thinning predictions", () => {
  test("makes one row a minute with mean, maximum and mean shaft speed", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    for (let second = 0; second < 120; second++) {
      thinner.update(
        decision(second * 1000, [second % 2 === 0 ? 0.1 : 0.3]),
        second < 60 ? 1800 : Number.NaN,
      );
    }
    thinner.flush();
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({
      timesMs: [59_000, 119_000],
      windows: [60, 60],
      failureModes: ["mode-0"],
    });
    expect(batches[0]!.meanProbability[0]).toBeCloseTo(0.2, 10);
    expect(batches[0]!.maxProbability).toEqual([0.3, 0.3]);
    expect(batches[0]!.shaftRpm).toEqual([1800, Number.NaN]);
  });

  test("a mode that is known of every second window begins no batch with each of them", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    for (let second = 0; second < 3600; second++) {
      thinner.update(decision(second * 1000, second % 2 === 0 ? [0.1, 0.2] : [0.1]), 1800);
      thinner.tick(second * 1000);
    }
    thinner.update(decision(3600_000, [0.1], { model: { name: "m", version: "2", digest: "e" } }), 1800);
    thinner.flush();
    expect(total(batches)).toBe(3601);
    // Twice as many as where all windows have the same modes, and one of the other model.
    expect(batches.length).toBeLessThanOrEqual(2 * 13 + 1);
    expect(batches.filter(({ failureModes }) => failureModes.length === 2)).toSatisfy(
      (both: readonly PredictionBatch[]) => total(both) === 1800,
    );
    expect(batches.at(-1)).toMatchObject({ modelVersion: "2", windows: [1] });
  });

  test("says when the first window of a batch began, and of those that are not given yet", () => {
    const beginnings: number[] = [];
    const thinner = createPredictionThinner((_, fromMs) => beginnings.push(fromMs), {
      rowMs: 10_000,
      batchRows: 2,
    });
    // Of these windows of a second the twentieth is a row of its own, beside an open one.
    for (let index = 1; index <= 20; index++)
      thinner.update(
        decision(index * 1200, [index === 20 ? 0.9 : 0.1], { fromMs: index * 1200 - 1000 }),
        1800,
      );
    expect(beginnings).toEqual([200]);
    expect(thinner.held).toEqual({ windows: 4, fromMs: 17 * 1200 - 1000, toMs: 24_000 });
    thinner.flush();
    expect(beginnings).toEqual([200, 17 * 1200 - 1000]);
  });

  test("means the risk of the windows that know theirs, and says which rows end learning", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    const update = (second: number, risk: number | null | undefined, isLearning?: boolean): void => {
      const window = decision(second * 1000, [0.1]);
      const modes = window.modes.map((mode) => (risk === undefined ? mode : { ...mode, risk }));
      thinner.update({ ...window, modes, ...(isLearning === undefined ? {} : { isLearning }) }, 1800);
    };
    update(1, null, true);
    update(61, null, true);
    update(62, 0.02, false);
    update(63, 0.04, false);
    update(121, undefined);
    thinner.flush();
    expect(batches).toHaveLength(1);
    expect(batches[0]!.isLearning).toEqual([true, false, null]);
    expect(batches[0]!.meanRisk).toEqual([null, 0.03, null]);
    expect(batches[0]!.maxRisk).toEqual([null, 0.04, null]);
  });

  test("has no column for what no window knows", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    thinner.update(decision(1000, [0.1]), 1800);
    thinner.update(decision(2000, [0.9]), 1800);
    thinner.flush();
    for (const name of ["meanRisk", "maxRisk", "isLearning"]) expect(batches[0]).not.toHaveProperty(name);
  });

  test("keeps windows at or above their threshold as rows of their own, within an allowance", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    for (let second = 0; second < 3600; second++) thinner.update(decision(second * 1000, [0.9]), 1800);
    thinner.flush();
    const single = batches.flatMap((batch) => batch.windows).filter((windows) => windows === 1).length;
    expect(single).toBeGreaterThanOrEqual(120 + 3600 / 30 - 2);
    expect(single).toBeLessThanOrEqual(120 + 3600 / 30 + 1);
    expect(total(batches)).toBe(3600);
  });

  test("counts every window in exactly one row and can always be encoded, whatever comes in whatever order", () => {
    const step = fc.record({
      toMs: fc.integer({ min: 0, max: 600_000 }),
      probability: fc.double({ min: 0, max: 1, noNaN: true }),
      turbine: fc.constantFrom("a", "b"),
      version: fc.constantFrom("1", "1", "1", "2"),
      tick: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const batches: PredictionBatch[] = [];
        const thinner = createPredictionThinner((batch) => batches.push(batch), { batchRows: 3 });
        // Few windows may still have rows of their own.
        const spent = Array.from({ length: 230 }, (_, index) => {
          return { toMs: 0, probability: 1, turbine: index % 2 === 0 ? "a" : "b", version: "1", tick: false };
        });
        for (const { toMs, probability, turbine, version, tick } of [...spent, ...steps]) {
          const point = { site: "s", turbine, component: "c" };
          const model = { name: "m", version, digest: "d" };
          thinner.update(decision(toMs, [probability, 1 - probability], { point, model }), 1800);
          if (tick) thinner.tick(toMs + 1000);
        }
        thinner.flush();
        expect(total(batches)).toBe(spent.length + steps.length);
        for (const batch of batches) {
          expect(batch.timesMs.length).toBeGreaterThan(0);
          expect(encodeRecord(batch).length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("a batch leaves when it is old, although no further window comes", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch), { batchMs: 120_000 });
    thinner.update(decision(1000, [0.1]), 1800);
    for (const monotonicMs of [5_000, 60_000, 124_999]) thinner.tick(monotonicMs);
    expect(batches).toHaveLength(0);
    thinner.tick(125_000);
    expect(batches).toHaveLength(1);
    thinner.tick(10_000_000);
    expect(batches).toHaveLength(1);
  });

  test("a decision without modes counts nothing", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    thinner.update(decision(1000, []), 1800);
    thinner.flush();
    expect(batches).toEqual([]);
  });

  test("late windows find their row until another begins", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch), { batchRows: 1 });
    thinner.update(decision(1000, [0.1]), 1800);
    thinner.tick(0);
    thinner.tick(240_000);
    thinner.update(decision(59_999, [0.1]), 1800);
    expect(batches).toEqual([]);
    thinner.update(decision(60_000, [0.1]), 1800);
    expect(batches.map(({ windows }) => windows)).toEqual([[2]]);
  });

  test.for([
    ["in time", 0, 1],
    ["from the middle of a minute on", 30_000, 1],
    ["four minutes behind", -240_000, 1],
    ["six hours behind", -6 * 3_600_000, 1],
    ["an hour ahead", 3_600_000, 1],
    ["played twenty times as fast", -86_400_000, 20],
  ] as const)("an hour that comes %s makes a row a minute and a batch each five", ([, shiftMs, speed]) => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    const beginMs = 1_700_000_040_000 + shiftMs;
    for (let second = 0; second < 3600; second++) {
      thinner.update(decision(beginMs + second * 1000, [0.1]), 1800);
      if (second % speed === 0) thinner.tick((second / speed) * 1000);
    }
    thinner.flush();
    const ofBatches = batches.map(({ windows }) => windows);
    if (shiftMs % 60_000 === 0) expect(ofBatches).toEqual(Array(12).fill(Array(5).fill(60)));
    else expect(ofBatches.flat()).toEqual([30, ...Array(59).fill(60), 30]);
    expect(batches.length).toBeLessThanOrEqual(13);
  });

  test("a batch that is full within a row cuts no later one", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    for (let second = 0; second < 3600; second++) {
      // Fifteen rows of single windows.
      const isReached = second >= 10 && second < 25;
      thinner.update(decision(1_700_000_040_000 + second * 1000, [isReached ? 0.9 : 0.1]), 1800);
      thinner.tick(second * 1000);
    }
    thinner.flush();
    expect(batches.flatMap(({ windows }) => windows).filter((windows) => windows > 1)).toEqual([
      45,
      ...Array(59).fill(60),
    ]);
  });

  test("loses no allowance to a clock that is set back", () => {
    const batches: PredictionBatch[] = [];
    const thinner = createPredictionThinner((batch) => batches.push(batch));
    const times = [3_600_000, ...Array.from({ length: 119 }, (_, index) => index * 100)];
    for (const toMs of times) thinner.update(decision(toMs, [0.9]), 1800);
    thinner.flush();
    expect(
      batches.flatMap(({ windows, timesMs }) => windows.map((count, index) => [timesMs[index], count])),
    ).toEqual(times.map((toMs) => [toMs, 1]));
  });
});
