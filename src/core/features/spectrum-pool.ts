/**
 * The mean power spectrum of a machine's last snapshots: each is too short to tell neighbouring orders apart from noise, many
 * together are not. Every snapshot counts alike, however loud it was; older ones are forgotten slowly. Knows nothing of samples.
 */
import { medianInPlace } from "../maths/select.ts";
import type { OrderSpectrum } from "./order-spectrum.ts";

/** Revolutions below which neighbouring orders can no longer be told apart: of a window, or of a pool in all. */
export const fewestRevolutions = 8;

/** A snapshot of so many revolutions tells orders apart by itself: it is pooled with no other. */
export const enoughRevolutions = 30;

/** The newest snapshot weighs one part in so many; of fewer the mean is plain. */
const memory = 12;
/** Of so many snapshots the shortest counts: those before weigh less than 2 % together. */
const lengthsHeld = 4 * memory;

export interface SpectrumPool {
  /** Takes the length of the next snapshot; returns that of the shortest one that still counts, revolutions. */
  admit(revolutions: number): number;
  /**
   * Adds the spectrum of the snapshot that was admitted, and puts the pool's mean in its place. Returns the revolutions of all
   * snapshots that were added; Infinity where this one is without energy: it is left as it is, and no other one would help.
   */
  blend(spectrum: OrderSpectrum): number;
}

/** Creates an empty pool. */
export function createSpectrumPool(): SpectrumPool {
  const lengths: number[] = [];
  let power = new Float64Array(0);
  let added = 0;
  let revolutions = 0;
  return {
    admit: (length) => {
      lengths.push(length);
      if (lengths.length > lengthsHeld) lengths.shift();
      return Math.min(...lengths);
    },
    blend: (spectrum) => {
      const { amplitudes, binOrders, lowestOrder, highestOrder } = spectrum;
      const heard = amplitudes.slice(
        Math.ceil(lowestOrder / binOrders),
        Math.floor(highestOrder / binOrders),
      );
      const median = medianInPlace(heard, heard.length);
      if (!(median > 0)) return Number.POSITIVE_INFINITY;
      if (added === 0) power = new Float64Array(amplitudes.length);
      added++;
      revolutions += lengths.at(-1) ?? 0;
      const weight = 1 / Math.min(added, memory);
      for (let bin = 0; bin < power.length; bin++) {
        power[bin]! += weight * ((amplitudes[bin]! / median) ** 2 - power[bin]!);
      }
      spectrum.replace(power.map(Math.sqrt));
      return revolutions;
    },
  };
}
