import { describe, expect, it } from "vitest";
import type { NormalBehaviourSpec } from "../../../../src/core/contract/bundle/normal-behaviour.ts";
import {
  createTurbineWatch,
  type TurbineWatch,
  type WatchedRow,
} from "../../../../src/core/decision/normal-behaviour/turbine-watch.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";

const spec: NormalBehaviourSpec = {
  residuals: [{ channel: "oil", component: "gearbox", siblings: null, location: 50, scale: 10 }],
  operation: {
    limits: [],
    powerCurve: {
      windChannel: "wind",
      powerChannel: "power",
      points: [
        [4, 100],
        [12, 2000],
      ],
      minRatio: 0.5,
      maxRatio: 1.5,
    },
  },
  siteCorrection: { ridge: 1e-6, minRows: 2000 },
  statistics: {
    minRowsPerDay: 20,
    historyDays: 60,
    gapDays: 5,
    minHistoryDays: 10,
    relearnDays: 10,
    excludeDays: 5,
    minScale: 0.1,
    clip: 8,
    ewmaDays: 3,
  },
  guard: { frozenRows: 3, fall: 15, siblingsWithin: 5, beforeDays: 7 },
  policy: null as never,
};
const options = { spec, channels: ["wind", "power", "oil"], inputs: 1 };
const rowMs = 600_000;

/** A turbine whose oil is 7 K warmer than the student expects, and `fault(day)` on top. */
function makeRow(
  row: number,
  random: ReturnType<typeof createRandom>,
  fault: (day: number) => number,
): WatchedRow {
  const x = random.normal();
  const wind = 8 + random.uniform();
  const power = 100 + ((wind - 4) / 8) * 1900;
  const oil = 50 + 10 * x + 7 + random.normal() + fault(Math.floor(row / 144));
  return { timestampMs: row * rowMs, values: [wind, power, oil], standardised: [x], outputs: [x] };
}

function feed(
  watch: TurbineWatch,
  from: number,
  to: number,
  fault: (day: number) => number,
  seed = 4,
): number[] {
  const random = createRandom(seed);
  const scores: number[] = [];
  for (let row = 0; row < to; row++) {
    const made = makeRow(row, random, fault);
    if (row >= from) scores.push(...watch.accept(made).days.map((day) => day.scores[0]!));
  }
  return scores;
}

describe("the watch over a turbine", () => {
  it("learns what the turbine has of its own first, then sees a fault and not the offset", () => {
    const watch = createTurbineWatch(options);
    expect(watch.accept(makeRow(0, createRandom(1), () => 0)).state).toBe("learning");
    const scores = feed(watch, 1, 60 * 144, (day) => (day >= 50 ? 4 : 0));
    expect(watch.correction?.rows).toBe(2000);
    expect(Math.max(...scores.slice(20, 35))).toBeLessThan(3);
    expect(scores.at(-1)).toBeGreaterThan(6);
  });

  it("scores no row that is frozen or out of normal operation", () => {
    const watch = createTurbineWatch({ ...options, spec: { ...spec, siteCorrection: undefined } });
    const row = makeRow(0, createRandom(1), () => 0);
    const states = [0, 1, 2, 3].map((at) => watch.accept({ ...row, timestampMs: at * rowMs }).state);
    expect(states).toEqual(["scored", "scored", "frozen", "frozen"]);
    expect(watch.accept({ ...row, timestampMs: 4 * rowMs, values: [9, 0, 60] }).state).toBe("not-operating");
    const scored = watch.accept({ ...row, timestampMs: 5 * rowMs, values: [8, 1050, 62], outputs: [1] });
    expect(scored.residuals?.[0]).toBe(2);
  });

  it("goes on from a snapshot in the middle of a day as if nothing had happened", () => {
    const whole = createTurbineWatch(options);
    const first = createTurbineWatch(options);
    const cut = 40 * 144 + 77;
    feed(first, 0, cut, () => 0);
    const again = createTurbineWatch(options, JSON.parse(JSON.stringify(first.snapshot())));
    const expected = feed(whole, 0, 55 * 144, () => 0);
    const tail = feed(again, cut, 55 * 144, () => 0);
    expect(tail).toEqual(expected.slice(-tail.length));
    expect(tail.length).toBe(14);
  });

  it("counts days without rows as days without a median", () => {
    const watch = createTurbineWatch({ ...options, spec: { ...spec, siteCorrection: undefined } });
    feed(watch, 0, 144, () => 0);
    expect(watch.advance(10 * 86_400_000).map(({ day }) => day)).toEqual([0]);
    const random = createRandom(2);
    watch.accept(makeRow(5 * 144, random, () => 0));
    expect(watch.accept(makeRow(6 * 144, random, () => 0)).days.map(({ day }) => day)).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });
});
