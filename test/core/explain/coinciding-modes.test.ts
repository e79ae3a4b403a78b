import { expect, test } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { findCoincidingModes, shareCoincidingModes } from "../../../src/core/explain/coinciding-modes.ts";

const bearing = { bpfo: 6.14, bpfi: 7.86, bsf: 7.89, ftf: 0.44 };

test("modes coincide whose first lines are searched in one place", () => {
  expect(findCoincidingModes(bearingFeatureSpec, bearing)).toEqual(["inner-race", "ball"]);
  expect(findCoincidingModes(bearingFeatureSpec, { ...bearing, bsf: 6.2 })).toEqual(["outer-race", "ball"]);
});

test("modes coincide where an ordinary slip takes the line of one into the search of the other", () => {
  // Orders that a line of 4.820 with .7 % of slip, 4.786, is searched for: 4.724 to 4.916 and 4.623 to 4.811.
  expect(findCoincidingModes(bearingFeatureSpec, { bpfo: 4.82, bpfi: 7.18, bsf: 4.717, ftf: 0.402 })).toEqual(
    ["outer-race", "ball"],
  );
  expect(findCoincidingModes(bearingFeatureSpec, { ...bearing, bsf: 7.6 })).toEqual(["inner-race", "ball"]);
});

test("modes are told apart where no place is searched for both", () => {
  expect(findCoincidingModes(bearingFeatureSpec, { ...bearing, bsf: 7.5 })).toEqual([]);
  // SKF 6205.
  expect(
    findCoincidingModes(bearingFeatureSpec, { bpfo: 3.585, bpfi: 5.415, bsf: 4.713, ftf: 0.398 }),
  ).toEqual([]);
});

test("a bundle that looks for no lines says nothing of them", () => {
  expect(findCoincidingModes({ ...bearingFeatureSpec, list: [] }, bearing)).toEqual([]);
});

test("points that are alike share the answer", () => {
  const first = shareCoincidingModes(bearingFeatureSpec, bearing);
  expect(shareCoincidingModes(bearingFeatureSpec, { ...bearing })).toBe(first);
});
