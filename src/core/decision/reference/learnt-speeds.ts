/** At which speeds a machine was learnt, at first and later, and which of its levels hold at a speed. Learns nothing. */
import type { LearntSpeeds, SiteBaseline, SiteLevels } from "../../contract/site-baseline.ts";

/** Outside the learnt speeds by more than this share a level is expected by guess. */
export const speedMargin = 0.1;
/** A level follows speed by no more than mechanics explain, dB a doubling: forces grow with its square at most, plus a resonance. */
export const maxPerOctaveDb = 24;
export const minPerOctaveDb = -6;

/** Within such a share of the learnt speeds a line that stands still is where it was, or beside it: so far a mode's lines are looked for. */
const besideShare = 0.02;

type LearntBaseline = Pick<SiteBaseline, "shaftRpm" | "later">;
type LevelSpeeds = Pick<SiteLevels, "shaftRpm">;

/** Has the machine been learnt at about this speed? */
export function isLearntSpeed({ shaftRpm: { min, max } }: LevelSpeeds, shaftRpm: number): boolean {
  return shaftRpm >= min * (1 - speedMargin) && shaftRpm <= max * (1 + speedMargin);
}

/** Does a speed lie so far outside some others that wholly other lines may stand where a mode's are looked for? */
export function isBeyond(shaftRpm: number, { min, max }: Pick<LearntSpeeds, "min" | "max">): boolean {
  return shaftRpm < min * (1 - besideShare) || shaftRpm > max * (1 + besideShare);
}

/** How far a speed lies above the learnt ones, octaves; below them it is negative, among them 0. */
export function octavesBeyond(shaftRpm: number, { shaftRpm: { min, max } }: LevelSpeeds): number {
  return Math.log2(shaftRpm / Math.min(max, Math.max(min, shaftRpm)));
}

/** The levels that a window at a speed is held against: those of the first speeds where they cover it, else those of the nearest. */
export function chooseLevels(baseline: SiteBaseline, shaftRpm: number): SiteLevels {
  const { later } = baseline;
  if (later === undefined || !(shaftRpm > 0) || isLearntSpeed(baseline, shaftRpm)) return baseline;
  let nearest: SiteLevels = baseline;
  for (const levels of later) {
    const isNearer = Math.abs(octavesBeyond(shaftRpm, levels)) < Math.abs(octavesBeyond(shaftRpm, nearest));
    if (isNearer) nearest = levels;
  }
  return nearest;
}

/** All at which levels were learnt, the first ones first. */
export function listLearntSpeeds({ shaftRpm, later = [] }: LearntBaseline): LearntSpeeds[] {
  return [shaftRpm, ...later.map((each) => each.shaftRpm)];
}

/** `900 to 1250 rpm and 1747 to 1809 rpm`: all at which levels were learnt; what adjoins is one. */
export function sayLearntSpeeds(baseline: LearntBaseline): string {
  const ranges = listLearntSpeeds(baseline).sort((one, other) => one.min - other.min);
  const joined: { readonly min: number; max: number }[] = [];
  for (const { min, max } of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && min * (1 - speedMargin) <= last.max * (1 + speedMargin))
      last.max = Math.max(last.max, max);
    else joined.push({ min, max });
  }
  return joined.map(saySpeeds).join(" and ");
}

/** `900 to 1250 rpm`; of a single one, as a speed that is stated, `1480 rpm`. */
export function saySpeeds({ min, max }: { readonly min: number; readonly max: number }): string {
  const [least, most] = [Math.round(min), Math.round(max)];
  return least === most ? `${most} rpm` : `${least} to ${most} rpm`;
}
