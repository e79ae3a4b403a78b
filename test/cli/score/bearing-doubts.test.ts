import { expect, test } from "vitest";
import { shippedFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { listBearingDoubts } from "../../../src/cli/score/sidecar/bearing-doubts.ts";

const heard = { features: shippedFeatureSpec, window: { unit: "revolutions", length: 60, hop: 60 } } as const;

test("a recording's bearing is doubted for its orders, and warned of for what slips onto the shaft", () => {
  const orders = { bpfo: 3.0526, bpfi: 4.9474, bsf: 3.9853, ftf: 0.3816 };
  expect(listBearingDoubts(heard, { bearing: orders })).toEqual([
    expect.stringMatching(/^a cage that slips 1\.7 %/),
  ]);
  const exchanged = { ...orders, bpfo: 4.9474, bpfi: 3.0526 };
  expect(listBearingDoubts(heard, { bearing: exchanged })).toEqual([
    expect.stringContaining("are they exchanged?"),
  ]);
});

test("shafts that are geared to a recording's are warned of where they hide a fault, or say nothing", () => {
  const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };
  const said = (...gearedShafts: number[]): readonly string[] =>
    listBearingDoubts(heard, { bearing, gearedShafts });
  expect(said(4.765, 0.21)).toEqual([]);
  expect(said(5.4)).toEqual([
    "a fault of the inner race (order 5.42) lies on 1× a shaft of 5.4 turns: as long as it shows no other line it is told after hours or days, and not within minutes",
  ]);
  expect(said(4, 765)).toEqual([
    "4 and 765 turns make lines where the bearing's own shaft has its harmonics, which count already: stating them changes next to nothing; write a decimal with a point (4.765, not 4,765), or leave whole numbers out",
  ]);
});
