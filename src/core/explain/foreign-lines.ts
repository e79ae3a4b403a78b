/** Lines of a window that stand where a machine may have one that is not its bearing's: electrical hum, harmonics of the shaft and of those geared to it. */
import type { StatedShafts } from "../contract/stated-shafts.ts";
import type { ForeignLines } from "../contract/stream.ts";
import { type FirstLine, listHumLines } from "./mains-hum.ts";
import { listShaftLines, type ShaftColumns } from "./shaft-lines.ts";
import { listSupplyLines } from "./supply-lines.ts";

const none: readonly number[] = [];

/** No line stands there. */
export const noForeignLines: ForeignLines = { hum: none, shaft: none };

/** A spectrum of `seconds`. */
interface HeardSpectrum extends StatedShafts {
  readonly shaftRpm: number;
  readonly seconds: number;
  readonly shaftColumns: ShaftColumns;
  /** What each feature is a harmonic of; null: of no other line. */
  readonly firsts: readonly (FirstLine | null)[];
}

/**
 * Lists them. `orders` says where each feature's line stands, in multiples of the shaft's speed, as an extractor fills it: less than 0 for
 * the flank of another line, NaN for a feature that is of no one line.
 */
export function listForeignLines(
  orders: Float32Array,
  { shaftRpm, seconds, shaftColumns, firsts, polePairs, gearedShafts }: HeardSpectrum,
): ForeignLines {
  const revolutions = (seconds * shaftRpm) / 60;
  const mains = listHumLines(orders, { shaftRpm, seconds, firsts });
  const supply = polePairs === undefined ? none : listSupplyLines(orders, { polePairs, revolutions });
  const hum = supply.length === 0 ? mains : [...new Set([...mains, ...supply])];
  const shaft = listShaftLines(orders, { revolutions, shaft: shaftColumns, gearedShafts });
  return hum.length + shaft.length === 0 ? noForeignLines : { hum, shaft };
}
