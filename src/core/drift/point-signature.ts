/**
 * What one point's shifts look like, read alone: a sensor that hears less, one that is noisy or broken, one value that lies
 * off by itself, the lines of a fault, or a machine that sounds different. Says nothing of other points.
 */
import type { DriftVerdict, FeatureShift } from "../contract/drift-verdict.ts";
import { computeMedian } from "../maths/robust.ts";
import { isFaultLine, isTemperature, shiftOfDay } from "./describe-column.ts";

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
  /** All levels that moved, two at least, did so by about the same dB. */
  readonly movedAlike: boolean;
  /** The levels moved alike at every load; null where fewer than two loads were heard. */
  readonly isAtAllLoads: boolean | null;
  /** What moved of the lines that grow with damage. */
  readonly linesUp: readonly FeatureShift[];
  readonly linesDown: readonly FeatureShift[];
}

/** The level shifts of one gain differ by less: 1 dB, or a quarter of the gain where it is large. */
const gainSpreadDb = 1;
const gainSpreadShare = 0.25;
/** Lines stand beside a gain that are moved less surely than its levels by this factor: what the ear hears more shows in them a little. */
const surerThanLines = 4;
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
  const shaft = means.filter(({ role, name }) => role === "feature" && name.startsWith("shaft."));
  const scores = means.filter(({ role, name }) => role === "score" && !isTemperature(name));
  const up = (shift: FeatureShift): boolean => shift.shift > 0;
  const levelDb = levels.length === 0 ? 0 : computeMedian(levels.map(shiftOfDay));
  const spreadDb = levels.length === 0 ? 0 : spread(levels.map(shiftOfDay));
  const signs = {
    levelDb,
    spreadDb,
    movedAlike:
      levels.length >= 2 &&
      spreadDb <= Math.max(gainSpreadDb, gainSpreadShare * Math.abs(levelDb)) &&
      levels.every(({ shift }) => shift > 0 === levelDb > 0),
    isAtAllLoads: moveAtAllLoads(levels),
    linesUp: [...lines.filter(up), ...scores.filter(up)],
    linesDown: [...lines, ...scores].filter((shift) => !up(shift)),
  };
  return { ...findPattern({ shifts, levels, shaft }, signs), ...signs };
}

type Signs = Pick<PointSignature, "levelDb" | "movedAlike" | "linesUp" | "linesDown">;

/** All shifts, and the means among them of levels and of the shaft's lines. */
interface SortedShifts {
  readonly shifts: readonly FeatureShift[];
  readonly levels: readonly FeatureShift[];
  readonly shaft: readonly FeatureShift[];
}

function findPattern(
  { shifts, levels, shaft }: SortedShifts,
  signs: Signs,
): Pick<PointSignature, "pattern" | "shifts"> {
  const broken = shifts.filter(isBroken);
  if (broken.length > 0) return { pattern: "broken", shifts: broken };
  const temperatures = shifts.filter(({ name, aspect }) => aspect === "mean" && isTemperature(name));
  if (temperatures.length > 0) {
    const same = temperatures.filter(({ shift }) => shift > 0 === temperatures[0]!.shift > 0);
    return { pattern: temperatures.length === 1 ? "lone" : "several", shifts: same };
  }
  const drowning = findDrowning({ shifts, levels, shaft }, signs);
  if (drowning.length > 0) return { pattern: "noise", shifts: drowning };
  const isHeardOtherwise = isGain(levels, signs);
  if (isHeardOtherwise && weigh(levels) >= surerThanLines * weigh(signs.linesUp))
    return { pattern: "gain", shifts: levels };
  if (hasFaultLines([...levels, ...shaft], signs)) return { pattern: "fault", shifts: signs.linesUp };
  if (isHeardOtherwise) return { pattern: "gain", shifts: levels };
  const wider = shifts.filter(({ aspect, shift }) => aspect === "spread" && shift > 0);
  if (wider.length >= noisyColumns && wider.length > levels.length)
    return { pattern: "noise", shifts: wider };
  if (isLoud(levels, signs)) return { pattern: "loud", shifts: levels };
  if (levels.length >= 2) return { pattern: "sound", shifts: levels };
  return { pattern: "unclear", shifts };
}

function isBroken({ aspect, current, reference }: FeatureShift): boolean {
  return aspect === "stuck" || (aspect === "invalid" && current - reference >= brokenShare);
}

/**
 * Damage lifts lines, and levels or the shaft's lines with the first of them; what lifts a few of twenty and lowers as many is
 * no damage.
 */
function hasFaultLines(others: readonly FeatureShift[], { linesUp, linesDown }: Signs): boolean {
  const company = linesUp.length === 0 ? 0 : others.filter(({ shift }) => shift > 0).length;
  return linesUp.length + company >= 2 && weigh(linesUp) >= 2 * weigh(linesDown);
}

/** How surely they moved. */
function weigh(shifts: readonly FeatureShift[]): number {
  return shifts.reduce((sum, { deviations }) => sum + Math.abs(deviations), 0);
}

/** Of the lines fewer moved than of the levels. */
function isGain(
  levels: readonly FeatureShift[],
  { levelDb, movedAlike, linesUp, linesDown }: Signs,
): boolean {
  return (
    movedAlike && Math.abs(levelDb) >= smallestGainDb && linesUp.length + linesDown.length < levels.length
  );
}

/**
 * What shows that lines, the shaft's among them, drown where all levels that moved are up; a score is no line, and rises in noise as well.
 * Damage that raises lines raises them more surely than others drown.
 */
function findDrowning(
  { shifts, levels, shaft }: SortedShifts,
  { linesUp, linesDown }: Signs,
): readonly FeatureShift[] {
  const lines = [...linesUp, ...linesDown].filter(isFaultLine).concat(shaft);
  const drowned = lines.filter(({ shift }) => shift < 0);
  const risen = lines.filter(({ shift }) => shift > 0);
  const isLouder = levels.length > 0 && levels.every(({ shift }) => shift > 0);
  if (!isLouder || weigh(drowned) <= 2 * weigh(risen)) return [];
  return shifts.filter((each) => levels.includes(each) || drowned.includes(each));
}

/** Louder at all frequencies, without a line that has grown: noise of the sensor, or of the whole machine. */
function isLoud(levels: readonly FeatureShift[], { linesUp }: Signs): boolean {
  return levels.length >= loudLevels && linesUp.length === 0 && levels.every(({ shift }) => shift >= loudDb);
}

/** The same direction, and no load more than half off from the whole. */
function moveAtAllLoads(levels: readonly FeatureShift[]): boolean | null {
  const heard = levels.filter(({ loads }) => loads.length >= 2);
  if (heard.length === 0) return null;
  return heard.every(
    ({ loads }) =>
      spread(loads.map((load) => load.shift)) <=
      Math.max(1.5, 0.5 * Math.abs(computeMedian(loads.map((load) => load.shift)))),
  );
}

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}
