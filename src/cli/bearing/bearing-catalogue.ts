/**
 * Bearings whose inner geometry is published, and the orders that follow from it. Makers seldom publish it: for any other
 * bearing the four numbers of its data sheet, or its own geometry, are asked for.
 */
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import { type BearingGeometry, computeBearingOrders } from "../../core/contract/bundle/bearing-geometry.ts";

interface CataloguedBearing extends BearingGeometry {
  /** Who published the geometry. */
  readonly source: string;
}

const inchMm = 25.4;

export const bearingCatalogue: readonly CataloguedBearing[] = [
  {
    designation: "6205-2RS",
    rollingElements: 9,
    elementDiameterMm: 0.3126 * inchMm,
    pitchDiameterMm: 1.537 * inchMm,
    contactAngleDeg: 0,
    source: "Case Western Reserve University Bearing Data Center, drive end (6205-2RS JEM SKF)",
  },
  {
    designation: "6203-2RS",
    rollingElements: 8,
    elementDiameterMm: 0.2656 * inchMm,
    pitchDiameterMm: 1.122 * inchMm,
    contactAngleDeg: 0,
    source: "Case Western Reserve University Bearing Data Center, fan end (6203-2RS JEM SKF)",
  },
  {
    designation: "ZA-2115",
    rollingElements: 16,
    elementDiameterMm: 0.331 * inchMm,
    pitchDiameterMm: 2.815 * inchMm,
    contactAngleDeg: 15.17,
    source: "Qiu, Lee, Lin and Yu 2006, J. Sound Vib. 289 (Rexnord ZA-2115, IMS bearing data)",
  },
  {
    designation: "UER204",
    rollingElements: 8,
    elementDiameterMm: 7.92,
    pitchDiameterMm: 34.55,
    contactAngleDeg: 0,
    source: "Wang, Lei, Li and Li 2020, IEEE Trans. Reliability 69 (LDK UER204, XJTU-SY bearing data)",
  },
];

/** The bearing of a designation, whatever its capitals, blanks and dashes, and with a maker's name before or behind it. */
export function findBearing(text: string): CataloguedBearing | undefined {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
  const makers = /\b(skf|jem|rexnord|ldk)\b/gi;
  const sought = plain(text.replace(makers, ""));
  return bearingCatalogue.find(({ designation }) => plain(designation) === sought);
}

/** The designations of the catalogue, for people. */
export const cataloguedDesignations: string = bearingCatalogue
  .map(({ designation }) => designation)
  .join(", ");

/** Orders of a bearing of the catalogue, of four decimals. */
export function computeCataloguedOrders(bearing: CataloguedBearing): BearingOrders {
  return roundOrders(computeBearingOrders(bearing));
}

/** Four decimals each: more than any geometry is known to. */
export function roundOrders({ bpfo, bpfi, bsf, ftf }: BearingOrders): BearingOrders {
  const round = (order: number): number => Math.round(order * 10_000) / 10_000;
  return { bpfo: round(bpfo), bpfi: round(bpfi), bsf: round(bsf), ftf: round(ftf) };
}
