import { describe, expect, test } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import { createForeignWatch } from "../../../src/core/explain/foreign-watch.ts";
import {
  createSteadyLines,
  findSteady,
  keepSighting,
  type Sighting,
} from "../../../src/core/explain/steady-lines.ts";

const dayMs = 86_400_000;
const log = (db: number): number => (db * Math.LN10) / 20;
const names = bearingFeatureSpec.list.map(({ name }) => name);
const bearing = { bpfo: 3.62, bpfi: 5.38, bsf: 4.93, ftf: 0.402 };

/** A line of so many hertz at a speed. */
const at = (hertz: number, shaftRpm: number, change: Partial<Sighting> = {}): Sighting => {
  const order = (hertz * 60) / shaftRpm;
  const rpms = { shaftRpm, slowestRpm: shaftRpm, fastestRpm: shaftRpm };
  return { order, ...rpms, isHeard: false, db: 20, revolutions: 60, toMs: 0, ...change };
};
const keep = (seen: readonly Sighting[]): readonly Sighting[] =>
  seen.reduce<readonly Sighting[]>(
    (kept, each, minute) => keepSighting(kept, { ...each, toMs: 60_000 * minute }),
    [],
  );
const speedsOf = (seen: readonly Sighting[]): number[] =>
  findSteady(keep(seen)).map(({ shaftRpm }) => shaftRpm);

describe("a line is steady", () => {
  test("that keeps its hertz over speeds, and not its order", () => {
    // 92 Hz within a fifth of a per cent, at speeds 1.6 % apart in all.
    expect(speedsOf([at(92, 1500), at(92.1, 1512), at(91.9, 1524)])).toEqual([1524, 1512, 1500]);
    // Over twice as many speeds hertz may wander further, and most sightings have to agree.
    expect(speedsOf([at(92, 1490), at(92.4, 1505), at(91.8, 1520), at(92.3, 1540)])).toHaveLength(4);
    expect(speedsOf([at(90, 1475), at(92, 1500), at(92.1, 1512), at(91.9, 1524)])).toEqual([
      1524, 1512, 1500,
    ]);
    expect(
      speedsOf([at(85, 1400), at(95, 1550), at(92, 1500), at(92, 1512), at(92, 1524)].slice(0, 4)),
    ).toEqual([]);
  });

  test("where several sources cross its place in turn, each of which keeps its own hertz", () => {
    const pump = [at(92, 1500), at(92.1, 1512), at(91.9, 1524)];
    // The third multiple of another's, at speeds of its own.
    const other = [at(123, 1940), at(123.1, 1960), at(122.9, 1980)];
    const inTurn = pump.flatMap((each, index) => [other[index]!, each]);
    expect(speedsOf(inTurn)).toEqual([1524, 1512, 1500]);
    // What goes with the shaft keeps none, however often a pump was seen there.
    const fault = [1400, 1450, 1560, 1600].map((rpm, index) => at(((3.6 + 0.02 * index) * rpm) / 60, rpm));
    expect(speedsOf([...pump, ...fault])).toEqual([]);
    expect(speedsOf([...fault, ...pump])).toEqual([]);
  });

  test("never where it keeps its order, as a fault's does with its slip", () => {
    const fault = [1400, 1430, 1470, 1500, 1530, 1560].map((shaftRpm, index) =>
      at((3.6 * (1 + 0.001 * (index % 3)) * shaftRpm) / 60, shaftRpm),
    );
    expect(speedsOf(fault)).toEqual([]);
    // However many windows: their orders are one or two sightings.
    expect(keep(fault).length).toBeLessThan(3);
    // What noise shows beside it stands out much less.
    const noise = [at(86.4, 1405, { db: 13 }), at(86.5, 1420, { db: 13 }), at(86.6, 1440, { db: 13 })];
    expect(speedsOf([...noise, at(86.4, 1440)])).toEqual([]);
  });

  test("never at one speed, of two windows, or of what may be noise", () => {
    expect(speedsOf([at(92, 1500), at(92, 1500), at(92, 1501), at(92, 1500)])).toEqual([]);
    expect(speedsOf([at(92, 1480), at(92, 1530)])).toEqual([]);
    expect(speedsOf([1500, 1512, 1524].map((rpm) => at(92, rpm, { db: 10 })))).toEqual([]);
  });

  test("only as far as its windows place it: of short ones, or of ones of unknown length, nothing is said", () => {
    for (const revolutions of [12, Number.NaN]) {
      expect(speedsOf([1500, 1512, 1524].map((rpm) => at(92, rpm, { revolutions })))).toEqual([]);
    }
  });

  test("for a week: what was heard before is another source's", () => {
    const kept = keepSighting(keep([at(92, 1500), at(92, 1512)]), at(92, 1524, { toMs: 8 * dayMs }));
    expect(kept).toHaveLength(1);
    // A clock that went back begins anew.
    expect(keepSighting(kept, at(92, 1530, { toMs: 0 }))).toHaveLength(1);
  });
});

const minuteMs = 60_000;
/** Minute `minute` of a machine whose lines have these orders, and stand out by 20 dB. */
function windowOf(minute: number, shaftRpm: number, orders: Readonly<Record<string, number>>) {
  const toMs = minute * minuteMs + (60 * minuteMs) / shaftRpm;
  return {
    point: { site: "s", turbine: "t", component: "c" },
    id: `${minute}`,
    fromMs: minute * minuteMs,
    toMs,
    shaftRpm,
    arrivedMonotonicMs: toMs,
    features: Float32Array.from(names, (name) => log(name in orders ? 20 : 5)),
    lineOrders: Float32Array.from(names, (name) => orders[name] ?? Number.NaN),
  };
}

describe("the steady lines of a point", () => {
  const columnsOf = (...of: readonly string[]): number[] => of.map((name) => names.indexOf(name));
  /** Of the last of these windows, with a pump's line of 92 Hz in the lower band and one at these orders in the upper. */
  const lastBeside = (windows: readonly (readonly [rpm: number, upperOrder: number])[]) => {
    const lines = createSteadyLines(bearingFeatureSpec);
    const seen = windows.map(([rpm, order], minute) => {
      const upper = windowOf(minute, rpm, { "bpfo.h1": order });
      return lines.update({
        ...windowOf(minute, rpm, { "bpfo.h1": (92 * 60) / rpm }),
        upperFeatures: upper.features,
        upperLineOrders: upper.lineOrders,
      });
    });
    return seen.at(-1)!;
  };

  test("are those of both bands, from the window on that shows it, and flanks of them", () => {
    const lines = createSteadyLines(bearingFeatureSpec);
    const seen = [1500, 1512, 1524].map((rpm, minute) => {
      const window = windowOf(minute, rpm, { "bpfo.h1": (92 * 60) / rpm });
      return lines.update({ ...window, upperFeatures: window.features, upperLineOrders: window.lineOrders });
    });
    const h1 = columnsOf("bpfo.h1");
    expect(seen.map(({ lower }) => lower)).toEqual([[], [], h1]);
    expect(seen.map(({ upper }) => upper)).toEqual([[], [], h1]);
    // At 1552 rpm the line is at order 3.557, of which a flank shows at the end of where it is looked for.
    expect(lines.update(windowOf(4, 1552, { "bpfo.h1": -3.575 })).lower).toEqual(h1);
    expect(lines.update(windowOf(5, 1552, { "bpfo.h1": -3.66 })).lower).toEqual([]);
    // What stands elsewhere is another line.
    expect(lines.update(windowOf(6, 1500, { "bpfo.h1": 3.62 })).lower).toEqual([]);
  });

  test("are those of another column as well that stand at the hertz of a steady one, unless they kept their order", () => {
    const lines = createSteadyLines(bearingFeatureSpec);
    const update = (minute: number, rpm: number, orders: Readonly<Record<string, number>>) =>
      lines.update(windowOf(minute, rpm, orders)).lower;
    const pump = (rpm: number) => ({ "bpfo.h1": (92 * 60) / rpm });
    expect([1500, 1512, 1524].map((rpm, minute) => update(minute, rpm, pump(rpm)))).toEqual([
      [],
      [],
      columnsOf("bpfo.h1"),
    ]);
    // At 1120 rpm the same pump stands where a rolling element's line does.
    expect(update(3, 1120, { "bsf.h1": (92 * 60) / 1120 })).toEqual(columnsOf("bsf.h1"));
    expect(update(4, 1120, { "bsf.h1": (94 * 60) / 1120 })).toEqual([]);
    // An inner race that was heard at other speeds strikes there.
    for (const [index, rpm] of [1000, 1100, 1200, 1026].entries())
      expect(update(5 + index, rpm, { "bpfi.h1": 5.38 })).toEqual([]);
    // For a week.
    const later = 8 * 24 * 60;
    expect(update(later, 1120, { "bsf.h1": (92 * 60) / 1120 })).toEqual([]);
  });

  test("are those of the other band as well that stand in the same place: one source is heard in both", () => {
    const lastOf = (...upperHertz: readonly number[]) =>
      lastBeside(
        upperHertz.map((hertz, minute) => [1500 + 12 * minute, (hertz * 60) / (1500 + 12 * minute)]),
      );
    const h1 = columnsOf("bpfo.h1");
    // What the upper band showed before goes with the shaft.
    expect(lastOf(89.5, 90.2, 92)).toEqual({ lower: h1, upper: h1 });
    expect(lastOf(89.5, 90.2, 90.9)).toEqual({ lower: h1, upper: [] });
  });

  test("are not those of the other band where the line kept its order at several speeds, and stands there now", () => {
    // At 1525 rpm a pump of 92 Hz stands at 3.62 orders.
    const dwells = [1525, 1524, 1526].map((rpm) => [rpm, 3.62] as const);
    const over = (...rpms: readonly number[]) => rpms.map((rpm) => [rpm, 3.62] as const);
    const h1 = columnsOf("bpfo.h1");
    expect(lastBeside([...over(1490, 1500, 1512, 1530), ...dwells])).toEqual({ lower: h1, upper: [] });
    // Over less of a span it may be either's, and at another order it is another's.
    const both = { lower: h1, upper: h1 };
    expect(lastBeside([[1490, 3.6], [1500, 3.58], ...over(1512, 1530), ...dwells])).toEqual(both);
    expect(lastBeside([...over(1490, 1500, 1512, 1530), [1550, (92 * 60) / 1550]])).toEqual(both);
  });

  test("are none where the shaft itself says that the stated speed wanders, and it turns at one", () => {
    const columns = (shaft: boolean): readonly number[] => {
      const lines = createSteadyLines(bearingFeatureSpec);
      // Turning at 1500 rpm it is stated as that and up to 2 % more.
      const seen = [1500, 1506, 1512, 1518, 1524, 1530].map((rpm, minute) => {
        const turn = 1500 / rpm;
        const own = shaft ? { "shaft.h1": turn, "shaft.h2": 2 * turn } : {};
        return lines.update(windowOf(minute, rpm, { "bpfo.h1": 3.65 * turn, ...own })).lower;
      });
      return seen.at(-1)!;
    };
    expect(columns(true)).toEqual([]);
    expect(columns(false)).toEqual(columnsOf("bpfo.h1"));
  });

  test("are told by speeds that are heard, or by stated ones: where these are wrong a fault's lines differ by it", () => {
    const last = (windows: readonly (readonly [rpm: number, turn: number, order: number])[]) => {
      const lines = createSteadyLines(bearingFeatureSpec);
      const seen = windows.map(([rpm, turn, order], minute) => {
        const own = minute % 2 === 0 ? { "shaft.h1": turn, "shaft.h2": 2 * turn } : {};
        return lines.update(windowOf(minute, rpm, { "bpfo.h1": order, ...own })).lower;
      });
      return seen.at(-1)!;
    };
    // A fault that slips by half a per cent, of a shaft that turns 1.4 % faster than is stated.
    const slips = [3.6, 3.611, 3.593, 3.6, 3.611, 3.611, 3.593, 3.593];
    expect(last(slips.map((order) => [1480, 1.014, order * 1.014]))).toEqual([]);
    // A fan, by either: at an even speed that changes, or by the shaft where only that tells it.
    const rpms = [1500, 1506, 1512, 1518, 1524, 1530];
    expect(last(rpms.map((rpm) => [rpm, 1, (92 * 60) / rpm]))).toEqual(columnsOf("bpfo.h1"));
    expect(last(rpms.map((rpm) => [1515, rpm / 1515, (92 * 60) / 1515]))).toEqual(columnsOf("bpfo.h1"));
  });

  test("are no evidence: a mode of which every line is steady, or hum, is foreign", () => {
    const watch = createForeignWatch({ features: bearingFeatureSpec, window: bearingWindow }, bearing);
    const update = (minute: number, rpm: number, hum: readonly number[], more = {}) => {
      const lines = { "bpfo.h1": (92 * 60) / rpm, ...more };
      return watch.update({ ...windowOf(minute, rpm, lines), foreignLines: { hum, shaft: [] } });
    };
    const h2 = columnsOf("bpfo.h2");
    const outer = ["outer-race"];
    expect(update(0, 1500, [])).toEqual({ foreignModes: [], humModes: [], steadyModes: [] });
    expect(update(1, 1512, [])).toEqual({ foreignModes: [], humModes: [], steadyModes: [] });
    expect(update(2, 1524, [])).toEqual({ foreignModes: outer, humModes: outer, steadyModes: outer });
    expect(update(3, 1530, h2, { "bpfo.h2": 7.2 })).toEqual({
      foreignModes: outer,
      humModes: outer,
      steadyModes: [],
    });
    // A second harmonic that is neither is the fault's own.
    expect(update(4, 1530, [], { "bpfo.h2": 7.2 })).toEqual({
      foreignModes: [],
      humModes: [],
      steadyModes: [],
    });
  });

  test("have their equal in hum, of a mode that shows nothing at other speeds", () => {
    const heardAt = (
      elsewhere: Readonly<Record<string, number>>,
      own: Readonly<Record<string, number>> = {},
      isHeard = true,
    ) => {
      const watch = createForeignWatch({ features: bearingFeatureSpec, window: bearingWindow }, bearing);
      for (const minute of [0, 1, 2]) {
        watch.update(windowOf(minute, 1500, elsewhere));
        if (isHeard) watch.noteHeard();
      }
      const lines = { "bpfi.h1": 5.38, "bpfi.h2": 10.76, ...own };
      const [hum, shaft] = [columnsOf("bpfi.h1", "bpfi.h2"), columnsOf("bpfi.h3")];
      return watch.update({ ...windowOf(3, 1115, lines), foreignLines: { hum, shaft } });
    };
    const foreignModes = ["inner-race"];
    expect(heardAt({})).toEqual({ foreignModes, humModes: foreignModes, steadyModes: foreignModes });
    // Windows of a machine that stands, or is not heard, say nothing of its bearing.
    expect(heardAt({}, {}, false)).toEqual({ foreignModes, humModes: foreignModes, steadyModes: [] });
    // A fault's go with the shaft, and one of the shaft itself does not stand still.
    expect(heardAt({ "bpfi.h1": 5.38 })).toEqual({ foreignModes, humModes: foreignModes, steadyModes: [] });
    expect(heardAt({}, { "bpfi.h3": 16 })).toEqual({ foreignModes, humModes: [], steadyModes: [] });
    expect(heardAt({}, { "bsf.h1": 4.93 })).toEqual({
      foreignModes,
      humModes: foreignModes,
      steadyModes: foreignModes,
    });
  });

  test("have it as well where one line alone stood at other speeds, be it in both bands, and not where two did", () => {
    const heardAfter = (alone: Readonly<Record<string, number>>) => {
      const watch = createForeignWatch({ features: bearingFeatureSpec, window: bearingWindow }, bearing);
      for (const minute of [0, 1, 2, 3, 4, 5]) {
        const { features, lineOrders, ...window } = windowOf(minute, 1500, minute < 3 ? {} : alone);
        const upper = { upperFeatures: features, upperLineOrders: lineOrders };
        watch.update({ ...window, features, lineOrders, ...upper });
        watch.noteHeard();
      }
      const foreignLines = { hum: columnsOf("bpfi.h1", "bpfi.h2"), shaft: [] };
      return watch.update({ ...windowOf(6, 1115, { "bpfi.h1": 5.38, "bpfi.h2": 10.76 }), foreignLines });
    };
    expect(heardAfter({ "bpfi.h3": 16 }).steadyModes).toEqual(["inner-race"]);
    expect(heardAfter({ "bpfi.h2": 10.76, "bpfi.h3": 16.14 }).steadyModes).toEqual([]);
  });

  test("and side bands of the cage beside a pump's line are the bearing's, which they are not beside hum", () => {
    const watch = createForeignWatch({ features: bearingFeatureSpec, window: bearingWindow }, bearing);
    const besidePump = [0, 1, 2, 3].map((minute) => {
      const shaftRpm = 1500 + 12 * minute;
      const window = windowOf(minute, shaftRpm, { "bsf.h1": (125 * 60) / shaftRpm });
      window.features[names.indexOf("bsf.side.ftf")] = log(20);
      return watch.update({ ...window, foreignLines: { hum: [], shaft: [] } });
    });
    expect(besidePump.at(-1)).toEqual({ foreignModes: [], humModes: [], steadyModes: [] });
  });
});
