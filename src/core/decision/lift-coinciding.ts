/**
 * The logits of failure modes that a bearing's lines do not tell apart. A student that learnt from such bearings shares its belief:
 * where two parts may be damaged as well as each other, neither gets more than half, however plain the fault is. That one of
 * them is damaged is as likely as their sum, and this is what an alarm is about.
 */
import { logistic } from "../maths/logistic.ts";

/** No sum of beliefs is taken for surer. */
const mostBelief = 0.95;

/**
 * Logits of which the highest of `coinciding` (places in `logits`) is what speaks for any of them, over their number: at low
 * beliefs about their mean, so that healthy machines lie where they do elsewhere. The others keep their distance to it, and none is
 * lowered.
 */
export function liftCoinciding(logits: ArrayLike<number>, coinciding: readonly number[]): Float64Array {
  const lifted = Float64Array.from(logits);
  if (coinciding.length < 2) return lifted;
  let belief = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (const mode of coinciding) {
    belief += logistic(lifted[mode]!);
    highest = Math.max(highest, lifted[mode]!);
  }
  belief = Math.min(mostBelief, belief);
  const lift = Math.log(belief / coinciding.length / (1 - belief)) - highest;
  if (lift > 0) for (const mode of coinciding) lifted[mode]! += lift;
  return lifted;
}
