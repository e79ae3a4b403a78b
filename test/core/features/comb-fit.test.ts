import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Comb, type CombFit, createCombFit } from "../../../src/core/features/comb-fit.ts";
import { shareSpectrumKernel } from "../../../src/core/maths/spectrum-vectors.ts";

const bins = 1025;
const binOrders = 48 / 2048;
const [lowestBin, highestBin] = [5, 819];
const kernel = shareSpectrumKernel(2 * (bins - 1));

/** A fit for what is put into the spectrum. */
function fitTo(amplitudes: Float64Array, passedOver: Uint8Array, floor: number): CombFit {
  const raise = (): Float64Array => {
    kernel.amplitudes.set(amplitudes);
    return kernel.ridge(passedOver);
  };
  return createCombFit({ binOrders, lowestBin, highestBin, raise, floorNear: () => floor });
}

/** A spectrum of 1 everywhere but for some lines. */
function makeFit(lines: Readonly<Record<number, number>>, shaftBins: readonly number[] = []): CombFit {
  const amplitudes = new Float64Array(bins).fill(1);
  for (const [bin, height] of Object.entries(lines)) amplitudes[Number(bin)] = height;
  const isShaftBin = new Uint8Array(bins);
  for (const bin of shaftBins) isShaftBin[bin] = 1;
  return fitTo(amplitudes, isShaftBin, 1);
}

/** Of lines at bins 200 and 400, which may lie 2 % beside. */
const comb: Comb = { order: 200 * binOrders, harmonics: 2, tolerance: 0.02, spacing: 0 };
const withSides: Comb = { ...comb, spacing: 17 * binOrders };

describe("a comb", () => {
  it("is found where all of its lines share one slip, and not where each has its own", () => {
    const { E, log } = Math;
    expect(makeFit({ 203: E, 406: E }).fit(comb).lines).toBeCloseTo(1, 12);
    expect(makeFit({ 197: E, 394: E }).fit(comb).lines).toBeCloseTo(1, 12);
    // One 1.5 % above, the other 1.5 % below: either counts, both do not.
    expect(makeFit({ 203: E, 394: E }).fit(comb).lines).toBeCloseTo(log(E) / 2, 12);
    expect(makeFit({ 210: E, 420: E }).fit(comb).lines).toBe(0);
  });

  it("stands where lines and side bands are highest together", () => {
    const { E } = Math;
    // A single high line 1.5 % above, and four side bands of the fault below.
    const fit = makeFit({ 203: E, 182: E, 216: E, 381: E, 415: E });
    expect(fit.fit(withSides)).toEqual({ lines: 0, sideBands: 1 });
    expect(fit.fit(comb)).toEqual({ lines: 0.5, sideBands: 0 });
  });

  it("has no side band below the lowest order, and takes the mean of those that there are", () => {
    const low: Comb = { order: 15 * binOrders, harmonics: 1, tolerance: 0.02, spacing: 12 * binOrders };
    expect(makeFit({ 27: Math.E }).fit(low).sideBands).toBeCloseTo(1, 12);
  });

  it("passes over what a harmonic of the shaft fills", () => {
    const { E } = Math;
    expect(makeFit({ 200: E, 400: E }, [199, 200, 201]).fit(comb).lines).toBeCloseTo(0.5, 12);
    expect(makeFit({ 200: E, 400: E }, [199, 200, 201, 399, 400, 401]).fit(comb).lines).toBe(0);
  });

  it("says nothing of a spectrum without energy, and is bounded in one of a single tone", () => {
    const silent = fitTo(new Float64Array(bins), new Uint8Array(bins), 0);
    expect(silent.fit(withSides)).toEqual({ lines: Number.NaN, sideBands: Number.NaN });
    expect(makeFit({ 200: 1e300, 400: Number.POSITIVE_INFINITY }).fit(comb).lines).toBe(Math.log(1000));
  });

  it("is looked for anew once the spectrum is another one", () => {
    const amplitudes = new Float64Array(bins).fill(1);
    const fit = fitTo(amplitudes, new Uint8Array(bins), 1);
    expect(fit.fit(comb).lines).toBe(0);
    amplitudes[200] = Math.E ** 2;
    expect(fit.fit(comb).lines).toBe(0);
    fit.renew();
    expect(fit.fit(comb).lines).toBeCloseTo(1, 12);
  });

  it("finds what a search over all slips finds", () => {
    const heights = fc.array(fc.double({ min: 0.01, max: 50, noNaN: true }), {
      minLength: bins,
      maxLength: bins,
    });
    const combs = fc.record({
      order: fc.double({ min: 0.3, max: 9, noNaN: true }),
      harmonics: fc.integer({ min: 1, max: 2 }),
      tolerance: fc.double({ min: 0, max: 0.05, noNaN: true }),
      spacing: fc.constantFrom(0, 0.4, 1),
    });
    fc.assert(
      fc.property(heights, combs, (values, one) => {
        const fit = makeFit(values);
        const at = (bin: number): number =>
          bin < lowestBin || bin > highestBin
            ? 0
            : Math.log(Math.max(values[bin - 1]!, values[bin]!, values[bin + 1]!));
        const top = Math.floor(Math.fround((Math.fround(one.order) * one.harmonics) / binOrders) + 0.5);
        const reach = Math.max(1, Math.floor(Math.fround(one.tolerance) * top + 0.5));
        const side = one.spacing === 0 ? 0 : Math.floor(one.spacing / binOrders + 0.5);
        let best = Number.NEGATIVE_INFINITY;
        for (let highest = top - reach; highest <= top + reach; highest++) {
          let sum = 0;
          for (let line = 1; line <= one.harmonics; line++) {
            const bin = Math.round((highest * line) / one.harmonics);
            sum += at(bin) + (side === 0 ? 0 : at(bin - side) + at(bin + side));
          }
          best = Math.max(best, sum);
        }
        const { lines, sideBands } = fit.fit(one);
        let bands = 0;
        for (let line = 1; line <= one.harmonics && side > 0; line++) {
          bands += Math.round((top * line) / one.harmonics) - side < lowestBin ? 1 : 2;
        }
        expect(lines * one.harmonics + sideBands * bands).toBeCloseTo(best, 9);
      }),
      { numRuns: 200 },
    );
  });
});
