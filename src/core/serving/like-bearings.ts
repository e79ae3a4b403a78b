/** Bearings of which a fault of one is looked for where the other's would be. */
import { type BearingOrders, bearingOrderNames } from "../contract/bundle/bearing.ts";

/** As a share of an order: no more than an ordinary slip. */
const slip = 0.02;

/** Lie all fault frequencies of two bearings in one place, as those of one type do? */
export function isLikeBearing(one: BearingOrders, other: BearingOrders): boolean {
  return bearingOrderNames.every((name) => Math.abs(one[name] / other[name] - 1) <= slip);
}
