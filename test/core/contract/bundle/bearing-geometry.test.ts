import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bearingOrdersSchema } from "../../../../src/core/contract/bundle/bearing.ts";
import {
  computeBearingOrders,
  generatorBearings,
} from "../../../../src/core/contract/bundle/bearing-geometry.ts";

describe("computeBearingOrders", () => {
  it("gives the published orders of a 6205 and a 6203 (CWRU Bearing Data Center, specifications)", () => {
    const drive = computeBearingOrders({
      designation: "6205",
      rollingElements: 9,
      elementDiameterMm: 7.94,
      pitchDiameterMm: 39.04,
      contactAngleDeg: 0,
    });
    expect(drive.bpfi).toBeCloseTo(5.4152, 3);
    expect(drive.bpfo).toBeCloseTo(3.5848, 3);
    expect(drive.ftf).toBeCloseTo(0.39828, 3);
    expect(drive.bsf).toBeCloseTo(4.7135, 2);
    const fan = computeBearingOrders({
      designation: "6203",
      rollingElements: 8,
      elementDiameterMm: 6.746,
      pitchDiameterMm: 28.5,
      contactAngleDeg: 0,
    });
    expect(fan.bpfi).toBeCloseTo(4.9469, 3);
    expect(fan.bpfo).toBeCloseTo(3.053, 3);
    expect(fan.bsf).toBeCloseTo(3.9874, 2);
  });

  it("passes every ball over both races once a cage turn, whatever the geometry", () => {
    const geometry = fc.record({
      rollingElements: fc.integer({ min: 6, max: 16 }),
      ratio: fc.double({ min: 0.05, max: 0.18, noNaN: true }),
      contactAngleDeg: fc.double({ min: 0, max: 45, noNaN: true }),
    });
    fc.assert(
      fc.property(geometry, ({ rollingElements, ratio, contactAngleDeg }) => {
        const orders = computeBearingOrders({
          designation: "any",
          rollingElements,
          elementDiameterMm: 100 * ratio,
          pitchDiameterMm: 100,
          contactAngleDeg,
        });
        expect(orders.bpfo + orders.bpfi).toBeCloseTo(rollingElements, 9);
        expect(orders.bpfo / orders.ftf).toBeCloseTo(rollingElements, 9);
        expect(orders.ftf).toBeLessThan(0.5);
      }),
    );
  });

  it("has a catalogue of bearings that the contract accepts and that no training recording has", () => {
    for (const bearing of generatorBearings) {
      const orders = computeBearingOrders(bearing);
      expect(bearingOrdersSchema().safeParse(orders).success).toBe(true);
      for (const trained of [3.5848, 3.053]) expect(Math.abs(orders.bpfo - trained)).toBeGreaterThan(0.005);
    }
  });

  it("refuses geometries that cannot be built", () => {
    const good = generatorBearings[0]!;
    expect(() => computeBearingOrders({ ...good, rollingElements: 14 })).toThrow(/do not fit/);
    expect(() => computeBearingOrders({ ...good, rollingElements: 2 })).toThrow(/at least 3/);
    expect(() => computeBearingOrders({ ...good, elementDiameterMm: Number.NaN })).toThrow(RangeError);
    expect(() => computeBearingOrders({ ...good, contactAngleDeg: 90 })).toThrow(/contact angle/);
  });
});
