/**
 * What one point's shifts look like, read alone: a sensor that hears less, one that is noisy or broken, one value that lies
 * off by itself, the lines of a fault, or a machine that sounds different. Says nothing of other points.
 */
import type { DriftVerdict, FeatureShift } from "../contract/drift-verdict.ts";
import { isFaultLine, isTemperature } from "./describe-column.ts";

/**
 * `gain`: all levels moved by the same dB while order features stand. `noise`: higher levels up, lines of the machine drown
 * or everything scatters more. `loud`: all levels up by a few dB and no line. `broken`: values stuck or none. `lone`: one SCADA value off, the others as expected.
 * `fault`: lines of a bearing's part or a score went up. `sound`: levels moved by different amounts. `several`: several SCADA
 * values off the same way. `unclear`: none of these.
 */
export type PointPattern =
  | "gain"
  | "noise"
  | "loud"
  | "broken"
  | "lone"
  | "fault"
  | "sound"
  | "several"
  | "unclear";

export interface PointSignature {
  readonly pattern: PointPattern;
  /** The shifts that show it, the surest first. */
  readonly shifts: readonly FeatureShift[];
  /** Median of the levels' shifts in dB; 0 when none moved. */
  readonly levelDb: number;
  /** Largest less smallest shift of a level, dB. */
  readonly spreadDb: number;
  /** The levels moved alike at every load; null where fewer than two loads were heard. */
  readonly isAtAllLoads: boolean | null;
  /** What moved of the lines that grow with damage. */
  readonly linesUp: readonly FeatureShift[];
  readonly linesDown: readonly FeatureShift[];
}

/** The level shifts of one gain differ by less: 1 dB, or a quarter of the gain where it is large. */
const gainSpreadDb = 1;
const gainSpreadShare = 0.25;
/** A gain that changed by less would not be told from a machine that sounds different. */
const smallestGainDb = 1;
/** A share of windows without a value that speaks of a broken sensor. */
const brokenShare = 0.05;
/** Levels that have to be up, and by how much each, dB. */
const loudLevels = 3;
const loudDb = 2;
/** Columns that have to scatter more than before. */
const noisyColumns = 3;

export function readSignature({ shifts }: Pick<DriftVerdict, "shifts">): PointSignature {
  const means = shifts.filter(({ aspect }) => aspect === "mean");
  const levels = means.filter(({ role }) => role === "level");
  const lines = means.filter(isFaultLine);
  const scores = means.filter(({ role, name }) => role === "score" && !isTemperature(name));
  const up = (shift: FeatureShift): boolean => shift.shift > 0;
  const signs = {
    levelDb: levels.length === 0 ? 0 : median(levels.map(({ shift }) => shift)),
    spreadDb: levels.length === 0 ? 0 : spread(levels.map(({ shift }) => shift)),
    isAtAllLoads: moveAtAllLoads(levels),
    linesUp: [...lines.filter(up), ...scores.filter(up)],
    linesDown: [...lines, ...scores].filter((shift) => !up(shift)),
  };
  return { ...findPattern(shifts, levels, signs), ...signs };
}

type Signs = Pick<PointSignature, "levelDb" | "spreadDb" | "linesUp" | "linesDown">;

function findPattern(
  shifts: readonly FeatureShift[],
  levels: readonly FeatureShift[],
  signs: Signs,
): Pick<PointSignature, "pattern" | "shifts"> {
  const broken = shifts.filter(isBroken);
  if (broken.length > 0) return { pattern: "broken", shifts: broken };
  const temperatures = shifts.filter(
    ({ name, role, aspect }) => role !== "condition" && aspect === "mean" && isTemperature(name),
  );
  if (temperatures.length > 0) {
    const same = temperatures.filter(({ shift }) => shift > 0 === temperatures[0]!.shift > 0);
    return { pattern: temperatures.length === 1 ? "lone" : "several", shifts: same };
  }
  if (hasFaultLines(signs)) return { pattern: "fault", shifts: signs.linesUp };
  if (isGain(levels, signs)) return { pattern: "gain", shifts: levels };
  const noisy = findNoise(shifts, levels, signs);
  if (noisy.length > 0) return { pattern: "noise", shifts: noisy };
  if (isLoud(levels, signs)) return { pattern: "loud", shifts: levels };
  if (levels.length >= 2) return { pattern: "sound", shifts: levels };
  return { pattern: "unclear", shifts: shifts.filter(({ role }) => role !== "condition") };
}

function isBroken({ aspect, role, current, reference }: FeatureShift): boolean {
  if (role === "condition") return false;
  return aspect === "stuck" || (aspect === "invalid" && current - reference >= brokenShare);
}

/** Damage lifts lines; what lifts a few of twenty and lowers as many is no damage. */
function hasFaultLines({ linesUp, linesDown }: Signs): boolean {
  const weight = (shifts: readonly FeatureShift[]): number =>
    shifts.reduce((sum, { deviations }) => sum + Math.abs(deviations), 0);
  return linesUp.length >= 2 && weight(linesUp) >= 2 * weight(linesDown);
}

/** Lines stand at least in so far as they did not move more surely than the levels. */
function isGain(levels: readonly FeatureShift[], { levelDb, spreadDb, linesUp, linesDown }: Signs): boolean {
  const size = Math.abs(levelDb);
  const moved = [...linesUp, ...linesDown].length;
  return (
    levels.length >= 2 &&
    size >= smallestGainDb &&
    spreadDb <= Math.max(gainSpreadDb, gainSpreadShare * size) &&
    levels.every(({ shift }) => shift > 0 === levelDb > 0) &&
    moved < levels.length
  );
}

/** Levels up unevenly while lines drown, or everything scatters more than before. */
function findNoise(
  shifts: readonly FeatureShift[],
  levels: readonly FeatureShift[],
  { linesUp, linesDown }: Signs,
): readonly FeatureShift[] {
  const louder = levels.filter(({ shift }) => shift > 0);
  const drowned = linesDown.length >= 2 && linesDown.length > 2 * linesUp.length;
  if (louder.length > 0 && louder.length === levels.length && drowned) return [...louder, ...linesDown];
  const wider = shifts.filter(
    ({ role, aspect, shift }) => role !== "condition" && aspect === "spread" && shift > 0,
  );
  return wider.length >= noisyColumns && wider.length > levels.length ? wider : [];
}

/** Louder at all frequencies, without a line that has grown: noise of the sensor, or of the whole machine. */
function isLoud(levels: readonly FeatureShift[], { linesUp }: Signs): boolean {
  return levels.length >= loudLevels && linesUp.length === 0 && levels.every(({ shift }) => shift >= loudDb);
}

/** The same direction, and no load more than half off from the whole. */
function moveAtAllLoads(levels: readonly FeatureShift[]): boolean | null {
  const heard = levels.filter(({ loads }) => loads.length >= 2);
  if (heard.length === 0) return null;
  return heard.every(({ shift, loads }) =>
    loads.every((load) => Math.abs(load.shift - shift) <= Math.max(1, 0.5 * Math.abs(shift))),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}
