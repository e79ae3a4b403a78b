/**
 * Fits a comb of lines to a spectrum: a fault's harmonics share one slip, and so do their side bands, so that they are looked for
 * together, where all of them stand highest. Knows nothing of bearings.
 */

/** Lines at equal distances that share one deviation: a slip, or a speed that is stated wrongly. */
export interface Comb {
  /** Order of its first line. */
  readonly order: number;
  /** Lines that it has, 1 to {@link mostHarmonics}. */
  readonly harmonics: number;
  /** Largest deviation, as a share. */
  readonly tolerance: number;
  /** Distance of a side band on either side of each line, orders; 0: none. */
  readonly spacing: number;
}

/** Where a comb stands highest: ln(amplitude / median around it), the mean over what it has. */
export interface CombHeights {
  readonly lines: number;
  readonly sideBands: number;
}

/** What is known of the spectrum. */
interface CombedSpectrum {
  readonly binOrders: number;
  readonly lowestBin: number;
  readonly highestBin: number;
  /** Of each bin the largest amplitude of itself and its neighbours that no harmonic of the shaft fills; 0: there is none. */
  raise(): Float64Array;
  /** Median amplitude around an order. */
  floorNear(order: number): number;
}

/** Fits combs to one spectrum after another; nothing allocates. */
export interface CombFit {
  /** Valid until the next call; NaN where the spectrum is without energy around a line. */
  fit(comb: Comb): CombHeights;
  /** The spectrum is another one. */
  renew(): void;
}

/** Of a comb. */
export const mostHarmonics = 4;
/** No line is taken for higher or lower than this: the product of all of a comb stays within single precision. */
const highest = 1000;

/** Creates a fit for one spectrum after the other. */
export function createCombFit(spectrum: CombedSpectrum): CombFit {
  const { binOrders, lowestBin, highestBin } = spectrum;
  /** Of the spectrum that is looked at; null: nobody has asked for it. */
  let raised: Float64Array | null = null;
  const floors = new Float64Array(mostHarmonics);
  const upper = new Float64Array(mostHarmonics);
  const lower = new Float64Array(mostHarmonics);
  const heights = { lines: Number.NaN, sideBands: Number.NaN };
  /** What `heights` are of. */
  const last = { order: 0, harmonics: 0, tolerance: 0, spacing: 0 };

  const heightAt = (ridge: Float64Array, bin: number, floor: number): number => {
    const peak = ridge[bin]!;
    return bin < lowestBin || bin > highestBin || peak === 0
      ? 1
      : Math.min(highest, Math.max(1 / highest, peak / floor));
  };

  /** Medians around all that the comb has; returns the least of them. */
  const findFloors = ({ order, harmonics, spacing }: Comb): number => {
    let least = Number.POSITIVE_INFINITY;
    for (let line = 0; line < harmonics; line++) {
      const centre = (line + 1) * order;
      floors[line] = spectrum.floorNear(centre);
      least = Math.min(least, floors[line]!);
      if (spacing === 0) continue;
      upper[line] = spectrum.floorNear(Math.min(centre + spacing, highestBin * binOrders));
      lower[line] = spectrum.floorNear(Math.max(centre - spacing, lowestBin * binOrders));
      least = Math.min(least, upper[line]!, lower[line]!);
    }
    return least;
  };

  const search = (ridge: Float64Array, { order, harmonics, tolerance, spacing }: Comb): void => {
    const top = toBins(Math.fround(order) * harmonics, binOrders);
    const reach = Math.max(1, roundUp(Math.fround(tolerance) * top));
    const side = spacing === 0 ? 0 : toBins(spacing, binOrders);
    let best = -1;
    let [bestLines, bestSides] = [1, 1];
    let sideBands = 0;
    for (let line = 1; line <= harmonics && side > 0; line++) {
      sideBands += placeOf(line, top, harmonics) - side < lowestBin ? 1 : 2;
    }
    for (let highestLine = top - reach; highestLine <= top + reach; highestLine++) {
      let lines = 1;
      let sides = 1;
      for (let line = 0; line < harmonics; line++) {
        const bin = placeOf(line + 1, highestLine, harmonics);
        lines *= heightAt(ridge, bin, floors[line]!);
        if (side === 0) continue;
        sides *= heightAt(ridge, bin + side, upper[line]!) * heightAt(ridge, bin - side, lower[line]!);
      }
      if (!(lines * sides > best)) continue;
      best = lines * sides;
      bestLines = lines;
      bestSides = sides;
    }
    heights.lines = Math.log(bestLines) / harmonics;
    heights.sideBands = sideBands === 0 ? 0 : Math.log(bestSides) / sideBands;
  };

  return {
    fit: (comb) => {
      const { order, harmonics, tolerance, spacing } = comb;
      const isLast =
        last.order === order &&
        last.harmonics === harmonics &&
        last.tolerance === tolerance &&
        last.spacing === spacing;
      if (isLast) return heights;
      raised ??= spectrum.raise();
      if (findFloors(comb) > 0) search(raised, comb);
      else {
        heights.lines = Number.NaN;
        heights.sideBands = Number.NaN;
      }
      last.order = order;
      last.harmonics = harmonics;
      last.tolerance = tolerance;
      last.spacing = spacing;
      return heights;
    },
    renew: () => {
      raised = null;
      last.order = 0;
    },
  };
}

/** Bin of line number `line` of a comb whose highest one lies in bin `highestLine`: in whole numbers, so that no processor finds another. */
function placeOf(line: number, highestLine: number, harmonics: number): number {
  return Math.floor((2 * highestLine * line + harmonics) / (2 * harmonics));
}

/** The bin that is nearest to an order, in single precision, as a microcontroller has it. */
function toBins(order: number, binOrders: number): number {
  return roundUp(Math.fround(order) / binOrders);
}

function roundUp(value: number): number {
  return Math.floor(Math.fround(Math.fround(value) + 0.5));
}
