/**
 * From a file's numbers to the int16 counts that a device would send. Counts stay as they are. Other numbers are read
 * twice: the first pass, in constant memory, finds the file's peak, which becomes count 32,000, so that a step is
 * 1/32,000 of the peak. A value outside the data contract's range does not stretch the scale: it saturates, and the
 * ingest then sets it aside, as it does on the gateway.
 */
import { AuroraError } from "../../contract/aurora-error.ts";
import type { ChannelContract } from "../../contract/manifest.ts";
import type { SampleFile } from "./samples.ts";

const peakCount = 32_000;
const highestCount = 32_767;

/** How numbers become counts. */
export interface Quantisation {
  /** Physical value of one count. */
  readonly scale: number;
  /** count = round(number · countsPerNumber), saturated at ±32,767. */
  readonly countsPerNumber: number;
}

/**
 * Chooses the scale of a file; `scale` is the physical value of the file's number 1, null where it was not given.
 * Numbers that are all whole, within int16 and come with a scale are counts. Fails with USAGE when counts have none.
 */
export async function chooseQuantisation(
  file: SampleFile,
  scale: number | null,
  contract: ChannelContract,
): Promise<Quantisation> {
  if (file.isCounts) {
    if (scale !== null) return { scale, countsPerNumber: 1 };
    throw new AuroraError("USAGE", `${file.path} holds int16 counts and no --scale says what one is worth`, {
      op: "choose scale",
      subject: file.path,
      hint: `give --scale with the ${contract.unit} of one count, for example --scale 0.000162`,
    });
  }
  const physicalOfOne = scale ?? 1;
  const limit = Math.max(Math.abs(contract.min), Math.abs(contract.max)) / physicalOfOne;
  let peak = 0;
  let areCounts = true;
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      const size = Math.abs(value);
      if (size > peak && size < Number.POSITIVE_INFINITY) peak = size;
      if (areCounts && !(Number.isInteger(value) && size <= highestCount + 1)) areCounts = false;
    }
  }
  if (areCounts && scale !== null) return { scale, countsPerNumber: 1 };
  if (peak === 0) return { scale: physicalOfOne, countsPerNumber: 1 };
  const full = Math.min(peak, limit);
  return { scale: (full * physicalOfOne) / peakCount, countsPerNumber: peakCount / full };
}

/** A run of samples, or of samples that no count can say because one of them is not a finite number. */
export interface CountBlock {
  readonly firstSample: number;
  /** Valid until the next block is asked for. */
  readonly counts: Int16Array;
  readonly allFinite: boolean;
}

/** Reads the file as blocks of `blockSamples` (the last may be shorter). */
export async function* readCountBlocks(
  file: SampleFile,
  { countsPerNumber }: Quantisation,
  blockSamples: number,
): AsyncGenerator<CountBlock> {
  const counts = new Int16Array(blockSamples);
  let firstSample = 0;
  let filled = 0;
  let allFinite = true;
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      if (!Number.isFinite(value)) allFinite = false;
      const count = Math.round(value * countsPerNumber);
      counts[filled++] = Math.max(-highestCount - 1, Math.min(highestCount, count));
      if (filled < blockSamples) continue;
      yield { firstSample, counts, allFinite };
      firstSample += filled;
      filled = 0;
      allFinite = true;
    }
  }
  if (filled > 0) yield { firstSample, counts: counts.subarray(0, filled), allFinite };
}
