/**
 * The way that most points of a group moved, if there is one. Not every point is compared with every other: a few are tried as its
 * leader, first those that lie nearest to where all went that moved at about their time.
 */

import { namePoint } from "../contract/name-point.ts";
import { compareTexts } from "../maths/compare-texts.ts";
import type { Steps } from "../maths/steps.ts";
import { type JointStory, joinStories } from "./join-stories.ts";
import type { ReadVerdict } from "./read-verdicts.ts";

/** Points that moved as one of them did. */
export interface Movement {
  readonly leader: ReadVerdict;
  /** The leader among them. */
  readonly members: ReadonlySet<ReadVerdict>;
  readonly story: JointStory;
}

/** Points that are tried as leaders: where there is a way that most went, the first is on it but for chance. */
const tries = 16;

/**
 * The first candidate that has enough followers leads.
 * @param followersOf those that moved as it did, itself among them; null: they are too few
 * @param reachMs how far apart what moves together may begin
 */
export function* findMovement(
  points: readonly ReadVerdict[],
  reachMs: number,
  followersOf: (leader: ReadVerdict) => readonly ReadVerdict[] | null,
): Steps<Movement | null> {
  for (const leader of rankByCompany(points, reachMs).slice(0, tries)) {
    yield;
    const members = followersOf(leader);
    if (members === null) continue;
    return { leader, members: new Set(members), story: joinStories(members) };
  }
  return null;
}

/** Those that moved, first whose direction has most in common with the sum of all that began within reach of it. */
function rankByCompany(points: readonly ReadVerdict[], reachMs: number): readonly ReadVerdict[] {
  const moved = points
    .filter(({ hasMoved }) => hasMoved)
    .map((point) => ({ point, name: `${namePoint(point.verdict)} ${point.verdict.modelDigest}`, company: 0 }))
    .sort((a, b) => a.point.onsetMs - b.point.onsetMs || compareTexts(a.name, b.name));
  const axes = Math.max(0, ...moved.map(({ point }) => (point.direction.axes.at(-1) ?? -1) + 1));
  const sum = new Float64Array(axes);
  const add = ({ direction }: ReadVerdict, sign: 1 | -1): void => {
    for (const [at, axis] of direction.axes.entries()) sum[axis]! += sign * direction.values[at]!;
  };
  let [begin, end] = [0, 0];
  for (const own of moved) {
    const { direction, onsetMs } = own.point;
    for (; end < moved.length && moved[end]!.point.onsetMs <= onsetMs + reachMs; end++)
      add(moved[end]!.point, 1);
    for (; moved[begin]!.point.onsetMs < onsetMs - reachMs; begin++) add(moved[begin]!.point, -1);
    for (const [at, axis] of direction.axes.entries()) own.company += sum[axis]! * direction.values[at]!;
  }
  return moved
    .sort((a, b) => b.company - a.company || compareTexts(a.name, b.name))
    .map(({ point }) => point);
}
