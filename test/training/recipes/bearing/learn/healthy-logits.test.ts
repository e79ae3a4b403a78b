/** How healthy logits lie, of recordings that are long, short, and too short. */
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../../src/core/maths/random.ts";
import type { ScoredSet, ScoredSignal } from "../../../../../src/training/judge/scored-set.ts";
import { measureHealthyLogits } from "../../../../../src/training/recipes/bearing/learn/healthy-logits.ts";

const outputs = 3;

interface Recorded {
  readonly machine: string;
  readonly rows: number;
  readonly speed?: string;
}

/** Logits about -3 with a deviation of 0.4 from window to window, and of `wander` from recording to recording. */
function score(recordings: readonly Recorded[], wander = 0): ScoredSet {
  const random = createRandom(11);
  const signals = recordings.map(
    ({ machine, rows, speed = "1500 to 1525 rpm" }, index): ScoredSignal => ({
      id: `${index}`,
      unit: machine,
      stratum: "healthy",
      truth: null,
      rows,
      slices: { machine, speed },
    }),
  );
  const logits = signals.flatMap(({ rows }) => {
    const level = -3 + wander * random.normal();
    return Array.from({ length: rows * outputs }, () => level + 0.4 * random.normal());
  });
  return { signals, outputs, scores: { int8: Float32Array.from(logits) } };
}

function repeat(machines: number, recordings: number, rows: number): readonly Recorded[] {
  return Array.from({ length: machines * recordings }, (_, index) => ({
    machine: `t${index % machines}`,
    rows,
  }));
}

describe("how healthy logits lie", () => {
  it("is told by recordings of four windows, whatever shorter ones there are beside them", () => {
    const long = score(repeat(8, 2, 40));
    const healthy = measureHealthyLogits([long]);
    expect(healthy.location).toBeCloseTo(-3, 1);
    expect(healthy.window).toBeCloseTo(0.4, 1);
    const { window, wander } = measureHealthyLogits([long, score(repeat(8, 6, 2), 2)]);
    expect([window, wander]).toEqual([healthy.window, healthy.wander]);
  });

  it.each([
    [1, 12],
    [2, 6],
    [3, 4],
  ])("is told by a machine's recordings together where they have %d windows each", (rows, recordings) => {
    expect(measureHealthyLogits([score(repeat(12, recordings, rows))]).window).toBeCloseTo(0.4, 1);
    // What wanders between recordings makes it larger, never smaller.
    const wandering = measureHealthyLogits([score(repeat(12, recordings, rows), 0.36)]).window;
    expect(wandering).toBeGreaterThan(0.42);
    expect(wandering).toBeLessThan(0.65);
  });

  it("does not mix machines or speeds, and refuses what comes to fewer than four windows", () => {
    const speeds = ["1500 to 1525 rpm", "900 to 925 rpm"];
    const apart = speeds.flatMap((speed) => repeat(16, 1, 3).map((each) => ({ ...each, speed })));
    expect(() => measureHealthyLogits([score(apart)])).toThrow(expect.objectContaining({ code: "TRAINING" }));
    expect(() => measureHealthyLogits([])).toThrow(RangeError);
  });
});
