import { expect, test } from "vitest";
import { createSiteBackground, maxSiteRows } from "../../../src/core/explain/site-background.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

function draw(rows: number, seed: number): Float32Array[] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, (_, row) =>
    Float32Array.from({ length: 3 }, () => (row % 4 === 0 ? 10 : 0) + random.normal()),
  );
}

test("the background is rows of the machine itself, with the shares of the rows that they stand for", () => {
  const rows = draw(200, 1);
  const { values, weights, rows: count, features } = createSiteBackground(rows)!;
  expect(features).toBe(3);
  expect(count).toBe(maxSiteRows);
  const known = new Set(rows.map((row) => row.join()));
  const high = { rows: 0, weight: 0 };
  for (let row = 0; row < count; row++) {
    const medoid = values.subarray(row * 3, row * 3 + 3);
    expect(known).toContain(medoid.join());
    if (medoid[0]! > 5) high.weight += weights[row]!;
  }
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(high.weight).toBeCloseTo(0.25, 9);
});

test("the same rows give the same background, and of few rows each is its own", () => {
  const rows = draw(2000, 2);
  expect(createSiteBackground(rows)).toEqual(createSiteBackground(rows.map((row) => row.slice())));
  const [one, two, three] = draw(3, 3);
  const few = createSiteBackground([one!, two!, one!, three!])!;
  expect(few.rows).toBe(3);
  expect([...few.weights].sort()).toEqual([0.25, 0.25, 0.5]);
});

test("a row that is not finite is left out, no row is no background, and rows of two lengths are refused", () => {
  expect(createSiteBackground([])).toBeNull();
  expect(createSiteBackground([Float32Array.of(Number.NaN)])).toBeNull();
  expect(createSiteBackground([Float32Array.of(1), Float32Array.of(Number.NaN)])!.rows).toBe(1);
  expect(() => createSiteBackground([Float32Array.of(1), Float32Array.of(1, 2)])).toThrow("one length");
});
