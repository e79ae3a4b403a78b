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

/** The unit of acceleration that `text` means, in any of the spellings that data sheets and files have; null: none. */
export function readAccelerationUnit(text: string): AccelerationUnit | null {
  // A text of Latin-1 that was read as UTF-8 has lost its ².
  const plain = text
    .trim()
    .replace(/[²\ufffd]$|\^2$|\*\*2$/, "2")
    .replace(/\/s\/s$/, "/s2");
  return accelerationUnits.find((known) => known === plain) ?? null;
}

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
  const unit = readAccelerationUnit(channel.unit);
  const factor = unit === null ? 1 : gravitiesOf[unit];
  return factor === 1 ? channel : { ...channel, unit: "g", scale: channel.scale * factor };
}
