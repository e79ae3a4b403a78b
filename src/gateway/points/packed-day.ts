/**
 * A day that is being heard, between two reports: as one array of numbers it takes a third of what its objects take, and a
 * gateway holds one a point. Exact both ways.
 *
 *   features | feature | invalid | mean | sum of squares | least | most | bins | counts … | cells | cell …
 *   cell     | slot, load | count | mean | sum of squares
 */
import type { DriftLoad } from "../../core/contract/drift-verdict.ts";
import type { DayCell, DayFeature, DaySummary } from "../../core/drift/day-summary.ts";

/** A day as numbers. */
export interface PackedDay {
  readonly fromMs: number;
  readonly periodMs: number;
  /** The last of its slots in which its first column was heard; 0 where none was. */
  readonly lastSlot: number;
  readonly numbers: Float64Array;
}

/** Wider than any that a report may have. */
const outermostBand = 255;
const bands = 2 * outermostBand + 1;
/** Of one slot: no load, and each band of power and of speed. */
const loadsOfSlot = 1 + 2 * bands;

/** As one array. */
export function packDay({ fromMs, periodMs, features }: DaySummary): PackedDay {
  const numbers = [features.length];
  for (const { sketch, cells } of features) {
    const { feature, counts, invalid, mean, sumSquares, min, max } = sketch;
    numbers.push(feature, invalid, mean, sumSquares, min, max, counts.length, ...counts, cells.length);
    for (const { slot, load, count, mean, sumSquares } of cells)
      numbers.push(slot * loadsOfSlot + rankLoad(load), count, mean, sumSquares);
  }
  const lastSlot = features[0]?.cells.at(-1)?.slot ?? 0;
  return { fromMs, periodMs, lastSlot, numbers: Float64Array.from(numbers) };
}

/** The day that was packed. */
export function unpackDay({ fromMs, periodMs, numbers }: PackedDay): DaySummary {
  let at = 0;
  const next = (): number => numbers[at++]!;
  const times = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read);
  const readCell = (): DayCell => {
    const place = next();
    const slot = Math.floor(place / loadsOfSlot);
    return {
      slot,
      load: readLoad(place - slot * loadsOfSlot),
      count: next(),
      mean: next(),
      sumSquares: next(),
    };
  };
  const readFeature = (): DayFeature => {
    const [feature, invalid, mean, sumSquares, min, max] = [next(), next(), next(), next(), next(), next()];
    const counts = times(next(), next);
    return {
      sketch: { feature, counts, invalid, mean, sumSquares, min, max },
      cells: times(next(), readCell),
    };
  };
  return { fromMs, periodMs, features: times(next(), readFeature) };
}

function rankLoad(load: DriftLoad | null): number {
  if (load === null) return 0;
  return 1 + (load.by === "power" ? 0 : bands) + load.band + outermostBand;
}

function readLoad(rank: number): DriftLoad | null {
  if (rank === 0) return null;
  const isPower = rank <= bands;
  return { by: isPower ? "power" : "speed", band: rank - 1 - outermostBand - (isPower ? 0 : bands) };
}
