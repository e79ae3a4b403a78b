import { describe, expect, it } from "vitest";
import { binDecisions } from "../../../src/core/drift/decided-bins.ts";

const output = { edges: [-1, 0, 1], calibration: { slope: 2, intercept: 0.5 }, raise: 0.8 };
const sketch = { feature: 9, counts: [5, 0, 7, 2], invalid: 3, mean: 0, sumSquares: 1, min: -3, max: 1.5 };

describe("decisions of a day's sketch", () => {
  it("are the windows of its bins, at the calibrated probability of their middles", () => {
    const bins = binDecisions(sketch, output);
    expect(bins.map(({ cases, called }) => `${cases} ${called}`)).toEqual(["5 false", "7 true", "2 true"]);
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    expect(bins.map(({ probability }) => probability)).toEqual(
      [-2, 0.5, 1.25].map((x) => sigmoid(2 * x + 0.5)),
    );
  });

  it("are none where nothing was heard", () => {
    expect(binDecisions({ ...sketch, counts: [0, 0, 0, 0] }, output)).toEqual([]);
  });
});
