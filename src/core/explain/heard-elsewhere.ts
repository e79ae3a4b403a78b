/**
 * Was a kind of fault to be heard at other speeds, of late? What keeps its hertz crosses the places of a fault's lines at one speed, and a
 * fault goes with the shaft. While a shaft turns at one speed nothing is said. Keeps nothing over a restart.
 */
import { type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import { dayMs } from "../maths/durations.ts";
import { type ForeignCount, isAllForeign } from "./foreign-modes.ts";

/** How a kind was heard at about one speed. */
interface HeardKind {
  /** When last. */
  readonly toMs: number;
  /** In how many windows, up to {@link mostWindows}. */
  readonly windows: number;
  /** In which share of these a line of its own was found; the newest weigh most. */
  readonly ownShare: number;
}

/** Speeds are told apart by steps of this share. */
const speedStep = 0.025;
/** So many steps away what keeps its hertz is no longer where a line is looked for, which is within 2 %. */
const stepsApart = 2;
/** At a speed below this share of another a fault that shows there may well be silent. */
const slowShare = 0.7;
/** What was not to be heard longer ago may be a fault by now. */
const keptMs = dayMs;
/** Of one speed no more weigh. */
const mostWindows = 12;
/** Fewer at all other speeds say nothing. */
const fewestWindows = 3;
/** A fault shows in more than one window of so many, or it is no fault for the slow lane. */
const oneOf = 3;

/** When a window ended, and at which speed. */
interface HeardMoment {
  readonly toMs: number;
  readonly shaftRpm: number;
}

/** Listens to one point, from window to window. */
interface HeardElsewhere {
  /** Which kinds were not to be heard at other speeds, none much slower, within a day before. */
  listSilent(moment: HeardMoment): readonly FaultKind[];
  /** Takes a window in which the machine was heard to run; `found`: of each kind, in their order. */
  note(moment: HeardMoment, found: readonly ForeignCount[]): void;
}

/** Of a point of which nothing was heard. */
export function createHeardElsewhere(): HeardElsewhere {
  const kinds = faultKinds.map(() => new Map<number, HeardKind>());
  return {
    listSilent: ({ toMs, shaftRpm }) =>
      faultKinds.filter((_, kind) => {
        const speeds = kinds[kind]!;
        forgetOld(speeds, toMs);
        return isSilentBeside(stepOf(shaftRpm), speeds);
      }),
    note: ({ toMs, shaftRpm }, found) => {
      const step = stepOf(shaftRpm);
      for (const [kind, speeds] of kinds.entries()) {
        // Of foreign lines alone nobody knows whether a fault's hides among them.
        if (isAllForeign(found[kind]!)) continue;
        speeds.set(step, hear(speeds.get(step), found[kind]!.own > 0, toMs));
      }
    },
  };
}

function stepOf(shaftRpm: number): number {
  return Math.round(Math.log(shaftRpm) / speedStep);
}

function forgetOld(speeds: Map<number, HeardKind>, nowMs: number): void {
  for (const [step, { toMs }] of speeds) if (toMs > nowMs || nowMs - toMs > keptMs) speeds.delete(step);
}

const slowestSteps = Math.log(slowShare) / speedStep;

/** Was it found in too few of the windows at other speeds, of which there were some? */
function isSilentBeside(step: number, speeds: ReadonlyMap<number, HeardKind>): boolean {
  let windows = 0;
  let own = 0;
  for (const [other, heard] of speeds) {
    if (Math.abs(other - step) < stepsApart || other - step < slowestSteps) continue;
    windows += heard.windows;
    own += heard.windows * heard.ownShare;
  }
  return windows >= fewestWindows && oneOf * own <= windows;
}

/** One window more. */
function hear(before: HeardKind | undefined, isOwn: boolean, toMs: number): HeardKind {
  const windows = Math.min(mostWindows, (before?.windows ?? 0) + 1);
  const ownShare = before?.ownShare ?? 0;
  return { toMs, windows, ownShare: ownShare + ((isOwn ? 1 : 0) - ownShare) / windows };
}
