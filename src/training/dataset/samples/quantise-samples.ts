/**
 * From a file's numbers to the int16 counts that a device would send. Counts stay as they are. Other numbers are read
 * twice: the first pass, in constant memory, finds the file's peak, which becomes count 32,000, so that a step is
 * 1/32,000 of the peak.
 *
 * Where the unit is known, the data contract is kept as on the gateway: a value outside its range does not stretch the
 * scale, it saturates, and the ingest then sets it aside. Where nobody said what a number is worth, the range says
 * nothing: the numbers are taken for the bundle's unit (int16 for a converter of the bundle's full range), and neither
 * range nor saturation sets them aside.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import type { SampleFile } from "./samples.ts";

const peakCount = 32_000;
const highestCount = 32_767;

/** How numbers become counts. */
export interface SampleQuantisation {
  /** Physical value of one count; in the bundle's unit if `isAbsolute`, else in a unit of the file's own. */
  readonly scale: number;
  /** count = round((number − offset) · countsPerNumber), saturated at ± `limitCount`. */
  readonly offset: number;
  readonly countsPerNumber: number;
  /** Largest count; one below the converter's own where saturation must not be mistaken for a broken contract. */
  readonly limitCount: number;
  /** The numbers are known in the bundle's unit, and are held against the data contract's range. */
  readonly isAbsolute: boolean;
}

/**
 * Chooses the scale of a file; `scale` is the physical value of the file's number 1, null where nobody said.
 * Numbers that are all whole, within int16 and come with a scale are counts. Fails as the reader of the file does.
 */
export async function chooseQuantisation(
  file: SampleFile,
  scale: number | null,
  contract: Pick<ChannelContract, "min" | "max">,
): Promise<SampleQuantisation> {
  const fullRange = Math.max(Math.abs(contract.min), Math.abs(contract.max));
  const isAbsolute = scale !== null;
  const limitCount = isAbsolute ? highestCount : highestCount - 1;
  const physicalOfOne = scale ?? (file.isCounts ? fullRange / (highestCount + 1) : 1);
  if (file.isCounts && file.isMean !== true) {
    return { scale: physicalOfOne, offset: 0, countsPerNumber: 1, limitCount, isAbsolute };
  }
  let [low, high, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  let areCounts = isAbsolute;
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      if (Number.isFinite(value)) {
        if (value < low) low = value;
        if (value > high) high = value;
        sum += value;
        count++;
      }
      if (areCounts && !(Number.isInteger(value) && Math.abs(value) <= highestCount + 1)) areCounts = false;
    }
  }
  // A constant part may dwarf the vibration, and would leave it no counts. A device's own is kept: it sends it too.
  const offset = isAbsolute || count === 0 ? 0 : sum / count;
  const peak = count === 0 ? 0 : Math.max(Math.abs(low - offset), Math.abs(high - offset));
  const same = { offset, limitCount, isAbsolute };
  if (areCounts || peak === 0) return { scale: physicalOfOne, countsPerNumber: 1, ...same };
  const full = isAbsolute ? Math.min(peak, fullRange / scale) : peak;
  const quantisation = {
    scale: (full * physicalOfOne) / peakCount,
    countsPerNumber: peakCount / full,
    ...same,
  };
  if (quantisation.scale > 0 && Number.isFinite(quantisation.scale + quantisation.countsPerNumber)) {
    return quantisation;
  }
  throw new AuroraError("DATA_FORMAT", `${file.path} has a peak of ${peak}, which no int16 scale can hold`, {
    op: "choose scale",
    subject: file.path,
    hint: "check that the channel holds vibration; --channel chooses another",
  });
}

/** A run of samples, or of samples that no count can say because one of them is not a finite number. */
interface CountBlock {
  readonly firstSample: number;
  /** Valid until the next block is asked for. */
  readonly counts: Int16Array;
  readonly allFinite: boolean;
}

/** Reads the file as blocks of `blockSamples` (the last may be shorter). */
export async function* readCountBlocks(
  file: SampleFile,
  { offset, countsPerNumber, limitCount }: SampleQuantisation,
  blockSamples: number,
): AsyncGenerator<CountBlock> {
  const counts = new Int16Array(blockSamples);
  const lowest = limitCount === highestCount ? -highestCount - 1 : -limitCount;
  let firstSample = 0;
  let filled = 0;
  let allFinite = true;
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      if (!Number.isFinite(value)) allFinite = false;
      const count = Math.round((value - offset) * countsPerNumber);
      counts[filled++] = Math.max(lowest, Math.min(limitCount, count));
      if (filled < blockSamples) continue;
      yield { firstSample, counts, allFinite };
      firstSample += filled;
      filled = 0;
      allFinite = true;
    }
  }
  if (filled > 0) yield { firstSample, counts: counts.subarray(0, filled), allFinite };
}
