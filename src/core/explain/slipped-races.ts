/**
 * Bearings whose races' lines lie on harmonics of the shaft, where a bundle does not listen, or come to lie there where the cage slips:
 * all harmonics of a race do together. Says nothing of rolling elements, whose spin follows no cage.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import { listFaultLines } from "./fault-lines.ts";

/** By such a share a cage turns slower than rolling without slip has it, where the load is light. */
const mostSlip = 0.02;
/** Of slips up to that so many hide a race that is worth a word: among many rolling elements next to all move it past a harmonic. */
const leastHidden = 1 / 5;

/** What to expect of a bearing. */
interface HiddenRace {
  /** The first race that it is said of. */
  readonly race: "bpfo" | "bpfi";
  /** A sentence without a full stop. */
  readonly problem: string;
}

/** What to expect of such a bearing; null: the shaft hides no race from these features, or hardly ever. */
export function warnOfSlip(features: FeatureSpec, bearing: BearingOrders): HiddenRace | null {
  const { bpfo, bpfi } = bearing;
  const guard = Math.max(...features.chains.map(({ params }) => Number(params.shaftGuardOrders ?? 0)));
  const heard = listFaultLines({ features, bearing }).map(({ of }) => of);
  const races = (["bpfo", "bpfi"] as const).filter((order) => heard.includes(order));
  if (!(guard > 0) || races.length === 0) return null;
  const near = races.filter((race) => Math.abs(bearing[race] - Math.round(bearing[race])) <= guard);
  if (near.length > 0) {
    const lines = near.map((race) => {
      const order = bearing[race];
      return `the ${race === "bpfo" ? "outer" : "inner"} race's line (${race} ${order}) on ${Math.round(order)}×`;
    });
    const problem = `${lines.join(" and ")} the shaft's speed cannot be told from the shaft's own: such a fault is told after days, if at all`;
    return { race: near[0]!, problem };
  }
  const harmonic = Math.floor(bpfo);
  const slip = (bpfo - harmonic) / bpfo;
  if (!(slip > 0 && slip <= mostSlip) || 2 * guard < leastHidden * mostSlip * bpfo) return null;
  // Rolling elements meet the inner race as much more often as the outer one less.
  const inner = Math.round(bpfo + bpfi) - harmonic;
  const percent = Number((100 * slip).toPrecision(2));
  const problem = `a cage that slips ${percent} % moves the outer race's lines onto ${harmonic}× the shaft's and the inner race's onto ${inner}×, where they are not heard`;
  return { race: "bpfo", problem };
}
