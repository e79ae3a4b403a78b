import { expect, test } from "vitest";
import { shippedFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { warnOfSlip } from "../../../src/core/explain/slipped-races.ts";

const bearing = { bpfo: 3.0526, bpfi: 4.9474, bsf: 3.9853, ftf: 0.3816 };

test("a cage whose slip of two per cent and less moves a race's lines onto the shaft's is warned of, once", () => {
  expect(warnOfSlip(shippedFeatureSpec, bearing)?.problem).toBe(
    "a cage that slips 1.7 % moves the outer race's lines onto 3× the shaft's and the inner race's onto 5×, where they are not heard",
  );
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 8.131, bpfi: 10.869 })?.problem).toMatch(
    /^a cage that slips 1\.6 %.* 8×.* 11×/,
  );
});

test("a race's line that lies on the shaft's from either side is named with where, before any slip", () => {
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 13.9942, bpfi: 16.0058 })?.problem).toBe(
    "the outer race's line (bpfo 13.9942) on 14× and the inner race's line (bpfi 16.0058) on 16× the shaft's speed cannot be told from the shaft's own: such a fault is told after days, if at all",
  );
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 11.9921, bpfi: 14.5 })?.problem).toMatch(
    /^the outer race's line \(bpfo 11\.9921\) on 12× the shaft's speed cannot/,
  );
  // Where the inner one alone lies there it is said of that.
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 13.5, bpfi: 16.01 })).toMatchObject({
    race: "bpfi",
    problem: expect.stringMatching(/^the inner race's line \(bpfi 16\.01\) on 16× /),
  });
});

test("a bearing whose races stay beside them is not, nor where nothing is passed over", () => {
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 3.58, bpfi: 5.42 })).toBeNull();
  // No slip moves an outer race's line up.
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 2.97, bpfi: 5.03 })).toBeNull();
  // Of many rolling elements a whole order is near, and few slips hide a race there.
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 27.9, bpfi: 36.1 })).toBeNull();
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 28.4, bpfi: 35.6 })).toBeNull();
  const chains = shippedFeatureSpec.chains.map((chain) => ({
    ...chain,
    params: { ...chain.params, shaftGuardOrders: 0 },
  }));
  expect(warnOfSlip({ ...shippedFeatureSpec, chains }, bearing)).toBeNull();
  expect(warnOfSlip({ ...shippedFeatureSpec, list: [] }, bearing)).toBeNull();
});
