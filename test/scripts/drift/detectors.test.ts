import { describe, expect, it } from "vitest";
import { createAdwin } from "../../../scripts/drift/detectors/adwin.ts";
import type { ChangeDetector } from "../../../scripts/drift/detectors/change-detector.ts";
import { computeRunLength, createCusum } from "../../../scripts/drift/detectors/cusum.ts";
import { createDdm } from "../../../scripts/drift/detectors/ddm.ts";
import { createKswin } from "../../../scripts/drift/detectors/kswin.ts";
import { createPageHinkley } from "../../../scripts/drift/detectors/page-hinkley.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { createPythonRandom } from "../../support/mersenne-twister.ts";

/** Vector A1. */
function drawLevels(): number[] {
  const random = createPythonRandom(12345);
  return [...random.choices([0, 1], 1_000), ...random.choices([4, 5, 6, 7], 1_000)];
}

/** Vector A2. */
function drawErrors(): number[] {
  const random = createPythonRandom(42);
  return [...random.choices([0, 1], 1_000), ...random.choices([0, 1], 1_000, [0.3, 0.7])];
}

function findFirst(detector: ChangeDetector, stream: readonly number[]): number {
  return stream.findIndex((value) => detector.update(value) === "drift");
}

describe("detectors of a change", () => {
  it("have the streams of vectors A1 and A2 before them", () => {
    const levels = drawLevels();
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    expect(sum(levels.slice(0, 1_000))).toBe(497);
    expect(sum(levels.slice(1_000))).toBe(5_473);
    expect(levels.slice(1_000, 1_024)).toEqual([
      4, 6, 7, 4, 6, 7, 5, 4, 6, 7, 7, 6, 4, 7, 5, 6, 6, 7, 6, 4, 6, 6, 7, 4,
    ]);
    expect(sum(drawErrors().slice(0, 1_000))).toBe(520);
    expect(sum(drawErrors().slice(1_000))).toBe(714);
  });

  it("alarm where vector A1 says: Page–Hinkley, ADWIN, KSWIN", () => {
    const stream = drawLevels();
    const pageHinkley = createPageHinkley();
    expect(findFirst(pageHinkley, stream)).toBe(1_006);
    expect(pageHinkley.evidence()).toBeCloseTo(50.80334686147841, 10);
    expect(findFirst(createAdwin(), stream)).toBe(1_023);
    const random = createPythonRandom(42);
    const draw = (values: readonly number[], count: number): number[] => random.sample(values, count);
    expect(findFirst(createKswin({ alpha: 1e-4, draw }), stream)).toBe(1_016);
  });

  it("draw by their own seed, and find the same change", () => {
    const stream = drawLevels();
    for (const seed of [1, 2, 3, 42]) {
      const found = findFirst(createKswin({ alpha: 1e-4, seed }), stream);
      expect(found).toBeGreaterThanOrEqual(1_013);
      expect(found).toBeLessThanOrEqual(1_019);
      expect(findFirst(createKswin({ alpha: 1e-4, seed }), stream)).toBe(found);
    }
  });

  it("warn and alarm where vector A2 says: DDM", () => {
    const detector = createDdm();
    const changes: string[] = [];
    for (const [index, error] of drawErrors().entries()) {
      const state = detector.update(error);
      // The first warning since the last drift: an error rate hovers about the limit.
      if (state === "drift" || (state === "warning" && !changes.at(-1)?.startsWith("warning"))) {
        changes.push(`${state} ${index}`);
      }
    }
    expect(changes.slice(0, 3)).toEqual(["warning 1084", "drift 1334", "warning 1492"]);
  });
});

describe("the average run length of a CUSUM", () => {
  it("agrees with vector A13, and so with the tables of Montgomery", () => {
    const expected = {
      4: [167.67, 26.63, 8.38, 3.34],
      5: [465.37, 38.0, 10.38, 4.01],
    };
    for (const [limit, lengths] of Object.entries(expected)) {
      for (const [index, shift] of [0, 0.5, 1, 2].entries()) {
        const length = computeRunLength({ slack: 0.5, limit: Number(limit) }, shift);
        expect(Math.abs(length / lengths[index]! - 1), `${limit} ${shift}`).toBeLessThan(0.001);
      }
    }
  });

  it("is what a chart does", () => {
    const random = createRandom(5);
    const design = { slack: 0.5, limit: 4 };
    const chart = createCusum(design);
    let alarms = 0;
    const values = 400_000;
    for (let index = 0; index < values; index++) if (chart.update(random.normal()) === "drift") alarms++;
    expect(Math.abs(values / alarms / computeRunLength(design) - 1)).toBeLessThan(0.06);
  });
});
