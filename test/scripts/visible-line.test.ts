import { expect, test } from "vitest";
import { findVisible } from "../../scripts/bench/invented-weeks.ts";
import { measureLine } from "../../scripts/bench/visible-line.ts";
import { createRandom } from "../../src/core/maths/random.ts";

const orders = { bpfo: 7.092, bpfi: 8.908, bsf: 8.395, ftf: 0.4433 };
const [rateHz, shaftRpm] = [20_480, 2000];

/** A second of noise of which the strength goes up and down at an order of the shaft, by a share. */
function modulate(order: number, depth: number): Float64Array {
  const random = createRandom(5);
  return Float64Array.from({ length: rateHz }, (_, index) => {
    const turns = (index / rateHz) * (shaftRpm / 60);
    return random.normal() * (1 + depth * Math.cos(2 * Math.PI * order * turns));
  });
}

test("a line stands as high as the blows are deep, at its own order and nowhere else", () => {
  const heights = [0, 0.1, 0.3].map((depth) =>
    measureLine({ samples: modulate(orders.bpfo * 0.99, depth), rateHz, shaftRpm }, "outer-race", orders),
  );
  expect(heights[0]).toBeLessThan(4);
  expect(heights[1]).toBeGreaterThan(heights[0]!);
  expect(heights[2]).toBeGreaterThan(10);
  const elsewhere = { samples: modulate(orders.bpfo, 0.3), rateHz, shaftRpm };
  expect(measureLine(elsewhere, "inner-race", orders)).toBeLessThan(4);
});

test("a fault is visible from the first of three snapshots in a row on, once there is one", () => {
  const lines = Array.from({ length: 600 }, (_, row) =>
    row < 10 || [520, 521, 530, 531, 532].includes(row) ? 7 : 2,
  );
  expect(findVisible(lines, 6)).toBe(530);
  expect(findVisible(lines, 8)).toBeNull();
  expect(findVisible([], 6)).toBeNull();
});
