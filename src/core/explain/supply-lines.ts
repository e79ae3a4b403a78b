/**
 * Where an inverter's supply stands in the envelope of the induction motor that it feeds: magnetic forces pull twice a period, which is
 * 2·p orders of the shaft for p pole pairs, as many times more as the rotor slips, and multiples of that. The slip is one for all of
 * them. Knows nothing of the supply's hertz, and cannot tell its line from a fault's that happens to stand there.
 */
import { findPlaceShare, mostMultiple } from "./mains-hum.ts";

/** An induction motor slips no more, as a share of its supply's speed, under any load that it bears for long. */
const mostSlip = 0.045;

/** The multiple of twice the supply's frequency that stands nearest to a line, in orders where nothing slips. */
function findMultiple(order: number, polePairs: number): number {
  const turns = order / (2 * polePairs * (1 + mostSlip / 2));
  return 2 * polePairs * Math.min(mostMultiple, Math.max(1, Math.round(turns)));
}

/** May the supply's line stand within `reach` orders of one? */
export function standsOnSupply(order: number, reach: number, polePairs: number): boolean {
  const multiple = findMultiple(order, polePairs);
  return order + reach >= multiple && order - reach <= multiple * (1 + mostSlip);
}

/** A line that may be the supply's, and between which slips. */
interface SlippedLine {
  readonly column: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The features whose line stands where the supply's may: those of one slip, at which most do. `orders`: where, as an extractor fills it;
 * the spectrum is of so many `revolutions`.
 */
export function listSupplyLines(
  orders: Float32Array,
  { polePairs, revolutions }: { readonly polePairs: number; readonly revolutions: number },
): readonly number[] {
  const lines: SlippedLine[] = [];
  for (let column = 0; column < orders.length; column++) {
    const order = Math.abs(orders[column]!);
    const reach = findPlaceShare(orders[column]!) / revolutions;
    if (!standsOnSupply(order, reach, polePairs)) continue;
    const multiple = findMultiple(order, polePairs);
    lines.push({ column, from: (order - reach) / multiple, to: (order + reach) / multiple });
  }
  const groups = lines.map(({ from: slip }) => lines.filter(({ from, to }) => from <= slip && slip <= to));
  const most = Math.max(0, ...groups.map(({ length }) => length));
  const columns = groups.filter(({ length }) => length === most).flatMap((group) => group.map(columnOf));
  return [...new Set(columns)];
}

function columnOf({ column }: SlippedLine): number {
  return column;
}
