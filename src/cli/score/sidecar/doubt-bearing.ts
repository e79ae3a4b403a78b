/** What is odd about fault orders that a person wrote down. They are taken all the same: nobody knows every bearing. */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";

/** Parts of the expected ball order between which it looks like half of it; a contact angle of 40° takes off a quarter. */
const half = { from: 0.37, to: 0.6 };
/** Orders that were measured on a slipping bearing are this much off, as a share. */
const slip = 0.015;
/** A ball order this much above that of a contact angle of 0° has no geometry. */
const mostOfBall = 1.1;

/** A sentence, or null where the orders fit each other: bpfo = n · ftf, bpfi = n · (1 − ftf), γ = 1 − 2 · ftf. */
export function doubtBearing({ bpfo, bpfi, bsf, ftf }: BearingOrders): string | null {
  if (bpfo >= bpfi) return `bpfo ${bpfo} is not below bpfi ${bpfi}: are they exchanged?`;
  if (!(ftf < 0.5)) return `ftf ${ftf} is not below 0.5`;
  const elements = bpfo + bpfi;
  if (Math.abs(elements - Math.round(elements)) > Math.max(0.1, slip * elements)) {
    return `bpfo and bpfi sum to ${round(elements)}, which should be the number of rolling elements: are they of this shaft's speed?`;
  }
  if (Math.abs(ftf - bpfo / elements) > 2 * slip) {
    return `ftf ${ftf} does not fit bpfo and bpfi, which say ${round(bpfo / elements)}`;
  }
  const gamma = (bpfi - bpfo) / elements;
  const most = (1 - gamma * gamma) / gamma;
  const share = bsf / most;
  if (share > half.from && share < half.to) {
    return `bsf ${bsf} looks like the spin of a rolling element, which meets a race twice a turn: give twice the spin`;
  }
  if (share > mostOfBall || share < half.from) {
    return `bsf ${bsf} does not fit bpfo and bpfi: at most ${round(most)} is possible`;
  }
  return null;
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
