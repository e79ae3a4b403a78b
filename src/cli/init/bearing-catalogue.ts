/**
 * Bearings whose inner geometry is published, and the fault frequencies that follow from a geometry. Makers seldom publish it:
 * for any other bearing the four numbers of its data sheet, or its own geometry, are asked for.
 */
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";

export interface BearingGeometry {
  /** Rolling elements in one row. */
  readonly elements: number;
  /** Of a rolling element, mm. */
  readonly elementMm: number;
  /** Of the circle on which their centres run, mm. */
  readonly pitchMm: number;
  /** Degrees, 0 to below 90. */
  readonly contactDegrees: number;
}

export interface CataloguedBearing {
  readonly designation: string;
  readonly geometry: BearingGeometry;
  /** Who published the geometry. */
  readonly source: string;
}

const inchMm = 25.4;

export const bearingCatalogue: readonly CataloguedBearing[] = [
  {
    designation: "6205-2RS",
    geometry: { elements: 9, elementMm: 0.3126 * inchMm, pitchMm: 1.537 * inchMm, contactDegrees: 0 },
    source: "Case Western Reserve University Bearing Data Center, drive end (6205-2RS JEM SKF)",
  },
  {
    designation: "6203-2RS",
    geometry: { elements: 8, elementMm: 0.2656 * inchMm, pitchMm: 1.122 * inchMm, contactDegrees: 0 },
    source: "Case Western Reserve University Bearing Data Center, fan end (6203-2RS JEM SKF)",
  },
  {
    designation: "ZA-2115",
    geometry: { elements: 16, elementMm: 0.331 * inchMm, pitchMm: 2.815 * inchMm, contactDegrees: 15.17 },
    source:
      "Qiu, Lee, Lin and Yu 2006, Journal of Sound and Vibration 289 (Rexnord ZA-2115, IMS bearing data)",
  },
  {
    designation: "UER204",
    geometry: { elements: 8, elementMm: 7.92, pitchMm: 34.55, contactDegrees: 0 },
    source:
      "Wang, Lei, Li and Li 2020, IEEE Transactions on Reliability 69 (LDK UER204, XJTU-SY bearing data)",
  },
];

/** The bearing of a designation, whatever its capitals, blanks and dashes, and with a maker's name before or behind it. */
export function findBearing(text: string): CataloguedBearing | undefined {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
  const makers = /\b(skf|jem|rexnord|ldk)\b/gi;
  const sought = plain(text.replace(makers, ""));
  return bearingCatalogue.find(({ designation }) => plain(designation) === sought);
}

/**
 * Orders by geometry, rolling without slip (for example Randall and Antoni 2011, Mechanical Systems and Signal Processing 25,
 * section 2): with γ = d/D · cos α, BPFO = n/2 (1 − γ), BPFI = n/2 (1 + γ), FTF = (1 − γ)/2; BSF is twice the spin of an element,
 * as {@link BearingOrders} has it. Four decimals.
 */
export function computeBearingOrders(geometry: BearingGeometry): BearingOrders {
  const { elements, elementMm, pitchMm, contactDegrees } = geometry;
  const gamma = (elementMm / pitchMm) * Math.cos((contactDegrees * Math.PI) / 180);
  const rounded = (order: number): number => Math.round(order * 10_000) / 10_000;
  return {
    bpfo: rounded((elements / 2) * (1 - gamma)),
    bpfi: rounded((elements / 2) * (1 + gamma)),
    bsf: rounded((pitchMm / elementMm) * (1 - gamma * gamma)),
    ftf: rounded((1 - gamma) / 2),
  };
}
