/**
 * What is odd about the shafts that are stated as geared to a bearing's, in a configuration or beside a recording, and may be right
 * all the same: turns that a comma tore apart, and kinds of faults that they hide. Refuses nothing.
 */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import { bearingFaults } from "../contract/bundle/bearing-fault.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import { joinWords } from "../explain/evidence-words.ts";
import { listGearedKinds } from "../explain/masked-kinds.ts";

interface GearedWarning {
  readonly problem: string;
  readonly write: string;
}

/** Turns that are as near to a whole number make lines where the bearing's own shaft has some. */
const wholeTurns = 0.001;

/** Of turns that say nothing, since their lines are the bearing's own shaft's; null: all of them say something. */
export function warnOfWholeTurns(gearedShafts: readonly number[]): GearedWarning | null {
  const whole = gearedShafts.filter(
    (turns) => turns > 0.5 && Math.abs(turns - Math.round(turns)) < wholeTurns,
  );
  if (whole.length === 0) return null;
  const problem = `${joinWords(whole.map(String))} turns make lines where the bearing's own shaft has its harmonics, which count already: stating them changes next to nothing`;
  return { problem, write: "write a decimal with a point (4.765, not 4,765), or leave whole numbers out" };
}

/** Of kinds of faults that are left to hours and days, as long as they show nothing but a line where a geared shaft's may be. */
export function warnOfGearedKinds(
  { features, window }: Pick<Manifest, "features" | "window">,
  { bearing, gearedShafts }: { readonly bearing: BearingOrders; readonly gearedShafts: readonly number[] },
): readonly GearedWarning[] {
  return listGearedKinds({ features, window, bearing }, gearedShafts).map(
    ({ kind, order, turns, harmonic }) => ({
      problem: `a fault of the ${bearingFaults[kind].part} (order ${order.toFixed(2)}) lies on ${harmonic}× a shaft of ${turns} turns: as long as it shows no other line it is told after hours or days, and not within minutes`,
      write: "leave that shaft out where none turns so; else look at this part by other means as well",
    }),
  );
}
