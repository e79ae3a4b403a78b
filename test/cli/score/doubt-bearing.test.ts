import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { doubtBearing } from "../../../src/cli/score/doubt-bearing.ts";
import { computeBearingOrders } from "../../../src/simulate/bearing-geometry.ts";

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

describe("fault orders that a person wrote down", () => {
  it("are not doubted where they follow from a geometry, whatever the contact angle", () => {
    fc.assert(
      fc.property(orders, (bearing) => {
        expect(doubtBearing(bearing)).toBeNull();
      }),
    );
  });

  it("are doubted where the ball's order is its spin alone, or the races are exchanged", () => {
    fc.assert(
      fc.property(orders, (bearing) => {
        const spin = { ...bearing, bsf: bearing.bsf / 2 };
        expect(doubtBearing(spin)).toMatch(/give twice the spin/);
        expect(doubtBearing({ ...bearing, bpfo: bearing.bpfi, bpfi: bearing.bpfo })).toMatch(/exchanged/);
      }),
    );
  });

  it("are doubted where the cage outruns half of the shaft", () => {
    expect(doubtBearing({ bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.6 })).toMatch(/not below 0\.5/);
  });
});
