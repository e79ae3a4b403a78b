/** What is odd about fault orders that a person wrote down. They are taken all the same: nobody knows every bearing. */
import type { BearingOrders } from "../../contract/bearing.ts";

/** Parts of the expected ball order between which it looks like half of it; a contact angle of 40° takes off a quarter. */
const half = { from: 0.37, to: 0.6 };

/** A sentence, or null where the orders fit each other: bpfo = n · ftf, bpfi = n · (1 − ftf), γ = 1 − 2 · ftf. */
export function doubtBearing({ bpfo, bpfi, bsf, ftf }: BearingOrders): string | null {
  if (bpfo >= bpfi) return `bpfo ${bpfo} is not below bpfi ${bpfi}: are they exchanged?`;
  const gamma = 1 - 2 * ftf;
  if (!(gamma > 0)) return `ftf ${ftf} is not below 0.5`;
  const share = (bsf * gamma) / (1 - gamma * gamma);
  if (share > half.from && share < half.to) {
    return `bsf ${bsf} looks like the spin of a rolling element, which meets a race twice a turn: give twice the spin`;
  }
  return null;
}
