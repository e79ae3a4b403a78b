import fc from "fast-check";
import { expect, it } from "vitest";
import { findLoad } from "../../../src/core/drift/load-band.ts";

it("the band of a load holds it, by power before speed", () => {
  const positive = fc.double({ min: 2 ** -31, max: 2 ** 31, noNaN: true });
  fc.assert(
    fc.property(positive, fc.constantFrom("power", "speed"), (value, by) => {
      const load = (by === "power" ? findLoad(value, 1500) : findLoad(Number.NaN, value))!;
      expect(load.by).toBe(by);
      expect(2 ** (load.band / 2)).toBeLessThanOrEqual(value * (1 + 1e-12));
      expect(2 ** ((load.band + 1) / 2)).toBeGreaterThan(value * (1 - 1e-12));
    }),
  );
});

it("what is no load has none, and what is far off lies in the outermost band", () => {
  for (const none of [Number.NaN, 0, -5]) expect(findLoad(none, none)).toBeUndefined();
  expect(findLoad(1e300, 0)).toEqual({ by: "power", band: 64 });
  expect(findLoad(0, 1e-300)).toEqual({ by: "speed", band: -64 });
  expect(findLoad(0, Number.POSITIVE_INFINITY)).toEqual({ by: "speed", band: 64 });
});
