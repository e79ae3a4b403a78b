import { describe, expect, it, test } from "vitest";
import { bearingCatalogue, computeBearingOrders } from "../../../src/cli/init/bearing-catalogue.ts";
import { parseBearing } from "../../../src/cli/init/parse-bearing.ts";
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
    const computed = computeBearingOrders(found.geometry);
    for (const name of ["bpfo", "bpfi", "bsf", "ftf"] as const) {
      expect(Math.abs(computed[name] / orders[name] - 1), name).toBeLessThan(2e-3);
    }
  },
);

test("every bearing of the catalogue has a source, and orders that a configuration takes", () => {
  for (const { geometry, source, designation } of bearingCatalogue) {
    expect(source.length, designation).toBeGreaterThan(20);
    const orders = bearingOrdersSchema().parse(computeBearingOrders(geometry));
    // Every element passes both races, once a turn against each other.
    expect(orders.bpfo + orders.bpfi).toBeCloseTo(geometry.elements, 3);
  }
});

describe("what is said of a bearing", () => {
  it.each(["6205-2RS JEM SKF", "skf 6205 2rs", "6205-2rs"])("%s is found", (text) => {
    expect(parseBearing(text)).toMatchObject({ ok: true, value: { orders: { bpfo: 3.5848 } } });
  });

  it("may be four orders or a geometry", () => {
    expect(parseBearing("bpfo=3.58, bpfi=5.42, bsf=4.71, ftf=0.398")).toMatchObject({
      ok: true,
      value: { orders: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }, origin: "as given" },
    });
    const orders = { bpfo: 3.0707317073170732, bpfi: 4.929268292682927, bsf: 4.07, ftf: 0.3838414634146341 };
    const flow = "{ bpfo: 3.0707317073170732, bpfi: 4.929268292682927, bsf: 4.07, ftf: 0.3838414634146341 }";
    for (const text of [JSON.stringify(orders), flow]) {
      expect(parseBearing(text)).toMatchObject({ ok: true, value: { orders } });
    }
    expect(parseBearing("balls=9,ball=7.94,pitch=39.04,angle=0")).toMatchObject({
      ok: true,
      value: { orders: { bpfo: 3.5848, bpfi: 5.4152 } },
    });
  });

  it.each([
    ["6205-2R", /did you mean 6205-2RS\?/],
    ["22320", /no bearing "22320" in the catalogue/],
    ["bpfo=3.58,bpfi=5.42", /bsf, ftf missing/],
    ["bpfo=3.58,bpfi=5.42,bsf=4.71,ftf=3.98", /ftf: /],
    ["balls=9,ball=40,pitch=39", /ball < pitch/],
    ["balls=9,ball=7,94,pitch=39,04,angle=0", /",94" belongs to nothing: decimals have a point/],
    ["bpfo=3,58;bpfi=5,42;bsf=4,71;ftf=0.398", /",58" belongs to nothing/],
    ["balls=16,ball=8.4,pitch=71.5,angel=15.17", /no "angel"; did you mean angle\?/],
    ["balls=16,ball=8.4,pitch=71.5,ball=8.5", /ball stands twice/],
    ["bpfo=3.58,bpfi=5.42,bsf=-4,ftf=0.398", /"bsf=-4" is not of the form name=number/],
    ["bpfo=5.42,bpfi=3.58,bsf=4.71,ftf=0.398", /bpfo 5.42 is not below bpfi 3.58.*exchange/],
    ["", /no bearing ""/],
  ])("%j is refused", (text, why) => {
    expect(parseBearing(text)).toMatchObject({ ok: false, error: expect.stringMatching(why) });
  });
});
