/** What drift is said to be, in words that page and terminal share: which way, how far, at which loads. Computes nothing but the words. */

import type {
  DriftCause,
  DriftLevel,
  DriftLoad,
  DriftVerdict,
  FeatureShift,
} from "../contract/drift-verdict.ts";
import { renderIsoTime } from "../contract/iso-time.ts";
import { toWords } from "../contract/to-words.ts";
import { dayMs } from "../maths/durations.ts";
import { describeColumn } from "./describe-column.ts";
import type { PeriodRange } from "./drift-day.ts";

/** What a level says of a day. */
export const driftLevelWords: Readonly<Record<DriftLevel, string>> = {
  learning: "learning",
  paused: "paused",
  insufficient: "too little heard",
  stable: "stable",
  warning: "warning",
  drift: "drift",
};

/** What moves, by where it was placed. */
export const causeWords: Readonly<Record<DriftCause["kind"], string>> = {
  sensor: "one sensor",
  turbine: "one turbine",
  site: "one site",
  fleet: "the whole fleet",
  unknown: "not told apart",
};

/** `354 to 500 kW`. */
export function describeLoad({ by, band }: DriftLoad): string {
  const unit = by === "power" ? "kW" : "rpm";
  return `${formatThree(2 ** (band / 2))} to ${formatThree(2 ** ((band + 1) / 2))} ${unit}`;
}

/** Which way and how far, as what follows "is": `6.1 dB quieter`, `higher by 0.42`, `stuck at 3.20`. */
export function describeMove(shift: FeatureShift): string {
  const { role, aspect, reference, current } = shift;
  switch (aspect) {
    case "mean":
      if (role === "level") return `${formatDb(shift.shift)} dB ${shift.shift < 0 ? "quieter" : "louder"}`;
      return `${shift.shift < 0 ? "lower" : "higher"} by ${formatThree(Math.abs(shift.shift))}`;
    case "spread":
      return shift.shift < 0
        ? `scattering ${formatThree(Math.exp(-shift.shift))} times less`
        : `scattering ${formatThree(Math.exp(shift.shift))} times more`;
    case "invalid":
      return `missing in ${formatPercent(current)} of its values, where ${formatPercent(reference)} was usual`;
    case "stuck":
      return `stuck at ${formatUnit(current, role)}`;
    default:
      return aspect satisfies never;
  }
}

/** Of the reference and of the day: `−12.4 → −18.5 dB`. */
export function describeValues({ role, aspect, reference, current }: FeatureShift): string {
  if (aspect === "invalid") return `${formatPercent(reference)} → ${formatPercent(current)}`;
  return `${formatThree(reference)} → ${formatUnit(current, role)}`;
}

/** At which loads: alike at all that were heard, or where most and where least; null where no load is known. */
export function describeLoads({ shift, loads }: FeatureShift): string | null {
  if (loads.length === 0) return null;
  const sorted = [...loads].sort((a, b) => Math.abs(b.shift) - Math.abs(a.shift));
  const [most, least] = [sorted[0]!, sorted.at(-1)!];
  if (loads.length === 1) return `at ${describeLoad(most)}, the only load that was heard`;
  const isAlike = loads.every(
    (load) => load.shift * shift > 0 && Math.abs(load.shift) * 2 > Math.abs(most.shift),
  );
  if (isAlike) return `alike at all ${loads.length} loads`;
  return `most at ${describeLoad(most)}, least at ${describeLoad(least)}`;
}

/** `11 times what is usual from day to day`. */
export function describeDeviations({ deviations }: FeatureShift): string {
  return `${formatThree(Math.abs(deviations))} times what is usual from day to day`;
}

/** What moved a point, in one sentence: its cause's, or else its surest shift's. */
export function titleVerdict({ cause, turbine, component, shifts, level, reason }: DriftVerdict): string {
  if (cause !== null) return cause.title;
  const where = `${turbine} ${toWords(component)}`;
  const [first] = shifts;
  if (first !== undefined)
    return `${where}: ${describeColumn(first.name, first.role)} ${describeMove(first)}`;
  return `${where}: ${driftLevelWords[level]}${reason === null ? "" : `, ${reason}`}`;
}

/** When something began: its date where periods are days, else the moment. */
export function nameMoment(timeMs: number, { fromMs, toMs }: PeriodRange): string {
  const iso = renderIsoTime(timeMs);
  return toMs - fromMs >= dayMs ? iso.slice(0, 10) : iso;
}

/** Begin of the first shift; null where nothing moved. */
export function sinceOf({ shifts }: DriftVerdict): number | null {
  return shifts.length === 0 ? null : Math.min(...shifts.map(({ sinceMs }) => sinceMs));
}

function formatUnit(value: number, role: FeatureShift["role"]): string {
  return role === "level" ? `${formatThree(value)} dB` : formatThree(value);
}

function formatDb(value: number): string {
  return Math.abs(value).toFixed(1);
}

function formatPercent(share: number): string {
  return `${formatThree(share * 100)} %`;
}

/** Three digits, a true minus sign, and powers of ten only where digits would be many. */
export function formatThree(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e5 || size < 1e-3 ? size.toExponential(1) : size >= 100 ? size.toFixed(0) : size.toPrecision(3);
  return `${value < 0 ? "−" : ""}${text.replace("e-", "e−").replace("e+", "e")}`;
}
