/**
 * What is odd about a bearing's orders, in a configuration or beside a recording, and may be right all the same: a cage that an
 * outer ring drives, a spin that is counted once. Refuses nothing, which `core/contract/bundle/bearing.ts` does for all who are
 * told orders.
 */
import type { BearingOrders, bearingOrderNames } from "../contract/bundle/bearing.ts";

interface BearingWarning {
  readonly name: (typeof bearingOrderNames)[number];
  readonly problem: string;
  readonly write: string;
}

/** Orders that were measured on a slipping bearing are this much off, as a share. */
const slip = 0.015;
/** Rolling elements by which the races' orders may miss a whole number. */
const partOfElement = 0.1;
/**
 * What an element meets, as a share of what its races allow at most: of half of it the spin is meant (a contact angle of 40°
 * takes off a quarter), below and above it is another bearing's.
 */
const share = { half: 0.37, whole: 0.6, most: 1.1 };

/** What is odd about orders, impossible or not; null: nothing. */
export function warnOfBearing({ bpfo, bpfi, bsf, ftf }: BearingOrders): BearingWarning | null {
  if (bpfo >= bpfi) {
    const problem = `bpfo ${bpfo} is not below bpfi ${bpfi}: are they exchanged?`;
    return { name: "bpfo", problem, write: "exchange bpfo and bpfi, or compare both with the data sheet" };
  }
  const elements = bpfo + bpfi;
  const cage = bpfo / elements;
  if (!(ftf < 0.5)) {
    const problem = `ftf ${ftf} is the cage of a bearing whose outer ring turns: with these races and a turning inner ring it is ${round(cage)}`;
    return { name: "ftf", problem, write: `write ${round(cage)}, unless the outer ring turns` };
  }
  if (Math.abs(elements - Math.round(elements)) > Math.max(partOfElement, slip * elements)) {
    const problem = `bpfo and bpfi sum to ${round(elements)}, which should be the number of rolling elements: are they of this shaft's speed?`;
    return { name: "bpfo", problem, write: "compare both with the data sheet" };
  }
  if (Math.abs(ftf - cage) > 2 * slip) {
    const problem = `ftf ${ftf} does not fit bpfo and bpfi, which say ${round(cage)}`;
    return { name: "ftf", problem, write: `write about ${round(cage)}, or compare all with the data sheet` };
  }
  const gamma = (bpfi - bpfo) / elements;
  const most = (1 - gamma * gamma) / gamma;
  if (bsf > share.half * most && bsf < share.whole * most) {
    const problem = `bsf ${bsf} is low for these races: is it the spin of the element, of which twice is meant?`;
    return { name: "bsf", problem, write: `compare it with the data sheet; twice this is ${round(2 * bsf)}` };
  }
  if (bsf > share.most * most || bsf <= share.half * most) {
    const problem = `bsf ${bsf} does not fit bpfo and bpfi: at most ${round(most)} is possible`;
    return { name: "bsf", problem, write: "compare all of them with the data sheet" };
  }
  return null;
}

function round(order: number): number {
  return Number(order.toFixed(4));
}
