/** Units that a column of ten-minute values may be in, and how each becomes that of its channel. Guesses no unit. */

/** value in the dimension's own unit = factor · value + offset. */
interface Unit {
  readonly dimension: string;
  readonly factor: number;
  readonly offset: number;
  /** The same unit, written otherwise. */
  readonly aliases: readonly string[];
}

function unit(dimension: string, factor: number, aliases: readonly string[] = []): Unit {
  return { dimension, factor, offset: 0, aliases };
}

/** Factors: SI brochure (9th edition); knot, mile, psi and Fahrenheit: NIST SP 811, appendix B. */
const units: Readonly<Record<string, Unit>> = {
  degC: unit("temperature", 1, ["°C", "C", "Celsius", "deg C"]),
  degF: { ...unit("temperature", 5 / 9, ["°F", "F", "Fahrenheit", "deg F"]), offset: -160 / 9 },
  K: { ...unit("temperature", 1, ["Kelvin"]), offset: -273.15 },
  W: unit("power", 1),
  kW: unit("power", 1e3),
  MW: unit("power", 1e6),
  "m/s": unit("speed", 1, ["mps"]),
  "km/h": unit("speed", 1 / 3.6, ["kmh", "kph"]),
  kn: unit("speed", 1852 / 3600, ["kt", "knots"]),
  mph: unit("speed", 0.44704),
  rpm: unit("rotation", 1 / 60, ["1/min", "r/min", "U/min"]),
  Hz: unit("rotation", 1, ["1/s", "rps"]),
  "rad/s": unit("rotation", 1 / (2 * Math.PI)),
  deg: unit("angle", 1, ["°", "degrees"]),
  rad: unit("angle", 180 / Math.PI),
  "%": unit("share", 0.01, ["percent"]),
  "1": unit("share", 1),
  Pa: unit("pressure", 1),
  hPa: unit("pressure", 100, ["mbar"]),
  kPa: unit("pressure", 1e3),
  bar: unit("pressure", 1e5),
  MPa: unit("pressure", 1e6),
  psi: unit("pressure", 6894.757293168),
  V: unit("voltage", 1),
  kV: unit("voltage", 1e3),
  A: unit("current", 1),
  kA: unit("current", 1e3),
  "m/s2": unit("acceleration", 1, ["m/s²"]),
  g: unit("acceleration", 9.80665),
  "mm/s": unit("vibration velocity", 1),
  "in/s": unit("vibration velocity", 25.4, ["ips"]),
};

/** Turns a column's value into its channel's. */
export type ConvertUnit = (value: number) => number;

/** The conversion, or what is wrong and what may be written instead. Equal units are not touched, so that values stay as they are to the bit. */
type UnitConversion =
  | { readonly ok: true; readonly convert: ConvertUnit | null }
  | { readonly ok: false; readonly problem: string };

/** How a value in `from` becomes one in `to`. */
export function convertUnit(from: string, to: string): UnitConversion {
  if (from.trim() === to.trim()) return { ok: true, convert: null };
  const [own, wanted] = [findUnit(from), findUnit(to)];
  if (wanted === undefined) {
    return { ok: false, problem: `the channel's unit ${to} can be had from no other unit: write ${to}` };
  }
  const fitting = listUnits(wanted.dimension).join(", ");
  if (own === undefined) return { ok: false, problem: `the unit ${from} is not known; it may be ${fitting}` };
  if (own.dimension !== wanted.dimension) {
    return {
      ok: false,
      problem: `the unit ${from} is one of ${own.dimension}, the channel's ${to} one of ${wanted.dimension}; it may be ${fitting}`,
    };
  }
  if (own === wanted) return { ok: true, convert: null };
  const factor = own.factor / wanted.factor;
  const offset = (own.offset - wanted.offset) / wanted.factor;
  return { ok: true, convert: (value) => factor * value + offset };
}

/** Words at the end of a name that are a unit without brackets too; a lone letter may be anything. */
const plainWords: ReadonlySet<string> = new Set(
  "degC degF °C °F Celsius Fahrenheit Kelvin kW MW km/h kmh kph m/s mps mph knots rpm hPa mbar kPa MPa psi kV mm/s".split(
    " ",
  ),
);

/**
 * The unit that a column's name states at its end: `Wind [km/h]`, `Amb. Temp. (°F)`, `oil_temp_degF`; null: none that is known.
 */
export function readHeaderUnit(header: string): string | null {
  const bracketed = /[[({]\s*([^\])}]{1,16}?)\s*[\])}]\s*$/.exec(header)?.[1];
  if (bracketed !== undefined) return findUnit(bracketed) === undefined ? null : bracketed;
  const word = /[\s_.,;:-]([^\s_.,;:-]{2,12})\s*$/.exec(header)?.[1];
  return word !== undefined && plainWords.has(word) ? word : null;
}

/** Do two names mean one unit? */
export function isSameUnit(one: string, other: string): boolean {
  const unit = findUnit(one);
  return one.trim() === other.trim() || (unit !== undefined && unit === findUnit(other));
}

/** What a unit measures, for example `temperature`; null where it is not known. */
export function dimensionOf(name: string): string | null {
  return findUnit(name)?.dimension ?? null;
}

function findUnit(name: string): Unit | undefined {
  const plain = name.trim();
  return (
    (Object.hasOwn(units, plain) ? units[plain] : undefined) ??
    Object.values(units).find(({ aliases }) => aliases.includes(plain))
  );
}

/** Units of a dimension, as they are written first. */
export function listUnits(dimension: string): string[] {
  return Object.entries(units).flatMap(([name, each]) => (each.dimension === dimension ? [name] : []));
}
