import { expect, test } from "vitest";
import { shippedFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { warnOfSlip } from "../../../src/core/explain/slipped-races.ts";

const bearing = { bpfo: 3.0526, bpfi: 4.9474, bsf: 3.9853, ftf: 0.3816 };

test("a cage whose slip of two per cent and less moves a race's lines onto the shaft's is warned of, once", () => {
  expect(warnOfSlip(shippedFeatureSpec, bearing)).toBe(
    "a cage that slips 1.7 % moves the outer race's lines onto 3× the shaft's and the inner race's onto 5×, where they are not heard",
  );
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 8.131, bpfi: 10.869 })).toMatch(
    /^a cage that slips 1\.6 %.* 8×.* 11×/,
  );
});

test("a bearing whose races stay beside them is not, nor where nothing is passed over", () => {
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 3.58, bpfi: 5.42 })).toBeNull();
  // No slip moves an outer race's line up.
  expect(warnOfSlip(shippedFeatureSpec, { ...bearing, bpfo: 2.97, bpfi: 5.03 })).toBeNull();
  const chains = shippedFeatureSpec.chains.map((chain) => ({
    ...chain,
    params: { ...chain.params, shaftGuardOrders: 0 },
  }));
  expect(warnOfSlip({ ...shippedFeatureSpec, chains }, bearing)).toBeNull();
  expect(warnOfSlip({ ...shippedFeatureSpec, list: [] }, bearing)).toBeNull();
});
