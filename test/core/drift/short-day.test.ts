import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createColumnsTask, createRows, summariseRows } from "../../../scripts/drift/correlated-days.ts";
import { assessDay } from "../../../src/core/drift/assess-day.ts";
import { createExcess } from "../../../src/core/drift/short-day.ts";
import { beginSiteReference, type ColumnReference } from "../../../src/core/drift/site-reference.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

function learn(rho: number): ColumnReference {
  const task = createColumnsTask(1, 28);
  const next = createRows(createRandom(4), { columns: 1, rho, common: 0 });
  let reference = beginSiteReference();
  for (let day = 0; day < 28; day++) {
    reference = assessDay(task, reference, summariseRows(task, day, { next })).reference;
  }
  return reference.columns[0]!;
}

describe("what a short day's mean scatters more than a whole one's", () => {
  const independent = createExcess(learn(0));
  const slow = createExcess(learn(0.98));

  it("is nothing for a whole day", () => {
    expect(independent([40, 24, 144, 0, 0, 0, 0])).toBe(0);
  });

  it("is as much as fewer independent rows give, and what slow columns do in six hours", () => {
    // 36 rows instead of 144: 1/36 − 1/144.
    expect(independent([40, 6, 36, 0, 0, 0, 0])).toBeGreaterThan(0.015);
    expect(independent([40, 6, 36, 0, 0, 0, 0])).toBeLessThan(0.027);
    // Of rows correlated by .98, means of 36 rows have the variance .79, those of 144 rows .46.
    expect(slow([40, 6, 36, 0, 0, 0, 0])).toBeGreaterThan(0.22);
    expect(slow([40, 6, 36, 0, 0, 0, 0])).toBeLessThan(0.45);
  });

  it("is never negative, and shrinks with every row", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 23 }), fc.integer({ min: 12, max: 143 }), (slots, rows) => {
        for (const excess of [independent, slow]) {
          const short = excess([40, slots, rows, 0, 0, 0, 0]);
          expect(short).toBeGreaterThanOrEqual(0);
          expect(excess([40, slots, rows + 1, 0, 0, 0, 0])).toBeLessThanOrEqual(short);
        }
      }),
    );
  });
});
