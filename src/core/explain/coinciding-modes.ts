/**
 * The failure modes of a bearing that its lines do not tell apart: there is a place where the first line of each is searched. Rolling
 * elements of some bearings strike about as often as their inner race, those of others as their outer one. What a student says of
 * such a pair is much the same, and now the one leads and now the other: always where the lines lie within one search, and where they
 * lie somewhat further apart as soon as one of them slips into the other's.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FaultKind } from "../contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import { isWithinReach, listFirstLines } from "./fault-lines.ts";
import { shareByBearing } from "./share-by-bearing.ts";

/** As {@link findCoincidingModes}, one list for all points that are alike in both. */
export const shareCoincidingModes: (features: FeatureSpec, bearing: BearingOrders) => readonly FaultKind[] =
  shareByBearing(findCoincidingModes);

/** Two modes or more, or none. */
export function findCoincidingModes(features: FeatureSpec, bearing: BearingOrders): readonly FaultKind[] {
  const firsts = listFirstLines({ features, bearing });
  return firsts
    .filter((own) => firsts.some((other) => other !== own && isWithinReach(own.line, other.line)))
    .map(({ kind }) => kind);
}
