/** Units of acceleration that data come in, and what each is in g. */

/** As people and devices write them. */
export const accelerationUnits = ["g", "mg", "m/s2", "mm/s2"] as const;
export type AccelerationUnit = (typeof accelerationUnits)[number];

/** m/s² of standard gravity (ISO 80000-3). */
const standardGravity = 9.806_65;

/** How many g one of the unit is. */
export const gravitiesOf: Readonly<Record<AccelerationUnit, number>> = {
  g: 1,
  mg: 1e-3,
  "m/s2": 1 / standardGravity,
  "mm/s2": 1e-3 / standardGravity,
};

/** Other spellings of m/s² that sensors' data sheets have. */
const spellings: Readonly<Record<string, AccelerationUnit>> = {
  "m/s^2": "m/s2",
  "m/s²": "m/s2",
  "mm/s^2": "mm/s2",
  "mm/s²": "mm/s2",
};

/** What a conversion needs to know of a channel. */
interface ScaledChannel {
  readonly unit: string;
  readonly scale: number;
  /** 0: single readings, of which `mg` may be a mass. */
  readonly sampleRateHz: number;
}

/** A device's channel with its acceleration in g, which contracts are in; one of any other quantity, or of readings, as it was. */
export function inGravities<T extends ScaledChannel>(channel: T): T {
  if (channel.sampleRateHz === 0) return channel;
  const unit = spellings[channel.unit] ?? channel.unit;
  const factor = Object.hasOwn(gravitiesOf, unit) ? gravitiesOf[unit as AccelerationUnit] : 1;
  return factor === 1 ? channel : { ...channel, unit: "g", scale: channel.scale * factor };
}
