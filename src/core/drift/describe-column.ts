/** Names of drift columns, and how far they moved, in an operator's words. Knows the names that bundles give; any other is shown as it is. */

import { bearingFaults } from "../contract/bundle/bearing-fault.ts";
import type { DriftRole, FeatureShift } from "../contract/drift-verdict.ts";
import { computeMedian } from "../maths/robust.ts";

const ordinals = ["", "first", "second", "third", "fourth", "fifth"];

/** A bearing's part by the name of its lines, which grow with damage to it. */
const damagedParts: ReadonlyMap<string, string> = new Map([
  ...Object.values(bearingFaults).map(({ order, part }) => [order, part] as const),
  ["cage", "cage"],
]);

const parts: ReadonlyMap<string, string> = new Map([...damagedParts, ["ftf", "cage"], ["shaft", "shaft"]]);

const levels: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "low.rms": "low frequencies",
    "middle.rms": "middle frequencies",
    "high.rms": "high frequencies",
    "top.rms": "highest frequencies",
    "impact.peak": "impacts",
  }),
);

const conditions: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ambient: "ambient temperature",
    generator: "generator speed",
    pitch: "pitch angle",
    power: "power",
    rotor: "rotor speed",
    wind: "wind speed",
  }),
);

const spans: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "30min": "30 minutes",
    "2h": "2 hours",
    "8h": "8 hours",
  }),
);

/** What a column is about: `bpfo.h1` → "first outer race harmonic", `impact.peak` → "impacts". */
export function describeColumn(name: string, role: DriftRole): string {
  switch (role) {
    case "level":
      return levels.get(name) ?? `level of ${spell(name)}`;
    case "score":
      return isTemperature(name)
        ? spell(withoutResidual(name))
        : `score of ${withArticle(spell(name))} fault`;
    case "condition":
    case "feature":
      return describeLine(name) ?? describeCondition(name) ?? spell(name);
  }
}

/** Is it a temperature's difference from what the model expects, in °C? */
export function isTemperature(name: string): boolean {
  return withoutResidual(name).endsWith("-temperature");
}

/** Is it a line of a bearing's part, which grows with damage to it? Lines of the shaft are none. */
export function isFaultLine({ name, role }: Pick<FeatureShift, "name" | "role">): boolean {
  return role === "feature" && damagedParts.has(/^\w+(?=\.)/.exec(name)?.[0] ?? "");
}

/** What moved and how far: "impacts 4 dB quieter", "generator bearing is 4 °C warmer than expected". */
export function wordShift(shift: FeatureShift): string {
  const words = describeColumn(shift.name, shift.role);
  const isUp = shift.shift > 0;
  switch (shift.aspect) {
    case "stuck":
      return `${words} stuck at one value`;
    case "invalid":
      return `${words} without a value in ${Math.round(100 * shift.current)} % of the windows`;
    case "spread":
      return `scatter of ${words} ${formatRatio(Math.exp(Math.abs(shift.shift)))} times as ${isUp ? "large" : "small"}`;
    case "mean":
      if (shift.role === "level")
        return `${words} ${formatDb(shiftOfDay(shift))} ${isUp ? "louder" : "quieter"}`;
      if (isTemperature(shift.name)) {
        const part = words.replace(/ temperature$/, "");
        return `${part} is ${formatAmount(shift.shift)} °C ${isUp ? "warmer" : "colder"} than expected`;
      }
      return `${words} ${isUp ? "higher" : "lower"} (${formatAmount(shift.deviations)} times what is usual from day to day)`;
  }
}

/** `-6.04` → "6 dB"; below 3 dB with one decimal. */
export function formatDb(db: number): string {
  return `${formatAmount(db)} dB`;
}

/** "drive-end sensor", "sensor at the generator bearing". */
export function describeSensor(component: string): string {
  const end = /(?:^|-)(non-drive-end|drive-end|nde|de)$/.exec(component)?.[1];
  if (end === undefined) return `sensor at the ${spell(component)}`;
  return `${end.replace(/^nde$/, "non-drive-end").replace(/^de$/, "drive-end")} sensor`;
}

/** `outer-race` → "outer race". */
export function spell(name: string): string {
  return name.replaceAll(/[-_]/g, " ");
}

function formatAmount(value: number): string {
  const size = Math.abs(value);
  return size < 2.95 ? size.toFixed(1) : String(Math.round(size));
}

function formatRatio(ratio: number): string {
  return ratio < 9.95 ? ratio.toFixed(1) : String(Math.round(ratio));
}

/** Columns of an envelope's order spectrum; null for another name. */
function describeLine(name: string): string | null {
  const found = /^(\w+)\.(?:h(\d)|side\.(\w+)|(margin))$/.exec(name);
  const part = parts.get(found?.[1] ?? "");
  if (found === null || part === undefined) return null;
  if (found[2] !== undefined) return `${ordinals[Number(found[2])] ?? `${found[2]}th`} ${part} harmonic`;
  if (found[3] !== undefined) return `${part} side bands of the ${parts.get(found[3]) ?? spell(found[3])}`;
  return `margin of the ${part} over other orders`;
}

/** `power.2h` → "power over the last 2 hours"; null for another name. */
function describeCondition(name: string): string | null {
  const [signal = "", span] = name.split(".");
  const words = conditions.get(signal);
  if (words === undefined) return null;
  return span === undefined ? words : `${words} over the last ${spans.get(span) ?? span}`;
}

function withoutResidual(name: string): string {
  return name.replace(/[ .]residual$/, "");
}

/** `an imbalance`. */
export function withArticle(words: string): string {
  return `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}`;
}

/**
 * A shift may be that of several days together; what the loads say is of the day alone, and can be compared from column to
 * column.
 */
export function shiftOfDay({ shift, loads }: FeatureShift): number {
  if (loads.length === 0) return shift;
  const ofDay = computeMedian(loads.map((load) => load.shift));
  // A day that has gone back says nothing of where the days went.
  return ofDay * shift > 0 ? ofDay : shift;
}
