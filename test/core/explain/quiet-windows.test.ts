import { describe, expect, test } from "vitest";
import { describeEvidence } from "../../../src/core/explain/physical-evidence.ts";
import { createRecentWindows } from "../../../src/core/explain/recent-windows.ts";

/** Lines of one bearing, as far as the outer race's first two are asked for; noise shows 4 and 5 dB there, one window has to show 5 more. */
const list = [1, 2].map((number) => ({
  name: `bpfo.h${number}`,
  operator: "order-log-snr",
  chain: "envelope",
  params: { order: "bpfo", harmonic: number, tolerance: 0.02 },
  group: "outer race",
}));
const subject = {
  failureMode: "outer-race",
  features: { catalogueVersion: 1, chains: [], list },
  window: { unit: "revolutions", length: 30, hop: 30 },
  bearing: { bpfo: 3.6, bpfi: 5.4, bsf: 4.3, ftf: 0.4 },
} as const;
const windowsOf = (count: number, dbs: readonly number[], speaks = true) =>
  Array.from({ length: count }, () => ({
    features: dbs.map((db) => (db * Math.LN10) / 20),
    shaftRpm: 1500,
    speaks,
  }));
const against = (windows: ReturnType<typeof windowsOf>, leadingMode?: string): readonly string[] =>
  describeEvidence(subject, windows, { leadingMode })!.against;

describe("windows since a fault has gone", () => {
  const faulty = windowsOf(20, [29, 24]);

  test("are counted in the objections, however many of them the model still takes for it", () => {
    expect(against([...faulty, ...windowsOf(12, [4, 5], false)])).toEqual([
      "the last 12 windows show none of these lines",
    ]);
    const mixed = [...windowsOf(3, [4, 5], false), ...windowsOf(1, [5, 5]), ...windowsOf(4, [4, 6], false)];
    expect(against([...faulty, ...mixed])).toEqual(["the last 8 windows show none of these lines"]);
    const single = windowsOf(20, [29, 5]);
    expect(against([...single, ...windowsOf(5, [4, 5], false)])).toContain(
      "the last 5 windows do not show this line",
    );
  });

  test("are counted in what a point remembers, too", () => {
    const recent = createRecentWindows({ lines: [0, 1], harmonics: [0, 1] });
    let fromMs = 0;
    const note = (count: number, dbs: readonly number[], logits: readonly number[]): void => {
      for (const window of windowsOf(count, dbs)) {
        fromMs += 1200;
        recent.note({ ...window, fromMs, toMs: fromMs + 1200 }, { logits });
      }
    };
    note(20, [29, 24], [3, -2]);
    note(3, [4, 5], [-5, -4]);
    note(1, [5, 5], [-4, -5]);
    note(4, [4, 5], [-5, -4]);
    const windows = recent.listSince({ output: 0, sinceMs: 0 });
    expect(describeEvidence(subject, windows)).toMatchObject({
      windows: 21,
      against: ["the last 8 windows show none of these lines"],
    });
  });

  test("are no part of the mean, which is of those that speak for it", () => {
    const { windows, lines } = describeEvidence(subject, [...faulty, ...windowsOf(12, [4, 5], false)])!;
    expect(windows).toBe(20);
    expect(lines[0]!.dbAboveNeighbours).toBeCloseTo(29, 9);
  });

  test("are not told of where they are few, or still show a line", () => {
    expect(against([...faulty, ...windowsOf(4, [4, 5], false)])).toEqual([]);
    expect(against([...faulty, ...windowsOf(12, [4, 20], false)])).toEqual([]);
    // Another mode leads in turn, the lines stay.
    expect(
      against(Array.from({ length: 20 }, (_, at) => windowsOf(1, [12, 12], at % 2 === 0)).flat()),
    ).toEqual([]);
    // One of the five shows it.
    expect(against([...faulty, ...windowsOf(4, [4, 5], false), ...windowsOf(1, [20, 20])])).toEqual([]);
  });

  test("of a weak line are those that have lost half of it", () => {
    const weak = windowsOf(50, [7.5, 8.5]);
    expect(against([...weak, ...windowsOf(10, [6.5, 7.5], false)])).toEqual([]);
    expect(against([...weak, ...windowsOf(10, [4, 5], false)])).toEqual([
      "the last 10 windows show none of these lines",
    ]);
  });

  test("stand in one clause with the fault that they look like", () => {
    const quiet = windowsOf(9, [4, 5], false);
    expect(against([...faulty, ...quiet], "inner-race")).toEqual([
      "the last windows look like a fault of the inner race, and the last 9 show none of these lines",
    ]);
    expect(against(faulty, "inner-race")).toEqual(["the last windows look like a fault of the inner race"]);
  });
});
