import { expect, test } from "vitest";
import { shippedFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { listBearingDoubts } from "../../../src/cli/score/sidecar/bearing-doubts.ts";

test("a recording's bearing is doubted for its orders, and warned of for what slips onto the shaft", () => {
  const orders = { bpfo: 3.0526, bpfi: 4.9474, bsf: 3.9853, ftf: 0.3816 };
  expect(listBearingDoubts(shippedFeatureSpec, orders)).toEqual([
    expect.stringMatching(/^a cage that slips 1\.7 %/),
  ]);
  expect(listBearingDoubts(shippedFeatureSpec, { ...orders, bpfo: 4.9474, bpfi: 3.0526 })).toEqual([
    expect.stringContaining("are they exchanged?"),
  ]);
});
