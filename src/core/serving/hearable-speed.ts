/** How fast a shaft may turn for a sensor to hear the lines that a bundle's features read. Beyond that a speed is wrong, or says nothing. */
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import { bindEnvelopeOperator } from "../features/envelope-operators.ts";
import { analysisRateHz } from "../features/envelope-order-chain.ts";

/** The highest order that a feature looks at for this bearing; 0: none reads orders. */
export function findHighestOrder({ chains, list }: FeatureSpec, bearing: BearingOrders): number {
  const reading = new Set(chains.filter(({ kind }) => kind === "envelope-order").map(({ name }) => name));
  return list
    .filter(({ chain }) => reading.has(chain))
    .reduce((highest, each) => Math.max(highest, bindEnvelopeOperator(each).highestOrder(bearing)), 0);
}

/** The speed, rpm, at which this order lies at half of the rate that an envelope is made at, of a sensor of `sampleRateHz`. */
export function findMostRpm(highestOrder: number, sampleRateHz: number): number {
  const factor = Math.max(1, Math.floor(sampleRateHz / analysisRateHz));
  return (30 * sampleRateHz) / factor / highestOrder;
}

/** What is said of a faster one. */
export function describeTooFast(shaftRpm: number, mostRpm: number, sampleRateHz: number): string {
  return `a shaft speed of ${Math.round(shaftRpm)} rpm is beyond what ${sampleRateHz} Hz can hear of this bearing: ${Math.floor(mostRpm)} rpm at most`;
}
