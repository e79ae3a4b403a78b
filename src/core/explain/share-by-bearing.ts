/** What follows from a bundle's declarations and a bearing, found once: of a thousand points most are alike in both. */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import { findOrMake } from "../maths/find-or-make.ts";

/**
 * Creates what says `make` of a declaration and a bearing, one answer for all points that are alike in both. Declarations are never
 * changed; with one that nobody holds any more its answers go.
 */
export function shareByBearing<D extends object, V extends NonNullable<unknown>>(
  make: (declaration: D, bearing: BearingOrders) => V,
): (declaration: D, bearing: BearingOrders) => V {
  const shared = new WeakMap<D, Map<string, V>>();
  return (declaration, bearing) => {
    const ofBearing = findOrMake(shared, declaration, () => new Map<string, V>());
    return findOrMake(ofBearing, JSON.stringify(bearing), () => make(declaration, bearing));
  };
}
