import { expect, test } from "vitest";
import type { SiteBaseline } from "../../../../src/core/contract/site-baseline.ts";
import { createDeafness } from "../../../../src/core/decision/reference/deafness.ts";
import { measureWindowSeverity } from "../../../../src/core/decision/reference/window-severity.ts";
import { watchParts } from "../watch-feed.ts";

const spec = watchParts.baseline!;
/** Learnt at about 1000 rpm alone. */
const baseline: SiteBaseline = {
  formatVersion: 1,
  version: 1,
  windows: 128,
  fromMs: 0,
  toMs: 128_000,
  shaftRpm: { min: 1000, max: 1000, reference: 1000 },
  spec: spec.levels,
  levels: [-30, -35].map((locationDb) => ({ locationDb, scaleDb: 1, perOctaveDb: 0 })),
  model: null,
  margins: [],
  suspicions: [],
};

function measure(shaftRpm: number, aboveDb: number): ReturnType<typeof measureWindowSeverity> {
  const levels = Float32Array.of(-30 + aboveDb, -35 + aboveDb);
  const prediction = { operatingState: "full-performance" } as const;
  return measureWindowSeverity({ prediction, levels, shaftRpm }, spec, baseline);
}

test("at a speed that was learnt a severity is a number", () => {
  const { db, atLeastDb, atMostDb, unknown } = measure(1090, 12);
  expect(db).toBeCloseTo(12, 4);
  expect([atLeastDb, atMostDb, unknown]).toEqual([db, db, null]);
});

test("an octave faster up to 24 dB are the speed's own, and the machine may have become 6 dB quieter by it", () => {
  const { db, atLeastDb, atMostDb, unknown } = measure(2000, 30);
  expect([db, unknown]).toEqual([null, "it was learnt at 1000 rpm, not at 2000 rpm"]);
  expect(atLeastDb).toBeCloseTo(6, 4);
  expect(atMostDb).toBeCloseTo(36, 4);
});

test("an octave slower it may have become 24 dB quieter, or 6 dB louder", () => {
  const { atLeastDb, atMostDb } = measure(500, -12);
  expect(atLeastDb).toBeCloseTo(-18, 4);
  expect(atMostDb).toBeCloseTo(12, 4);
});

test("of a speed that nobody states nothing is known", () => {
  expect(measure(Number.NaN, 30)).toEqual({
    db: null,
    atLeastDb: null,
    atMostDb: null,
    unknown: "it was learnt at 1000 rpm, and the speed is not known",
  });
});

test("a dead sensor is deaf at any speed; what may be a slow machine's silence is no news of it, what is loud enough is", () => {
  const deafness = createDeafness();
  const note = (shaftRpm: number, aboveDb: number): void =>
    deafness.note(measure(shaftRpm, aboveDb), { quieterDb: null });
  for (let window = 0; window < 12; window++) note(window % 2 === 0 ? 2000 : 500, -40);
  expect([deafness.isDeaf, deafness.isQuiet]).toEqual([true, true]);
  note(500, -20);
  expect([deafness.isDeaf, deafness.isQuiet, deafness.quietWindows]).toEqual([true, false, 12]);
  note(500, 2);
  expect([deafness.isDeaf, deafness.quietWindows]).toEqual([false, 0]);
});

test("a sensor that lies at the bound is deaf from then on, not by turns, until it clearly hears", () => {
  const note = (deafness: ReturnType<typeof createDeafness>, aboveDb: number): boolean => {
    deafness.note(measure(1000, aboveDb), { quieterDb: null });
    return deafness.isDeaf;
  };
  const deafness = createDeafness();
  for (let window = 0; window < 11; window++) note(deafness, -9.2);
  // As long as it is not deaf one window that is louder says that it hears.
  expect(note(deafness, -8.5)).toBe(false);
  for (let window = 0; window < 12; window++) note(deafness, -9.2);
  expect([-8.4, -9.2, -6.1, -8.5].map((db) => note(deafness, db))).toEqual([true, true, true, true]);
  // As after a restart.
  const restarted = createDeafness();
  restarted.begin(deafness.quietWindows);
  expect(note(restarted, -8.4)).toBe(true);
  expect(note(restarted, -5.9)).toBe(false);
});

test.each([
  [-7, null],
  [-10.2, 10],
])(
  "a sensor that was deaf hears as well after twelve windows in a row at %d dB, a little above the bound",
  (db, quieterDb) => {
    const deafness = createDeafness();
    const hear = (aboveDb: number, windows: number): boolean => {
      for (let window = 0; window < windows; window++) deafness.note(measure(1000, aboveDb), { quieterDb });
      return deafness.isDeaf;
    };
    expect(hear(-30, 12)).toBe(true);
    expect(hear(db, 11)).toBe(true);
    // A quiet one between, and the row begins anew.
    expect(hear(-30, 1)).toBe(true);
    expect(hear(db, 11)).toBe(true);
    expect(hear(db, 1)).toBe(false);
  },
);

test("the fainter of two loads says nothing of how loud a machine is, and is no sensor that hears less", () => {
  const deafness = createDeafness();
  const note = (aboveDb: number, quieterDb: number | null): readonly boolean[] => {
    for (let window = 0; window < 12; window++) deafness.note(measure(1000, aboveDb), { quieterDb });
    return [deafness.isQuieter, deafness.isDeaf];
  };
  expect(note(-9.5, 8)).toEqual([true, false]);
  expect(note(-5, 8)).toEqual([false, false]);
  expect(note(-12, 8)).toEqual([true, true]);
  expect(note(-9.5, null)).toEqual([false, true]);
});
