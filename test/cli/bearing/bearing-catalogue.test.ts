import { expect, test } from "vitest";
import { bearingCatalogue, computeCataloguedOrders } from "../../../src/cli/bearing/bearing-catalogue.ts";
import { bearingOrdersSchema } from "../../../src/core/contract/bundle/bearing.ts";

/** The orders that the publishers of the geometry state themselves; spin frequencies doubled. */
const published = [
  ["6205-2RS", { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 }],
  ["6203-2RS", { bpfo: 3.053, bpfi: 4.9469, bsf: 3.9874, ftf: 0.3817 }],
  // 236.4, 296.9, 139.9 and 14.8 Hz at 2,000 rpm.
  ["ZA-2115", { bpfo: 7.092, bpfi: 8.907, bsf: 8.394, ftf: 0.443 }],
  // 107.91 Hz at 35 Hz; the rest follows.
  ["UER204", { bpfo: 3.0831, bpfi: 4.9169, bsf: 4.1334, ftf: 0.3854 }],
] as const;

test.each(published)(
  "the geometry of %s gives the orders that are published with it",
  (designation, orders) => {
    const found = bearingCatalogue.find((bearing) => bearing.designation === designation)!;
    const computed = computeCataloguedOrders(found);
    for (const name of ["bpfo", "bpfi", "bsf", "ftf"] as const) {
      expect(Math.abs(computed[name] / orders[name] - 1), name).toBeLessThan(2e-3);
    }
  },
);

test("every bearing of the catalogue has a source, and orders that a configuration takes", () => {
  for (const bearing of bearingCatalogue) {
    const { designation, source, rollingElements } = bearing;
    expect(source.length, designation).toBeGreaterThan(20);
    const orders = bearingOrdersSchema().parse(computeCataloguedOrders(bearing));
    // Every element passes both races, once a turn against each other.
    expect(orders.bpfo + orders.bpfi).toBeCloseTo(rollingElements, 3);
  }
});

test("the orders of the catalogue have four decimals, as they stand in files that were written", () => {
  expect(bearingCatalogue.map(computeCataloguedOrders)).toEqual([
    { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7134, ftf: 0.3983 },
    { bpfo: 3.0531, bpfi: 4.9469, bsf: 3.9877, ftf: 0.3816 },
    { bpfo: 7.0921, bpfi: 8.9079, bsf: 8.395, ftf: 0.4433 },
    { bpfo: 3.0831, bpfi: 4.9169, bsf: 4.1331, ftf: 0.3854 },
  ]);
});
