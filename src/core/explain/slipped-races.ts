/**
 * Bearings whose races' lines a slipping cage moves onto harmonics of the shaft, where a bundle does not listen: all harmonics of a race
 * come to lie there together. Says nothing of rolling elements, whose spin follows no cage.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import { listFaultLines } from "./fault-lines.ts";

/** By such a share a cage turns slower than rolling without slip has it, where the load is light. */
const mostSlip = 0.02;

/** What to expect of a bearing that slips, as a sentence without a full stop; null: no slip hides a race from these features. */
export function warnOfSlip(features: FeatureSpec, bearing: BearingOrders): string | null {
  const { bpfo, bpfi } = bearing;
  const harmonic = Math.floor(bpfo);
  const slip = (bpfo - harmonic) / bpfo;
  const passesShaft = features.chains.some(({ params }) => Number(params.shaftGuardOrders ?? 0) > 0);
  const hasRaces = listFaultLines({ features, bearing }).some(({ of }) => of === "bpfo" || of === "bpfi");
  if (!passesShaft || !hasRaces || !(slip > 0 && slip <= mostSlip)) return null;
  // Rolling elements meet the inner race as much more often as the outer one less.
  const inner = Math.round(bpfo + bpfi) - harmonic;
  const percent = Number((100 * slip).toPrecision(2));
  return `a cage that slips ${percent} % moves the outer race's lines onto ${harmonic}× the shaft's and the inner race's onto ${inner}×, where they are not heard`;
}
