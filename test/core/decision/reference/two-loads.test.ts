/** A machine that works at two loads in turn, and those that only look as if they did. */
import { expect, test } from "vitest";
import type { HealthyWindow } from "../../../../src/core/decision/reference/fit-site-baseline.ts";
import { hearLoads } from "../../../../src/core/decision/reference/two-loads.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { watchParts } from "../watch-feed.ts";

const spec = watchParts.baseline!;

/** Windows that are louder by as much as `louderDb` says of each. */
function windowsOf(
  windows: number,
  louderDb: (index: number) => number,
  shaftRpm: (index: number) => number = () => 1500,
): HealthyWindow[] {
  const random = createRandom(3);
  return Array.from({ length: windows }, (_, index) => {
    const level = louderDb(index) + 0.6 * random.normal();
    return {
      fromMs: index,
      toMs: index + 1,
      shaftRpm: shaftRpm(index),
      levels: [-30 + level + 0.4 * random.normal(), -35 + level + 0.4 * random.normal()],
      logits: [],
    };
  });
}

/** 6 dB louder in every second spell of so many windows. */
const inSpells =
  (spell: number, apartDb = 6) =>
  (index: number): number =>
    Math.floor(index / spell) % 2 === 0 ? 0 : apartDb;

test("two loads that were each left and come back to are told apart", () => {
  for (const [spell, apartDb] of [
    [24, 6],
    [7, 8],
    [20, 4],
  ] as const) {
    const louderDb = inSpells(spell, apartDb);
    const { windows, isUndecided } = hearLoads(windowsOf(96, louderDb), spec);
    const wrong = windows.filter(({ isQuieter = false }, at) => isQuieter !== (louderDb(at) === 0));
    expect(wrong.length).toBeLessThanOrEqual(1);
    expect(isUndecided).toBe(false);
  }
});

test("what is not heard, or lies between both, is of neither load: it breaks no spell, and is no part of one", () => {
  const heldBack = (index: number): number => (index % 54 < 40 ? 0 : 6);
  const seldom = windowsOf(256, (index) => (index % 3 === 0 ? heldBack(index) : Number.NaN));
  const told = hearLoads(seldom, spec).windows.filter(({ isQuieter }) => isQuieter === true);
  expect(told).toHaveLength(seldom.filter(({ levels }) => levels[0]! < -27).length);
  for (const after of [Number.NaN, 3]) {
    const knocks = windowsOf(96, (index) => (index % 12 < 2 ? 6 : index % 12 < 4 && index < 30 ? after : 0));
    expect(hearLoads(knocks, spec)).toEqual({ windows: knocks, isUndecided: false });
    const often = windowsOf(96, (index) => (index % 8 < 2 ? 6 : index % 8 < 5 ? Number.NaN : 0));
    expect(hearLoads(often, spec)).toEqual({ windows: often, isUndecided: false });
  }
});

test("of a machine that came back once it is not known yet", () => {
  const windows = windowsOf(96, inSpells(36));
  expect(hearLoads(windows, spec)).toEqual({ windows, isUndecided: true });
});

test("what steps once, grows, runs in, passes into each other, knocks, lies near or far, moves itself or turns otherwise is no two loads", () => {
  const wave = (index: number): number => 3 * Math.sin(index / 6);
  for (const windows of [
    windowsOf(96, inSpells(48)),
    windowsOf(256, (index) => index / 24),
    windowsOf(256, (index) => -Math.min(4, index / 36)),
    windowsOf(96, wave),
    windowsOf(96, (index) => (index % 6 === 0 ? 6 : 0)),
    windowsOf(96, (index) => (index % 12 < 3 ? 6 : 0)),
    windowsOf(256, (index) => (index % 128 >= 64 && index % 128 < 76 ? 6 : 0)),
    windowsOf(96, (index) => inSpells(12, 8)(index) + index / 24),
    windowsOf(96, inSpells(12, 2)),
    windowsOf(96, inSpells(12, 12)),
    windowsOf(96, (index) => inSpells(12)(index) + index / 16),
    windowsOf(96, inSpells(12), (index) => (inSpells(12)(index) === 0 ? 1000 : 1500)),
    windowsOf(96, () => Number.NaN),
    [],
  ])
    expect(hearLoads(windows, spec)).toEqual({ windows, isUndecided: false });
});
