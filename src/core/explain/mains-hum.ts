/**
 * Where electrical hum stands in the envelope of a vibration: at multiples of twice the mains' frequency (magnetic forces pull
 * twice a period, rectifiers ripple at multiples of that), of 50 and of 60 Hz, whatever the speed. Knows nothing of
 * machines, and cannot tell a hum from a fault whose line happens to stand there.
 */

import { mainsDeviation, mainsHz } from "../maths/mains.ts";

const doubledMainsHz = mainsHz.map((mains) => 2 * mains);
/** Twice the ripple of a six-pulse rectifier, which is three times the doubled frequency. Harmonics of what stands there reach further. */
export const mostMultiple = 6;
/** A line's place is known to about half of what the spectrum resolves. */
const placeShare = 0.55;
/** Half of a Hann window's main lobe: so far beyond the search may the top of a line stand of which a flank is seen. */
const flankShare = 2;

/** Within so much of what a spectrum resolves the top of a line stands. `order`: where it is seen, less than 0 for a flank of it. */
export function findPlaceShare(order: number): number {
  return order > 0 ? placeShare : flankShare;
}

/** The first line of those of which a feature is a harmonic. */
export interface FirstLine {
  /** Index of its feature. */
  readonly column: number;
  readonly harmonic: number;
}

/** No line stands there. */
const noHum: readonly number[] = [];

/**
 * The multiple of twice the mains' frequency that is nearest to `hertz`, Hz. Beyond the sixth those count that are `harmonic` times
 * one up to it: what beats at 300 Hz shows at 900 as well.
 */
export function findNearestHum(hertz: number, harmonic = 1): number {
  const plain = findNearestMultiple(hertz);
  const risen = harmonic * findNearestMultiple(hertz / harmonic);
  return Math.abs(risen - hertz) < Math.abs(plain - hertz) ? risen : plain;
}

function findNearestMultiple(hertz: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const doubled of doubledMainsHz) {
    const multiple = doubled * Math.min(mostMultiple, Math.max(1, Math.round(hertz / doubled)));
    if (Math.abs(multiple - hertz) < Math.abs(nearest - hertz)) nearest = multiple;
  }
  return nearest;
}

/**
 * The features whose line stands where hum does. `orders` says where each feature's line stands, in multiples of the shaft's
 * speed, less than 0 for the flank of another line, NaN for a feature that is of no one line; the spectrum is of `seconds`. Of a
 * harmonic whose first line (`firsts`; null: none is known) stands on hum as well, and is no flank, all multiples of that are hum, where
 * it stands at as many times the place of the first: a hum's harmonics are of one frequency.
 */
export function listHumLines(
  orders: Float32Array,
  { shaftRpm, seconds, firsts }: HummingSpectrum,
): readonly number[] {
  const standsOnHum = (column: number, harmonic: number): boolean => {
    const order = orders[column]!;
    const hertz = (Math.abs(order) * shaftRpm) / 60;
    const reach = findPlaceShare(order) / seconds + mainsDeviation * hertz;
    return Math.abs(findNearestHum(hertz, harmonic) - hertz) <= reach;
  };
  const isMultiple = (order: number, first: number, harmonic: number): boolean => {
    const known = findPlaceShare(order) + harmonic * findPlaceShare(first);
    return Math.abs(Math.abs(order) - harmonic * first) <= (known * 60) / (shaftRpm * seconds);
  };
  const columns: number[] = [];
  for (let column = 0; column < orders.length; column++) {
    const first = firsts[column] ?? null;
    const isRisen =
      first !== null &&
      orders[first.column]! > 0 &&
      standsOnHum(first.column, 1) &&
      isMultiple(orders[column]!, orders[first.column]!, first.harmonic);
    if (standsOnHum(column, isRisen ? first.harmonic : 1)) columns.push(column);
  }
  return columns.length === 0 ? noHum : columns;
}

interface HummingSpectrum {
  readonly shaftRpm: number;
  readonly seconds: number;
  readonly firsts: readonly (FirstLine | null)[];
}
