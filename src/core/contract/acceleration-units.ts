/** Units of acceleration that data come in, and what each is in g. */

/** As people and devices write them. */
export const accelerationUnits = ["g", "mg", "m/s2", "cm/s2", "mm/s2", "ft/s2"] as const;
export type AccelerationUnit = (typeof accelerationUnits)[number];

/** m/s² of standard gravity (ISO 80000-3). */
const standardGravity = 9.806_65;

/** How many g one of the unit is. */
export const gravitiesOf: Readonly<Record<AccelerationUnit, number>> = {
  g: 1,
  mg: 1e-3,
  "m/s2": 1 / standardGravity,
  "cm/s2": 1e-2 / standardGravity,
  "mm/s2": 1e-3 / standardGravity,
  "ft/s2": 0.3048 / standardGravity,
};

/** The unit of acceleration that `text` means, in any of the spellings that data sheets and files have; null: none. */
export function readAccelerationUnit(text: string): AccelerationUnit | null {
  const plain = text
    .trim()
    // Superscripts are digits: m·s⁻².
    .normalize("NFKC")
    // Which mean of it is meant does not matter to samples.
    .replace(/[\s_-]*\(?(rms|pk|peak|p-p|0-p)\)?$/i, "")
    .replace(/^[gG](['’]s)?$/, "g")
    .replace(/^gal$/i, "cm/s2")
    .replace(/sec/g, "s")
    // A text of Latin-1 that was read as UTF-8 has lost its ².
    .replace(/\ufffd$|\^2$|\*\*2$/, "2")
    .replace(/\/s\/s$/, "/s2")
    .replace(/^([cm]?m|ft)[\s.*·⋅]?s(\^|\*\*)?[-−]2$/, "$1/s2");
  return accelerationUnits.find((known) => known === plain) ?? null;
}

/** Is `text` a unit of velocity, displacement, voltage or current? What stands in brackets, or in a description, may be none. */
export function isOtherQuantity(text: string): boolean {
  return /^([cmµμu]?m\/s(ec)?|(in|ft)\/s(ec)?|ips|[cmµμu]m|mils?|m?V|m?A|volts?)([\s_-]+(rms|RMS|pk|peak))?$/.test(
    text.trim(),
  );
}

/** May `text` be a unit at all? `-` and numbers are none. */
export function hasUnitWord(text: string): boolean {
  return /\p{L}/u.test(text);
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
