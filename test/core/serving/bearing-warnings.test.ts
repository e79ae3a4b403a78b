import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { type BearingOrders, findImpossibleOrder } from "../../../src/core/contract/bundle/bearing.ts";
import { computeBearingOrders } from "../../../src/core/contract/bundle/bearing-geometry.ts";
import { warnOfBearing } from "../../../src/core/serving/bearing-warnings.ts";

const angles = fc.integer({ min: 0, max: 40 });
const orders = fc
  .tuple(
    fc.double({ min: 0.6, max: 0.95, noNaN: true }),
    fc.double({ min: 0.08, max: 0.35, noNaN: true }),
    angles,
  )
  .map(([filled, ratio, contactAngleDeg]) =>
    computeBearingOrders({
      designation: "any",
      rollingElements: Math.floor((filled * Math.PI) / Math.asin(ratio)),
      elementDiameterMm: 100 * ratio,
      pitchDiameterMm: 100,
      contactAngleDeg,
    }),
  );

const said = (bearing: BearingOrders): string | null => warnOfBearing(bearing)?.problem ?? null;

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

describe("fault orders that a person wrote down", () => {
  it("are not doubted where they follow from a geometry, whatever the contact angle", () => {
    fc.assert(
      fc.property(orders, (bearing) => {
        expect(said(bearing)).toBeNull();
      }),
    );
  });

  it("are doubted where the ball's order is its spin alone, or the races are exchanged", () => {
    fc.assert(
      fc.property(orders, (bearing) => {
        const spin = { ...bearing, bsf: bearing.bsf / 2 };
        expect(said(spin)).toMatch(/of which twice is meant/);
        expect(said({ ...bearing, bpfo: bearing.bpfi, bpfi: bearing.bpfo })).toMatch(/exchanged/);
      }),
    );
  });

  it("are not doubted for the slip of a bearing that they were measured on", () => {
    fc.assert(
      fc.property(orders, fc.double({ min: 0.99, max: 1, noNaN: true }), ({ bpfo, bpfi, bsf, ftf }, slip) => {
        expect(said({ bpfo: bpfo * slip, bpfi: bpfi * slip, bsf: bsf * slip, ftf: ftf * slip })).toBeNull();
      }),
    );
  });

  it.each([
    [{ bpfo: 3.9, bpfi: 5.5, bsf: 4.7, ftf: 0.415 }, /sum to 9\.4/],
    [
      { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.45 },
      /ftf 0\.45 does not fit bpfo and bpfi, which say 0\.3983/,
    ],
    [
      { bpfo: 3.5848, bpfi: 5.4152, bsf: 9.7, ftf: 0.39828 },
      /bsf 9\.7 does not fit bpfo and bpfi: at most 4\.7/,
    ],
    [{ bpfo: 3.5848, bpfi: 5.4152, bsf: 1, ftf: 0.39828 }, /bsf 1 does not fit/],
  ])("are doubted where they do not fit each other: %j", (bearing, doubt) => {
    expect(said(bearing)).toMatch(doubt);
  });

  it("are doubted where the cage outruns half of the shaft", () => {
    expect(said({ bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.6 })).toMatch(/whose outer ring turns/);
  });
});
