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
  /**
   * Takes the length of the next snapshot, and of its shortest piece where samples were lost out of it; returns the shortest length that
   * still counts, revolutions.
   */
  admit(revolutions: number, shortest?: number): number;
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
  let last = 0;
  return {
    admit: (length, shortest = length) => {
      last = length;
      lengths.push(shortest);
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
      revolutions += last;
      const weight = 1 / Math.min(added, memory);
      for (let bin = 0; bin < power.length; bin++) {
        power[bin]! += weight * ((amplitudes[bin]! / median) ** 2 - power[bin]!);
      }
      spectrum.replace(power.map(Math.sqrt));
      return revolutions;
    },
  };
}

/** A snapshot as it is heard. */
interface HeardPieces {
  /** One where nothing was lost. */
  readonly pieces: readonly Float32Array[];
  /** All of them, one behind the other. */
  readonly samples: Float32Array;
  /** How many came in all, with those that are not heard. */
  readonly came: number;
  /** Samples of the shortest. */
  readonly shortest: number;
}

/** Chooses of a snapshot's pieces those that are heard: one shorter than half of the longest would make all lines as wide as its own. */
export function selectPieces(all: readonly Float32Array[]): HeardPieces {
  const longest = Math.max(...all.map(({ length }) => length));
  const pieces = all.filter(({ length }) => 2 * length >= longest);
  const samples = pieces.length === 1 ? pieces[0]! : Float32Array.from(pieces.flatMap((piece) => [...piece]));
  const came = all.reduce((sum, { length }) => sum + length, 0);
  return { pieces, samples, came, shortest: Math.min(...pieces.map(({ length }) => length)) };
}

/** Computes the spectrum of a snapshot: of several pieces the mean power of each over its own median, as of snapshots. */
export function computePieces(spectrum: OrderSpectrum, { pieces }: HeardPieces): void {
  const pool = createSpectrumPool();
  for (const piece of pieces) {
    spectrum.compute(piece, piece.length);
    if (pieces.length > 1) pool.blend(spectrum);
  }
}
