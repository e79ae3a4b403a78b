/**
 * The mean power spectrum of a machine's last windows or snapshots: what noise happens to have in one of them evens out, a line does
 * not. Each counts alike, however loud it was; older ones are forgotten slowly. Knows nothing of samples.
 */
import type { OrderSpectrum } from "./order-spectrum.ts";

/** Revolutions below which neighbouring orders can no longer be told apart: of a window, or of a pool in all. */
export const fewestRevolutions = 8;

/** The newest snapshot weighs one part in so many; of fewer the mean is plain. */
export const snapshotMemory = 12;

export interface SpectrumPool {
  /** Takes the length of the next snapshot; returns that of the shortest one that still counts, revolutions. */
  admit(revolutions: number): number;
  /**
   * Adds the spectrum of the window that was admitted, and puts the pool's mean in its place. Returns the revolutions of all
   * that were added; Infinity where this one is without energy: it is left as it is, and no other one would help.
   */
  blend(spectrum: OrderSpectrum): number;
}

/** Creates an empty pool, in which the newest window weighs one part in `memory`; of fewer the mean is plain. */
export function createSpectrumPool(memory: number): SpectrumPool {
  return new Pool(memory);
}

class Pool implements SpectrumPool {
  readonly #memory: number;
  /** Of so many windows the shortest counts: those before weigh less than 2 % together. */
  readonly #lengths: number[] = [];
  #power = new Float32Array(0);
  #added = 0;
  #revolutions = 0;

  constructor(memory: number) {
    this.#memory = memory;
  }

  admit(length: number): number {
    const lengths = this.#lengths;
    lengths.push(length);
    if (lengths.length > 4 * this.#memory) lengths.shift();
    let shortest = length;
    for (const each of lengths) shortest = Math.min(shortest, each);
    return shortest;
  }

  blend(spectrum: OrderSpectrum): number {
    const { amplitudes } = spectrum;
    const level = spectrum.computeLevel();
    if (!(level > 0)) return Number.POSITIVE_INFINITY;
    if (this.#added === 0) this.#power = new Float32Array(amplitudes.length);
    this.#added++;
    this.#revolutions += this.#lengths.at(-1) ?? 0;
    const power = this.#power;
    const weight = 1 / Math.min(this.#added, this.#memory);
    for (let bin = 0; bin < power.length; bin++) {
      const ratio = amplitudes[bin]! / level;
      const mean = power[bin]! + weight * (ratio * ratio - power[bin]!);
      power[bin] = mean;
      amplitudes[bin] = Math.sqrt(mean);
    }
    spectrum.renew();
    return this.#revolutions;
  }
}
