/**
 * Rolling bearings by their inner geometry, and the fault orders that follow from it. Rolling without slip on a
 * stationary outer ring is assumed; a real cage lags by about a per cent (`core/simulate/fault-excitation.ts`).
 */
import type { BearingOrders } from "./bearing.ts";

/** What the kinematics of a bearing depend on. */
export interface BearingGeometry {
  /** Words for people. */
  readonly designation: string;
  readonly rollingElements: number;
  readonly elementDiameterMm: number;
  readonly pitchDiameterMm: number;
  readonly contactAngleDeg: number;
}

/**
 * Fault orders of a bearing with a turning inner ring (Harris, Rolling Bearing Analysis, ch. 25; Randall & Antoni,
 * "Rolling element bearing diagnostics – a tutorial", MSSP 25 (2011), eq. 1–4), with γ = d·cos α / D:
 *
 *     FTF = (1 − γ) / 2     BPFO = n · FTF     BPFI = n · (1 + γ) / 2     BSF = D / d · (1 − γ²)
 *
 * `bsf` is the rate at which a defect on an element meets the races, inner and outer in turn: twice the spin
 * frequency, as in the tables of public bearing recordings.
 * Throws a RangeError for a geometry that cannot be built.
 */
export function computeBearingOrders(geometry: BearingGeometry): BearingOrders {
  const { rollingElements, elementDiameterMm, pitchDiameterMm, contactAngleDeg } = geometry;
  const gapless = pitchDiameterMm * Math.sin(Math.PI / rollingElements);
  if (!Number.isInteger(rollingElements) || rollingElements < 3) {
    throw new RangeError(`a bearing needs at least 3 rolling elements, got ${rollingElements}`);
  }
  if (!(elementDiameterMm > 0) || !(elementDiameterMm <= gapless)) {
    throw new RangeError(
      `${rollingElements} elements of ${elementDiameterMm} mm do not fit on a pitch circle of ${pitchDiameterMm} mm`,
    );
  }
  if (!(contactAngleDeg >= 0 && contactAngleDeg < 90)) {
    throw new RangeError(`a contact angle lies in [0°, 90°), got ${contactAngleDeg}°`);
  }
  const gamma = (elementDiameterMm / pitchDiameterMm) * Math.cos((contactAngleDeg * Math.PI) / 180);
  const ftf = (1 - gamma) / 2;
  return {
    bpfo: rollingElements * ftf,
    bpfi: (rollingElements * (1 + gamma)) / 2,
    bsf: (pitchDiameterMm / elementDiameterMm) * (1 - gamma * gamma),
    ftf,
  };
}

/**
 * Deep groove ball bearings as they sit in generators of the 2 MW class. Bore and outside diameter are those of
 * ISO 15 (the pitch circle is taken midway); makers do not publish the balls, so diameter and number are typical
 * values that fill the ring by Conrad assembly.
 */
export const generatorBearings: readonly BearingGeometry[] = [
  {
    designation: "deep groove ball bearing 120×260 mm (series 63)",
    rollingElements: 8,
    elementDiameterMm: 44.45,
    pitchDiameterMm: 190,
    contactAngleDeg: 0,
  },
  {
    designation: "deep groove ball bearing 130×280 mm (series 63)",
    rollingElements: 8,
    elementDiameterMm: 47.625,
    pitchDiameterMm: 205,
    contactAngleDeg: 0,
  },
  {
    designation: "deep groove ball bearing 150×320 mm (series 63)",
    rollingElements: 8,
    elementDiameterMm: 53.975,
    pitchDiameterMm: 235,
    contactAngleDeg: 0,
  },
  {
    designation: "deep groove ball bearing 140×250 mm (series 62)",
    rollingElements: 10,
    elementDiameterMm: 36.5125,
    pitchDiameterMm: 195,
    contactAngleDeg: 0,
  },
  {
    designation: "deep groove ball bearing 160×290 mm (series 62)",
    rollingElements: 9,
    elementDiameterMm: 42.8625,
    pitchDiameterMm: 225,
    contactAngleDeg: 0,
  },
];
