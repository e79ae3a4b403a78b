import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FeatureDeclaration, FeatureParameter } from "../../../src/core/contract/bundle/feature-spec.ts";
import { physicalEvidenceSchema } from "../../../src/core/contract/physical-evidence.ts";
import type { ForeignLines } from "../../../src/core/contract/stream.ts";
import { computeLineNoise, listFaultLines } from "../../../src/core/explain/fault-lines.ts";
import { describeEvidence, type EvidenceSubject } from "../../../src/core/explain/physical-evidence.ts";

/** 4 × 3.6 and 2 × 3.6 are 14.4 and 7.2; 3 × 3.6 = 10.8 = 2 × 5.4: a coincidence. */
const bearing = { bpfo: 3.6, bpfi: 5.4, bsf: 4.3, ftf: 0.4 };
/** A log amplitude ratio of 1 in decibels: 20 / ln 10 = 8.685889638. */
const log = (db: number): number => (db * Math.LN10) / 20;

function harmonic(order: string, number: number, tolerance = 0.02): FeatureDeclaration {
  const params = { order, harmonic: number, tolerance };
  return { name: `${order}.h${number}`, operator: "order-log-snr", chain: "envelope", params, group: order };
}

function sideBand(order: string, spacing: string): FeatureDeclaration {
  const params = { order, spacing, harmonic: 1, tolerance: 0.02 };
  return {
    name: `${order}.side.${spacing}`,
    operator: "side-band-log-snr",
    chain: "envelope",
    params,
    group: order,
  };
}

function subjectOf(
  list: readonly FeatureDeclaration[],
  change: Partial<EvidenceSubject> = {},
): EvidenceSubject {
  const chains = [{ name: "envelope", kind: "envelope-order", params: { shaftGuardOrders: 0.04 } }];
  return {
    failureMode: "outer-race",
    features: { catalogueVersion: 1, chains, list },
    window: { unit: "revolutions", length: 30, hop: 30 },
    bearing,
    ...change,
  };
}

const usual = [
  ...[1, 2, 3].map((each) => harmonic("bpfo", each)),
  sideBand("bpfo", "shaft"),
  ...[1, 2, 3].map((each) => harmonic("bpfi", each)),
  {
    name: "margin",
    operator: "order-margin",
    chain: "envelope",
    params: { order: "bpfo", harmonics: 3, tolerance: 0.02 },
    group: "outer race",
  },
];
/** dB: lines of the outer race, its side bands, the inner race's noise, a margin that is no line. */
const outer = [20, 15, 12, 4.5, 4.4, 5.6, 6.2, 0.3];
const windowOf = (dbs: readonly number[], shaftRpm = 1500, powerKw?: number) => ({
  features: dbs.map(log),
  shaftRpm,
  powerKw,
});

describe("physical evidence", () => {
  test("reads lines, hertz and decibels from the features, as computed by hand", () => {
    const second = outer.map((db) => db - 2);
    const evidence = describeEvidence(
      subjectOf(usual),
      [windowOf(outer, 1490, 900), windowOf(second, 1510, 1200)],
      {
        since: "2026-11-20T02:10:00.000Z",
        healthyFeatures: [7, 8, 9, null, 4, 5, 6, 0].map((db) => (db === null ? null : log(db))),
      },
    )!;
    expect(evidence).toMatchObject({
      windows: 2,
      since: "2026-11-20T02:10:00.000Z",
      speedRpm: { min: 1490, max: 1510 },
      loadKw: { min: 900, max: 1200 },
      harmonics: { found: 3, of: 3 },
      sideBands: { found: 0, of: 1 },
      against: ["3× stood out nearly as far when this machine was healthy"],
    });
    const [first, , third, side] = evidence.lines;
    // 3.6 · 1490 / 60 Hz, the lower of two; mean of 20 and 18 dB; 7 dB when healthy.
    expect(first).toMatchObject({
      name: "bpfo.h1",
      kind: "harmonic",
      harmonic: 1,
      order: 3.6,
      isFound: true,
    });
    expect(first!.hertz).toBeCloseTo(89.4, 9);
    expect(first!.dbAboveNeighbours).toBeCloseTo(19, 9);
    expect(first!.dbAboveHealthy).toBeCloseTo(12, 9);
    expect(third!.hertz).toBeCloseTo(268.2, 9);
    expect(third!.dbAboveHealthy).toBeCloseTo(2, 9);
    expect(side).toMatchObject({ kind: "side-band", spacing: "shaft", isFound: false, dbAboveHealthy: null });
    expect(side!.hertz).toBeCloseTo(89.4, 9);
    // The median of the highest of n bins of noise: n = 2 · 0.072 / (1.6 / 30) + 1 = 3.7.
    const bins = (2 * 0.02 * 3.6 * 30) / 1.6 + 1;
    expect(first!.noiseDb).toBeCloseTo(10 * Math.log10(-Math.log(1 - 0.5 ** (1 / bins)) / Math.LN2), 9);
    expect(physicalEvidenceSchema().parse(evidence)).toEqual(evidence);
  });

  test("says it in one sentence", () => {
    const windows = [windowOf(outer, 1490, 900), windowOf(outer, 1510, 1200)];
    const healthyFeatures = [8, 7, 7, 4, 4, 5, 6, 0].map(log);
    expect(
      describeEvidence(subjectOf(usual), windows, { since: "2026-11-20T02:10:00.000Z", healthyFeatures })!
        .sentence,
    ).toBe(
      "Lines near 1×, 2× and 3× the outer race's order (89.4, 178.8 and 268.2 Hz by the bearing's data at 1490 rpm), 20, 15 and 12 dB above " +
        "their neighbours (noise alone: 4, 5 and 6), 12, 8 and 5 dB above this machine when healthy, no side bands; " +
        "since 2026-11-20 02:10:00 UTC, over 2 windows at 1490 to 1510 rpm and 900 to 1200 kW; nothing that was " +
        "looked for speaks against it.",
    );
    const weak = [20, 4, 5, 15, 4, 5, 6, 0];
    expect(describeEvidence(subjectOf(usual), [windowOf(weak)])!.sentence).toBe(
      "A line near 1× the outer race's order (90.0 Hz by the bearing's data at 1500 rpm), 20 dB above its neighbours (noise alone: 4), not " +
        "compared with this machine when healthy, side bands at the shaft's speed beside 1× (15 dB); over 1 window " +
        "at 1500 rpm; against it: only one of 3 harmonics stands out.",
    );
  });

  test("tells where found lines stand: in the middle one of the windows, and by the bearing's data beside it", () => {
    const nan = Number.NaN;
    const at = (first: number, second: number, third: number, other = nan) =>
      Float32Array.of(first, second, third, nan, other, other, other, nan);
    const windows = [at(3.56, 7.12, 10.68), at(3.58, 7.13, 10.68, 5.4), at(3.57, -7.2, nan)].map(
      (lineOrders) => ({
        ...windowOf(outer),
        lineOrders,
      }),
    );
    const { lines, sentence } = describeEvidence(subjectOf(usual), windows)!;
    expect(lines.map(({ measuredOrder }) => measuredOrder)).toEqual([
      expect.closeTo(3.57, 5),
      // Of two the lower one: between them nothing may stand.
      expect.closeTo(7.12, 5),
      expect.closeTo(10.68, 5),
      undefined,
    ]);
    // 3.57 · 1500 / 60 Hz.
    expect(lines[0]).toMatchObject({ order: 3.6, hertz: 90, measuredHertz: expect.closeTo(89.25, 5) });
    expect(sentence).toContain(
      "Lines near 1×, 2× and 3× the outer race's order (found at 89.2, 178.0 and 267.0 Hz at 1500 rpm; by the bearing's data 90.0, 180.0 and 270.0 Hz), 20,",
    );
    // Known in one of three windows, or in none: not known, and the sentence keeps to the bearing's data.
    const few = windows.map((window, index) => (index === 0 ? window : windowOf(outer)));
    const told = describeEvidence(subjectOf(usual), few)!;
    expect(told.lines.every((line) => !("measuredOrder" in line || "measuredHertz" in line))).toBe(true);
    expect(told.sentence).toContain(
      "order (90.0, 180.0 and 270.0 Hz by the bearing's data at 1500 rpm), 20,",
    );
    const evidence = describeEvidence(subjectOf(usual), windows)!;
    expect(physicalEvidenceSchema().parse(evidence)).toEqual(evidence);
  });

  test("tells the hertz at which a line was found, whatever the speed does: not its order at another speed", () => {
    const nan = Number.NaN;
    // 89.25 Hz at every speed, which is nowhere near 3.57 orders at the mean of them.
    const windows = [1480, 1500, 1540, 1550].map((shaftRpm) => {
      const order = (89.25 * 60) / shaftRpm;
      return {
        ...windowOf(outer, shaftRpm),
        lineOrders: Float32Array.of(order, nan, nan, nan, nan, nan, nan, nan),
      };
    });
    const [first] = describeEvidence(subjectOf(usual), windows)!.lines;
    // By the bearing's data at the middle one of the speeds.
    expect(first).toMatchObject({ hertz: 90, measuredHertz: expect.closeTo(89.25, 4) });
    expect(first!.measuredOrder).toBeCloseTo((89.25 * 60) / 1540, 5);
  });

  test("tells lines that follow the shaft at the middle one of the speeds, whichever windows place them", () => {
    const nan = Number.NaN;
    // Each line is placed in two windows of three, and the second in the fastest.
    const windows = [
      { shaftRpm: 1000, places: [3.58, nan, 10.74] },
      { shaftRpm: 1100, places: [3.58, 7.16, 10.74] },
      { shaftRpm: 1800, places: [nan, 7.16, nan] },
      { shaftRpm: 1790, places: [nan, 7.16, nan] },
    ].map(({ shaftRpm, places }) => ({
      ...windowOf(outer, shaftRpm),
      lineOrders: Float32Array.of(...places, nan, nan, nan, nan, nan),
    }));
    const { lines, sentence } = describeEvidence(subjectOf(usual), windows)!;
    for (const { hertz, order, measuredHertz, measuredOrder } of lines.slice(0, 3))
      expect(measuredHertz! / measuredOrder!).toBeCloseTo(hertz / order, 9);
    expect(sentence).toContain("(found at 65.6, 131.3 and 196.9 Hz at 1100 rpm; by the bearing's data");
  });

  test("says first of a line that it keeps its hertz, where the speed changes and its order with it", () => {
    const nan = Number.NaN;
    const windowsOf = (orderAt: (shaftRpm: number) => number) =>
      [1480, 1500, 1520, 1540].map((shaftRpm) => {
        const order = orderAt(shaftRpm);
        const lineOrders = Float32Array.of(order, 2 * order, nan, nan, nan, nan, nan, nan);
        return { ...windowOf(outer, shaftRpm), lineOrders, revolutions: 60 };
      });
    const objections = (orderAt: (shaftRpm: number) => number): readonly string[] =>
      describeEvidence(subjectOf(usual), windowsOf(orderAt))!.against;
    expect(objections((shaftRpm) => (91.2 * 60) / shaftRpm)[0]).toBe(
      "1× and 2× keep 91.2 and 182.4 Hz while the speed goes 1480 to 1540 rpm: a fault's would move with it, if the speed is stated rightly",
    );
    expect(objections(() => 3.57).join()).not.toContain("while the speed goes");
  });

  test("of lines of which one has no place tells the others' all the same, and which has none", () => {
    const lineOrders = Float32Array.of(3.57, Number.NaN, 10.68, Number.NaN, 5.4, 10.8, 16.2, Number.NaN);
    expect(describeEvidence(subjectOf(usual), [{ ...windowOf(outer), lineOrders }])!.sentence).toContain(
      "order (found at 89.2 and 267.0 Hz at 1500 rpm, 2× not placed; by the bearing's data 90.0, 180.0 and 270.0 Hz), 20, 15 and 12 dB",
    );
  });

  test("a line that is not found has no place, whatever stands there", () => {
    const weak = [20, 4, 5, 4, 4, 5, 6, 0];
    const lineOrders = Float32Array.of(3.6, 7.2, 10.8, Number.NaN, 5.4, 10.8, 16.2, Number.NaN);
    const { lines } = describeEvidence(subjectOf(usual), [{ ...windowOf(weak), lineOrders }])!;
    expect(lines.map((line) => "measuredOrder" in line)).toEqual([true, false, false, false]);
  });

  test("finds lines that have risen above this machine's own when it was healthy, before they stand out of any noise", () => {
    // Noise alone shows 4, 5 and 6 dB here, and of a machine that nobody knows lines are asked for 3 more.
    const windows = Array.from({ length: 10 }, () => windowOf([6.5, 7.5, 6, 4, 4, 5, 6, 0]));
    const healthyFeatures = [2.5, 3.5, 5.5, 4, 4, 5, 6, 0].map(log);
    const known = describeEvidence(subjectOf(usual), windows, { healthyFeatures })!;
    expect(known.lines.map(({ isFound }) => isFound)).toEqual([true, true, false, false]);
    expect(known.sentence).toMatch(
      /^Lines near 1× and 2× the outer race's order .*, 4 and 4 dB above this machine when healthy/,
    );
    expect(describeEvidence(subjectOf(usual), windows)!.harmonics).toEqual({ found: 0, of: 3 });
    // However far a line has risen, below what noise shows it is none.
    const quiet = windows.map(() => windowOf([3, 7.5, 6, 4, 4, 5, 6, 0]));
    const low = describeEvidence(subjectOf(usual), quiet, {
      healthyFeatures: [-5, 7, 6, 4, 4, 5, 6, 0].map(log),
    })!;
    expect(low.harmonics.found).toBe(0);
  });

  test("names a fault whose lines lie at nearly the same places first, whether or not any stands out", () => {
    const alike = { ...bearing, bpfi: 3.62 };
    for (const dbs of [outer, [4, 5, 6, 4, 4, 5, 6, 0]]) {
      const { against } = describeEvidence(subjectOf(usual, { bearing: alike }), [windowOf(dbs)])!;
      expect(against[0]).toBe(
        "a fault of the inner race has its lines at nearly the same places (order 3.62, this 3.60)",
      );
      expect(against.join()).not.toContain("1× the inner race (3.62)");
    }
  });

  test("says of lines that stand on the mains' hum that they do, where most windows have them there", () => {
    // 1× is 3.6 · 1667 / 60 = 100.0 Hz, 2× 200.0 Hz.
    const onHum = (hum: readonly number[]): ForeignLines => ({ hum, shaft: [] });
    const humming = { ...windowOf(outer, 1667), foreignLines: onHum([0, 1]) };
    const plain = windowOf(outer, 1667);
    const against = (windows: Parameters<typeof describeEvidence>[1]): readonly string[] =>
      describeEvidence(subjectOf(usual), windows)!.against;
    expect(against([humming, humming, plain])).toEqual([
      "1× and 2× stand on the mains' hum (100 and 200 Hz)",
    ]);
    expect(against([{ ...humming, foreignLines: onHum([0]) }])).toEqual([
      "1× stands on the mains' hum (100 Hz)",
    ]);
    // A harmonic of what beats at 300 Hz is told where it stands.
    expect(against([{ ...windowOf(outer, 5000), foreignLines: onHum([0, 1, 2]) }])).toEqual([
      "1×, 2× and 3× stand on the mains' hum (300, 600 and 900 Hz)",
    ]);
    expect(against([humming, plain])).toEqual([]);
    // Of a line that is not found nothing needs to be said.
    expect(against([{ ...windowOf([4, ...outer.slice(1)], 1667), foreignLines: onHum([0]) }])).toEqual([
      "1× does not stand out of the noise",
    ]);
    const upper = {
      ...windowOf(
        outer.map(() => 4),
        1667,
      ),
      upperFeatures: outer.map(log),
    };
    expect(against([{ ...upper, upperForeignLines: onHum([0]) }])).toEqual([
      "1× stands on the mains' hum (100 Hz)",
    ]);
    expect(against([{ ...upper, foreignLines: onHum([0]) }])).toEqual([]);
  });

  test("says of lines that stand where an inverter's supply may whose they may be", () => {
    // Twice the supply of two pole pairs is found from 4 to 4.18 turns.
    const fed = { ...subjectOf(usual, { bearing: { ...bearing, bpfo: 4.07 } }), polePairs: 2 };
    const humming = { ...windowOf(outer, 1500), foreignLines: { hum: [0, 1], shaft: [] } };
    expect(describeEvidence(fed, [humming])!.against).toEqual([
      "1× and 2× stand where twice the supply's frequency of a motor with 2 pole pairs does, or a multiple of it",
    ]);
    const mains = { ...fed, polePairs: 1 };
    const onMains = { ...windowOf(outer, 1474), foreignLines: { hum: [0], shaft: [] } };
    expect(describeEvidence({ ...mains, bearing: { ...bearing, bpfo: 3.4 } }, [onMains])!.against).toEqual([
      "1× stands on the mains' hum (100 Hz)",
    ]);
  });

  test("says of lines that stand where the shaft's may that they may be these", () => {
    const knocking = { ...windowOf(outer, 1500), foreignLines: { hum: [], shaft: [1] } };
    expect(describeEvidence(subjectOf(usual), [knocking])!.against).toEqual([
      "what stands out near 2× (order 7.20) may be 7× the shaft's speed",
    ]);
    // A wheel of 61 teeth drives a pinion of 17.
    const geared = { ...subjectOf(usual), gearedShafts: [61 / 17] };
    expect(describeEvidence(geared, [knocking])!.against).toEqual([
      "what stands out near 2× (order 7.20) may be 2× the geared shaft's speed (3.588 turns a turn)",
    ]);
    expect(describeEvidence(geared, [windowOf(outer, 1500)])!.against).toEqual([]);
  });

  test("says which harmonics do not stand at multiples of one order, by how much, and nothing that the resolution makes", () => {
    const nan = Number.NaN;
    const windowAt = (first: number, second: number, third: number, revolutions?: number) => ({
      ...windowOf(outer),
      revolutions,
      lineOrders: Float32Array.of(first, second, third, nan, nan, nan, nan, nan),
    });
    const against = (...windows: ReturnType<typeof windowAt>[]): readonly string[] =>
      describeEvidence(subjectOf(usual), windows)!.against;
    // The third 1.4 % beside three times the first, the second 0.2 %.
    const false3 = windowAt(3.58, 7.16 * 1.002, 10.74 * 1.014);
    expect(against(false3)).toEqual([
      "1× and 3× do not stand at multiples of one order (1.4 % apart), if the speed was steady within the windows",
    ]);
    expect(
      against({ ...false3, lineOrders: Float32Array.of(3.58, nan, nan, nan, nan, nan, nan, nan) }),
    ).toEqual([]);
    // A slip of 1.5 % moves all lines alike, and may change from window to window.
    expect(against(windowAt(3.55, 7.1, 10.65))).toEqual([]);
    const half = [1, 1, 1.012, 1.012].map((slip) =>
      windowAt(3.55 * slip, 7.1 * slip, slip === 1 ? nan : 10.65 * slip),
    );
    expect(against(...half)).toEqual([]);
    // Of 8 revolutions a place is known to 0.0125 orders: of 3.6 and 7.2 to 0.52 % together.
    const coarse = (revolutions: number) => against(windowAt(3.6, 7.2 * 1.008, nan, revolutions));
    expect(coarse(8).join()).not.toContain("multiples");
    expect(coarse(60)).toEqual([
      "1× and 2× do not stand at multiples of one order (0.8 % apart), if the speed was steady within the windows",
    ]);
  });

  test("of lines that are found off by one share names the fault of the same bearing that they fit better", () => {
    const nan = Number.NaN;
    const kinds = [1, 2, 3].flatMap((each) => [harmonic("bpfo", each), harmonic("bsf", each)]);
    // As of a cylindrical roller bearing: 1.9 % apart.
    const near = { bpfo: 5.8587, bpfi: 8.1413, bsf: 5.9703, ftf: 0.4185 };
    const against = (
      failureMode: string,
      orders: readonly [number, number, number],
      revolutions = 60,
    ): readonly string[] => {
      const lineOrders = Float32Array.from(orders.flatMap((order) => [order, order]));
      const windows = [1, 2].map(() => ({
        ...windowOf([26, 26, 25, 25, 22, 22]),
        revolutions,
        lineOrders,
      }));
      return describeEvidence(subjectOf(kinds, { failureMode, bearing: near }), windows)!.against;
    };
    const at = (order: number) => [order, 2 * order, 3 * order] as const;
    const words =
      "its lines are found 1.9 % below where they belong, 0.1 % from those of a fault of the outer race";
    const [first, second] = against("ball", at(5.855));
    expect(first).toBe(words);
    expect(second).toContain("at nearly the same places");
    expect(against("outer-race", at(5.855)).join()).not.toContain("belong");
    // The other way round: an outer race does not slip.
    expect(against("outer-race", at(5.965))[0]).toBe(
      "its lines are found 1.8 % above where they belong, 0.1 % from those of a fault of the rolling element",
    );
    // In the middle between both, as of a speed that is stated 1 % wrong, neither fits better.
    for (const mode of ["ball", "outer-race"])
      expect(against(mode, at(5.914)).join()).not.toContain("belong");
    // One line alone, lines that are off by shares of their own, and lines too wide to be two.
    expect(against("ball", [5.855, nan, nan]).join()).not.toContain("belong");
    expect(against("ball", [5.855, 11.94, 17.91]).join()).not.toContain("belong");
    expect(against("ball", at(5.855), 5).join()).not.toContain("belong");
    // A slip that no other fault explains is none of these.
    const alone = { ...near, bpfo: 4.3 };
    const lineOrders = Float32Array.from(at(5.855).flatMap((order) => [nan, order]));
    const window = { ...windowOf([4, 26, 4, 25, 4, 22]), lineOrders };
    const subject = subjectOf(kinds, { failureMode: "ball", bearing: alone });
    expect(describeEvidence(subject, [window])!.against.join()).not.toContain("belong");
  });

  test("asks of a snapshot's lines to lie as far beside the shaft's as its few revolutions ask for", () => {
    const list = [harmonic("bpfo", 1)];
    const subject = subjectOf(list, { bearing: { ...bearing, bpfo: 3.9 } });
    const against = (revolutions?: number) =>
      describeEvidence(subject, [{ ...windowOf([30]), revolutions }])!.against.join();
    expect(against()).not.toContain("beside");
    expect(against(Number.NaN)).not.toContain("beside");
    expect(against(10)).toContain("1× (order 3.90) lies beside 4× the shaft's speed");
  });

  test("of snapshots in which all lines of a kind lie beside the shaft's says first that the kind cannot be told", () => {
    // Of PRONOSTIA's bearings: in 30 revolutions they lie far enough from the shaft's, in 3 none does.
    const short = { ...bearing, bpfo: 5.611 };
    const against = (revolutions: number | undefined, failureMode = "outer-race", dbs = outer) =>
      describeEvidence(subjectOf(usual, { bearing: short, failureMode }), [
        { ...windowOf(dbs), revolutions },
      ])!.against;
    const words =
      "the machine has changed, but which kind of fault it is cannot be told in snapshots as short as these (about 3 revolutions): all lines of the outer race lie beside the shaft's";
    expect(against(2.5)[0]).toBe(words);
    expect(against(2.5, "outer-race", [4, 5, 6, 4, 4, 5, 6, 0])[0]).toBe(words);
    for (const revolutions of [undefined, Number.NaN, 30, 60])
      expect(against(revolutions).join()).not.toContain("cannot be told in snapshots");
    // The inner race's first line, at 5.4, lies 0.4 orders beside the shaft's.
    expect(against(2.5, "inner-race").join()).not.toContain("cannot be told in snapshots");
  });

  test("says of what is the flank of another line in most windows that it is", () => {
    const nan = Number.NaN;
    const windowAt = (first: number, second: number) => ({
      ...windowOf(outer),
      lineOrders: Float32Array.of(first, second, 10.8, nan, nan, nan, nan, nan),
    });
    const against = (...windows: ReturnType<typeof windowAt>[]): readonly string[] =>
      describeEvidence(subjectOf(usual), windows)!.against;
    const [flank, line] = [windowAt(-3.52, 7.2), windowAt(3.6, 7.2)];
    expect(against(flank, flank, line)).toEqual([
      "what stands out near 1× is the flank of a line beyond where it is looked for",
    ]);
    expect(against(flank, line)).toEqual([]);
    expect(against(windowAt(-3.52, -7.05))).toEqual([
      "what stands out near 1× and 2× are flanks of lines beyond where they are looked for",
    ]);
    // Beside a harmonic of the shaft the search ends earlier.
    expect(against(windowAt(-3.58, 7.2))).toEqual([
      "the top of what stands out near 1× lies in what is passed over beside 4× the shaft's speed",
    ]);
    const onHum = { ...flank, foreignLines: { hum: [0, 1], shaft: [] } };
    expect(against(onHum)).toContain("1× may be the flank of the mains' hum (100 Hz)");
    expect(against(onHum)).toContain("2× stands on the mains' hum (200 Hz)");
  });

  test.each([
    [
      "a line that stands alone",
      [20, 4, 5, 4, 4, 5, 6, 0],
      null,
      "only one of 3 harmonics stands out, which may be another bearing's or another maker's: compare its orders with the bearing fitted",
    ],
    ["a missing harmonic", [20, 4, 12, 4, 4, 5, 6, 0], null, "2× does not stand out of the noise"],
    ["no harmonic", [4, 5, 6, 4, 4, 5, 6, 0], null, "none of 3 harmonics stands out of the noise"],
    [
      "a line as old as the machine",
      outer,
      [19, 8, 7, 0, 0, 0, 0, 0],
      "1× stood out nearly as far when this machine was healthy",
    ],
    [
      "a line where the rival, whose first harmonic is there, has one",
      [20, 15, 12, 4, 15, 5, 6, 0],
      null,
      "3× (order 10.80) is searched where 2× the inner race (10.80) may lie",
    ],
  ])("names %s", (_what, dbs, healthy, objection) => {
    const healthyFeatures = healthy === null ? null : healthy.map(log);
    const { against } = describeEvidence(subjectOf(usual), [windowOf(dbs)], { healthyFeatures })!;
    expect(against).toContain(objection);
  });

  test("names a rival whose lines stand out as far, by how much, and none that does not", () => {
    const noise = (order: number): number => {
      const bins = (2 * 0.02 * order * 30) / 1.6 + 1;
      return 10 * Math.log10(-Math.log(1 - 0.5 ** (1 / bins)) / Math.LN2);
    };
    const own = 12 - (noise(3.6) + noise(7.2) + noise(10.8)) / 3;
    const its = 13 - (noise(5.4) + noise(10.8) + noise(16.2)) / 3;
    const near = describeEvidence(subjectOf(usual), [windowOf([12, 12, 12, 4, 13, 13, 13, 0])])!;
    expect(near.rival!.failureMode).toBe("inner-race");
    expect(near.rival!.marginDb).toBeCloseTo(own - its, 9);
    expect(near.against).toContain(
      `the lines of the inner race stand out further (${its.toFixed(1)} dB above noise on average, these ${own.toFixed(1)})`,
    );
    const far = describeEvidence(subjectOf(usual), [windowOf([12, 12, 12, 4, 9, 9, 9, 0])])!;
    expect(far.rival!.marginDb).toBeCloseTo(own - its + 4, 9);
    expect(far.against.join()).not.toContain("the lines of");
    // As far as noise: neither is there.
    const neither = describeEvidence(subjectOf(usual), [windowOf([4, 5, 6, 4, 5, 6, 7, 0])])!;
    expect(neither.rival!.marginDb).toBeLessThan(3);
    expect(neither.against).toEqual(["none of 3 harmonics stands out of the noise"]);
    expect(describeEvidence(subjectOf(usual.slice(0, 4)), [windowOf([12, 12, 12, 4])])!.rival).toBeNull();
  });

  test("of an inner race asks for side bands of the shaft, of a rolling element for the cage's", () => {
    const of = (failureMode: string, order: string, spacing: string) => {
      const list = [harmonic(order, 1), sideBand(order, spacing)];
      return describeEvidence(subjectOf(list, { failureMode }), [windowOf([20, 4])])!.against.join();
    };
    expect(of("inner-race", "bpfi", "shaft")).toContain("no side bands at the shaft's speed");
    expect(of("inner-race", "bpfi", "ftf")).not.toContain("no side bands");
    expect(of("ball", "bsf", "ftf")).toContain("no side bands at the cage's speed");
    expect(of("outer-race", "bpfo", "shaft")).not.toContain("no side bands");
  });

  test("takes no harmonic of the shaft for a line, and doubts one beside it", () => {
    const list = [1, 2].map((each) => harmonic("bpfo", each));
    const on = subjectOf(list, { bearing: { ...bearing, bpfo: 3.99 } });
    const { lines, against } = describeEvidence(on, [windowOf([30, 30])])!;
    expect(lines.map(({ isFound }) => isFound)).toEqual([false, false]);
    expect(against).toContain("1× (order 3.99) lies on 4× the shaft's speed, where no fault can be told");
    const beside = subjectOf(list, { bearing: { ...bearing, bpfo: 3.95 } });
    const besides = describeEvidence(beside, [windowOf([30, 30])])!;
    expect(besides.harmonics.found).toBe(2);
    expect(besides.against).toContain("1× (order 3.95) lies beside 4× the shaft's speed");
    // What counts is where it was found.
    const foundAt = (first: number) => {
      const lineOrders = Float32Array.of(first, 7.8);
      return describeEvidence(beside, [{ ...windowOf([30, 30]), lineOrders }])!.against.join();
    };
    expect(foundAt(3.92)).not.toContain("beside");
    expect(foundAt(3.96)).toContain("1× (order 3.95, found at 3.96) lies beside 4× the shaft's speed");
  });

  test("of what stands out on harmonics of the shaft says that, and not that nothing does", () => {
    const list = [1, 2, 3].map((each) => harmonic("bpfo", each));
    const on = subjectOf(list, { bearing: { ...bearing, bpfo: 3.99 } });
    const { sentence, harmonics } = describeEvidence(on, [windowOf([31, 31, 29])])!;
    expect(harmonics).toEqual({ found: 0, of: 3 });
    expect(sentence).toBe(
      "What stands out near 1×, 2× and 3× the outer race's order (99.8, 199.5 and 299.3 Hz by the bearing's data at " +
        "1500 rpm), 31, 31 and 29 dB above their neighbours (noise alone: 4, 5 and 6), not compared with this machine " +
        "when healthy, lies on harmonics of the shaft, side bands not looked for; over 1 window at 1500 rpm; against " +
        "it: 1× (order 3.99) lies on 4× the shaft's speed, where no fault can be told; 2× (order 7.98) lies on 8× the " +
        "shaft's speed, where no fault can be told; 3× (order 11.97) lies on 12× the shaft's speed, where no fault can " +
        "be told.",
    );
    const mixed = subjectOf(list, { bearing: { ...bearing, bpfo: 4.025 } });
    // 4.025 is shaded, 8.05 and 12.075 are not.
    const one = describeEvidence(mixed, [windowOf([31, 4, 5])])!;
    expect(one.sentence).toMatch(
      /^What stands out near 1× the outer race's order .* lies on a harmonic of the shaft/,
    );
    expect(one.against).toEqual([
      "2× and 3× do not stand out of the noise",
      "1× (order 4.03) lies on 4× the shaft's speed, where no fault can be told",
    ]);
    expect(describeEvidence(mixed, [windowOf([31, 20, 5])])!.against[0]).toBe(
      "3× does not stand out of the noise",
    );
    expect(describeEvidence(mixed, [windowOf([3, 4, 5])])!.sentence).toMatch(/^No line stands out at 1×, 2×/);
  });

  test("by its own place tells whether a line lies on a harmonic of the shaft, where that is known", () => {
    const on = subjectOf([harmonic("bpfo", 1)], { bearing: { ...bearing, bpfo: 3.99 } });
    const of = (place: number, shaft: readonly number[] = []) =>
      describeEvidence(on, [
        { ...windowOf([29]), lineOrders: Float32Array.of(place), foreignLines: { hum: [], shaft } },
      ])!;
    const off = of(3.92);
    expect(off).toMatchObject({ harmonics: { found: 1, of: 1 }, against: [] });
    expect(off.sentence).toMatch(/^A line near 1× the outer race's order \(found at 98.0 Hz at 1500 rpm/);
    const near = of(3.96, [0]);
    expect(near).toMatchObject({ harmonics: { found: 0, of: 1 } });
    expect(near.lines[0]).not.toHaveProperty("measuredOrder");
    expect(near.against).toEqual([
      "1× (order 3.99, found at 3.96) lies on 4× the shaft's speed, where no fault can be told",
    ]);
    // A flank says nothing of where its line stands.
    expect(of(-3.92).harmonics.found).toBe(0);
  });

  test("of a fast sensor is that of the band which shows more of the fault", () => {
    const subject = subjectOf(usual);
    const quiet = [4, 5, 6, 4, 4, 5, 6, 0];
    const of = (lower: readonly number[], upper: readonly number[]) =>
      describeEvidence(subject, [{ ...windowOf(lower), upperFeatures: upper.map(log) }], {
        healthyFeatures: quiet.map(log),
      })!;
    expect(of(outer, quiet)).toMatchObject({ band: "lower", harmonics: { found: 3 } });
    expect(of(outer, quiet).lines[0]!.dbAboveHealthy).toBeCloseTo(16, 9);
    const upper = of(quiet, outer);
    expect(upper).toMatchObject({ band: "upper", harmonics: { found: 3 } });
    expect(upper.lines[0]!.dbAboveHealthy).toBeNull();
    expect(upper.sentence).toContain("no side bands, in the upper band; over 1 window");
    expect(describeEvidence(subject, [windowOf(outer)])).not.toHaveProperty("band");
  });

  test("asks more of one window than of ten", () => {
    const subject = subjectOf([harmonic("bpfo", 1)]);
    const [line] = listFaultLines(subject);
    const { db, deviationDb } = computeLineNoise(line!, subject.window);
    expect(3 * deviationDb).toBeGreaterThan(3);
    const foundIn = (windows: number, excess: number): number =>
      describeEvidence(
        subject,
        Array.from({ length: windows }, () => windowOf([db + excess])),
      )!.harmonics.found;
    expect(foundIn(1, 3 * deviationDb - 0.1)).toBe(0);
    expect(foundIn(1, 3 * deviationDb + 0.1)).toBe(1);
    expect(foundIn(10, 3.1)).toBe(1);
    expect(foundIn(1000, 2.9)).toBe(0);
  });

  test("is null where there is nothing to look for: other modes, other features, other windows", () => {
    const subject = subjectOf(usual);
    expect(
      describeEvidence({ ...subject, failureMode: "gearbox-oil-temperature" }, [windowOf(outer)]),
    ).toBeNull();
    expect(describeEvidence({ ...subject, failureMode: "ball" }, [windowOf(outer)])).toBeNull();
    expect(describeEvidence(subject, [])).toBeNull();
    expect(describeEvidence(subject, [windowOf([1, 2])])).toBeNull();
    expect(describeEvidence(subject, [windowOf(outer, Number.NaN)])).toBeNull();
    expect(describeEvidence(subject, [windowOf(outer.map(() => Number.NaN))])).toBeNull();
    expect(describeEvidence(subjectOf([sideBand("bpfo", "shaft")]), [windowOf([20])])).toBeNull();
  });

  test("leaves out declarations that it does not understand, and never fails for them", () => {
    const hostile: readonly Readonly<Record<string, FeatureParameter>>[] = [
      {},
      { order: "toString", harmonic: 1, tolerance: 0.02 },
      { order: "__proto__", harmonic: 1, tolerance: 0.02 },
      { order: 3, harmonic: 1, tolerance: 0.02 },
      { order: "bpfo", harmonic: 0, tolerance: 0.02 },
      { order: "bpfo", harmonic: 1.5, tolerance: 0.02 },
      { order: "bpfo", harmonic: 1e9, tolerance: 0.02 },
      { order: "bpfo", harmonic: "1", tolerance: 0.02 },
      { order: "bpfo", harmonic: Number.NaN, tolerance: 0.02 },
    ];
    const list = hostile.map((params, index) => ({ ...harmonic("bpfo", 1), name: `f${index}`, params }));
    const unknown = { ...harmonic("bpfo", 2), operator: "constructor", name: "operator" };
    const missing = { ...sideBand("bpfo", "constructor"), name: "spacing" };
    const { lines } = describeEvidence(subjectOf([...list, unknown, missing, harmonic("bpfo", 3)]), [
      windowOf(Array.from({ length: 12 }, () => 20)),
    ])!;
    expect(lines.map(({ name }) => name)).toEqual(["bpfo.h3"]);
  });

  test("of any numbers keeps to the bounds of its contract", () => {
    const parameter = fc.oneof(
      fc.double(),
      fc.integer({ min: -3, max: 70 }),
      fc.constantFrom("bpfo", "bpfi", "bsf", "ftf", "shaft", "x"),
      fc.boolean(),
    );
    const declaration = fc.record({
      operator: fc.constantFrom("order-log-snr", "side-band-log-snr", "order-margin"),
      order: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom("bpfo", "bpfi", "bsf") },
        { weight: 1, arbitrary: parameter },
      ),
      harmonic: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 1, max: 5 }) },
        { weight: 1, arbitrary: parameter },
      ),
      spacing: parameter,
      tolerance: fc.oneof(fc.double({ min: 0, max: 0.1 }), parameter),
    });
    const many = fc.array(declaration, { minLength: 1, maxLength: 60 });
    const values = fc.array(fc.double({ min: -90, max: 90 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(many, values, fc.double({ min: 1, max: 5000, noNaN: true }), (declared, row, shaftRpm) => {
        const list = declared.map(({ operator, ...params }, index) => ({
          ...harmonic("bpfo", 1),
          name: `f${index}`,
          operator,
          params,
        }));
        const evidence = describeEvidence(subjectOf(list), [
          { features: row.slice(0, list.length), shaftRpm },
        ]);
        if (evidence !== null) physicalEvidenceSchema().parse(evidence);
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});
