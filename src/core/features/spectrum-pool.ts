/**
 * The mean power spectrum of a machine's last snapshots: each is too short to tell neighbouring orders apart from noise, many
 * together are not. Every snapshot counts alike, however loud it was; older ones are forgotten slowly. What stands in one of them alone is
 * no part of the machine: at each order the mean is held to a fifth more than what the last ones have without the highest. So a knock, or a line that
 * keeps its hertz while the speed changes, is not heard again in the snapshots after it. Nor do those count there whose speed brings a multiple of the
 * mains' frequency to that order, as long as two others are left. Knows nothing of samples but in which pieces they came.
 */
import { standsOnMains } from "../maths/mains.ts";
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
/** The mean is held to so many times what the last snapshots, so many of them, have without the highest. */
const mostOfOthers = 1.2;
const compared = 16;
const allPlaces = 2 ** compared - 1;

/** In reciprocals of a snapshot's length: so far from its top a Hann window's line is 15 dB lower. */
const humReach = 1.5;

/** They are kept in a byte a bin: dB of power over the median, from the lowest on, in steps. */
const lowestDb = -30;
const stepDb = 0.4;
const powerOf = Float64Array.from({ length: 256 }, (_, code) => 10 ** ((lowestDb + stepDb * code) / 10));

/** A snapshot before it is added. */
interface AdmittedSnapshot {
  /** Its length. */
  readonly revolutions: number;
  /** Of its shortest piece, where samples were lost out of it, revolutions. */
  readonly shortest: number;
  /** Of the shaft. */
  readonly turnsHz: number;
}

export interface SpectrumPool {
  /** Takes what is known of the next snapshot; returns the shortest length that still counts, revolutions. */
  admit(snapshot: AdmittedSnapshot): number;
  /**
   * Adds the spectrum of the snapshot that was admitted, and puts the pool's mean in its place. Returns the revolutions of all
   * snapshots that were added; Infinity where this one is without energy: it is left as it is, and no other one would help.
   */
  blend(spectrum: OrderSpectrum): number;
}

/** Creates an empty pool. */
export function createSpectrumPool(): SpectrumPool {
  const lengths: number[] = [];
  let others = createOthers(0);
  let mean = new Float64Array(0);
  let added = 0;
  let revolutions = 0;
  let last: AdmittedSnapshot = { revolutions: 0, shortest: 0, turnsHz: 0 };
  return {
    admit: (snapshot) => {
      last = snapshot;
      lengths.push(snapshot.shortest);
      if (lengths.length > lengthsHeld) lengths.shift();
      return Math.min(...lengths);
    },
    blend: (spectrum) => {
      const power = powerOverMedian(spectrum);
      if (power === null) return Number.POSITIVE_INFINITY;
      if (added === 0) {
        mean = new Float64Array(power.length);
        others = createOthers(power.length);
      }
      others.take(power, { ...last, binOrders: spectrum.binOrders });
      added++;
      revolutions += last.revolutions;
      const weight = 1 / Math.min(added, memory);
      const blended = power.map((newest, bin) => {
        mean[bin]! += weight * (newest - mean[bin]!);
        return Math.sqrt(Math.min(mean[bin]!, mostOfOthers * others.meanAt(bin)));
      });
      spectrum.replace(blended);
      return revolutions;
    },
  };
}

/** The last snapshots beside each other. */
interface Others {
  take(power: Float64Array, snapshot: AdmittedSnapshot & { readonly binOrders: number }): void;
  /** What they have at a bin: without those of hum, unless that leaves fewer than two, and without the highest, unless it is the only one. */
  meanAt(bin: number): number;
}

function createOthers(bins: number): Others {
  /** Each in its place: places in {@link powerOf}. */
  const held: Uint8Array[] = [];
  /** Of each bin a bit for each place: hum may stand there in the snapshot that has it, or none has it yet. */
  const humAt = new Uint16Array(bins).fill(allPlaces);
  /** The same: what is there has stayed once already where one with hum would have taken its place. */
  const sparedAt = new Uint16Array(bins);
  let taken = 0;
  /** One snapshot that is left would be heard by itself, with its knocks. */
  const isPassedOver = (bin: number): boolean => {
    const left = allPlaces & ~humAt[bin]!;
    return (left & (left - 1)) !== 0;
  };
  return {
    take: (power, { shortest, turnsHz, binOrders }) => {
      const place = taken++ % compared;
      const bit = 1 << place;
      if (held.length < compared) held.push(new Uint8Array(bins));
      const codes = held[place]!;
      const reachHz = (humReach / shortest) * turnsHz;
      for (let bin = 0; bin < bins; bin++) {
        const isHum = standsOnMains(bin * binOrders * turnsHz, reachHz);
        const isSpared = isHum && ((humAt[bin]! | sparedAt[bin]!) & bit) === 0;
        sparedAt[bin] = isSpared ? sparedAt[bin]! | bit : sparedAt[bin]! & ~bit;
        if (isSpared) continue;
        codes[bin] = encode(power[bin]!);
        humAt[bin] = isHum ? humAt[bin]! | bit : humAt[bin]! & ~bit;
      }
    },
    meanAt: (bin) => {
      const passed = isPassedOver(bin) ? humAt[bin]! : 0;
      let [sum, highest, count] = [0, 0, 0];
      for (let place = 0; place < held.length; place++) {
        if ((passed & (1 << place)) !== 0) continue;
        const value = powerOf[held[place]![bin]!]!;
        sum += value;
        count++;
        if (value > highest) highest = value;
      }
      return count === 1 ? sum : (sum - highest) / (count - 1);
    },
  };
}

/** Of each bin; null: the spectrum is without energy. */
function powerOverMedian({
  amplitudes,
  binOrders,
  lowestOrder,
  highestOrder,
}: OrderSpectrum): Float64Array | null {
  const heard = amplitudes.slice(Math.ceil(lowestOrder / binOrders), Math.floor(highestOrder / binOrders));
  const median = medianInPlace(heard, heard.length);
  return median > 0 ? amplitudes.map((amplitude) => (amplitude / median) ** 2) : null;
}

function encode(power: number): number {
  const code = Math.round((10 * Math.log10(power) - lowestDb) / stepDb);
  return Math.min(powerOf.length - 1, Math.max(0, code));
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

/** Computes the spectrum of a snapshot: of several pieces the mean power of each over its own median. */
export function computePieces(spectrum: OrderSpectrum, { pieces }: HeardPieces): void {
  const heard: Float64Array[] = [];
  for (const piece of pieces) {
    spectrum.compute(piece, piece.length);
    if (pieces.length === 1) return;
    const power = powerOverMedian(spectrum);
    if (power !== null) heard.push(power);
  }
  const [first] = heard;
  if (first === undefined) return;
  spectrum.replace(
    first.map((_, bin) => Math.sqrt(heard.reduce((sum, power) => sum + power[bin]!, 0) / heard.length)),
  );
}
