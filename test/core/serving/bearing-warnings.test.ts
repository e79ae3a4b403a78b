import fc from "fast-check";
import { expect, test } from "vitest";
import { findImpossibleOrder } from "../../../src/core/contract/bundle/bearing.ts";
import { computeBearingOrders } from "../../../src/core/contract/bundle/bearing-geometry.ts";
import { warnOfBearing } from "../../../src/core/serving/bearing-warnings.ts";
import { doubtBearing } from "../../../src/training/dataset/sidecar/bearing-words.ts";

const plain = { bpfo: 3.5, bpfi: 5.4, bsf: 4.7, ftf: 0.393 };

test("a cage that an outer ring drives is warned of, not refused, and orders that fit are not", () => {
  expect(warnOfBearing(plain)).toBeNull();
  const driven = { ...plain, ftf: 0.6 };
  expect(findImpossibleOrder(driven)).toBeUndefined();
  expect(warnOfBearing(driven)).toMatchObject({
    name: "ftf",
    problem: expect.stringMatching(/^ftf 0\.6 is the cage of a bearing whose outer ring turns.* 0\.3933$/),
  });
});

test("a gateway's configuration and a check of recordings doubt the same orders", () => {
  const geometry = fc.record({
    rollingElements: fc.integer({ min: 5, max: 30 }),
    gamma: fc.double({ min: 0.05, max: 0.4, noNaN: true }),
    contactAngleDeg: fc.constantFrom(0, 15, 40),
  });
  const wrong = fc.record({
    name: fc.constantFrom("bpfo", "bpfi", "bsf", "ftf"),
    factor: fc.double({ min: 0.3, max: 2, noNaN: true }),
  });
  fc.assert(
    fc.property(geometry, wrong, ({ rollingElements, gamma, contactAngleDeg }, { name, factor }) => {
      fc.pre(gamma <= Math.sin(Math.PI / rollingElements));
      const right = computeBearingOrders({
        designation: "",
        rollingElements,
        elementDiameterMm: 100 * gamma,
        pitchDiameterMm: 100,
        contactAngleDeg,
      });
      const orders = { ...right, [name as keyof typeof right]: right[name as keyof typeof right] * factor };
      const isDoubted = findImpossibleOrder(orders) !== undefined || warnOfBearing(orders) !== null;
      expect([orders, isDoubted]).toEqual([
        orders,
        findImpossibleOrder(orders) !== undefined || doubtBearing(orders) !== null,
      ]);
    }),
  );
});
