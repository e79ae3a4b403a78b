/**
 * Was a kind of fault to be heard at other speeds, of late? What keeps its hertz crosses the places of a fault's lines at one speed, and a
 * fault goes with the shaft. While a shaft turns at one speed nothing is said. Keeps nothing over a restart.
 */
import { type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import { dayMs } from "../maths/durations.ts";
import { type FoundLines, isAllForeign } from "./foreign-modes.ts";

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
const speedStep = 0.01;
/** So many steps away what keeps its hertz is no longer where a line is looked for, which is within 2 %. */
const stepsApart = 3;
/** What was not to be heard longer ago may be a fault by now. */
const keptMs = dayMs;
/** Of one speed no more weigh. */
const mostWindows = 12;
/** Fewer at all other speeds say nothing. */
const fewestWindows = 3;
/** A fault shows in more than one window of so many, or it is no fault for the slow lane. */
const oneOf = 3;

/** Listens to one point, from window to window. */
interface HeardElsewhere {
  /** Takes the next window; says which kinds were not to be heard at other speeds within a day before it. */
  update(window: {
    readonly toMs: number;
    readonly shaftRpm: number;
    /** Of each kind, in their order. */
    readonly found: readonly FoundLines[];
  }): readonly FaultKind[];
}

/** Of a point of which nothing was heard. */
export function createHeardElsewhere(): HeardElsewhere {
  const kinds = faultKinds.map(() => new Map<number, HeardKind>());
  return {
    update: ({ toMs, shaftRpm, found }) => {
      const step = Math.round(Math.log(shaftRpm) / speedStep);
      return faultKinds.filter((_, kind) => {
        const speeds = kinds[kind]!;
        forgetOld(speeds, toMs);
        const isSilent = isSilentBeside(step, speeds);
        // Of foreign lines alone nobody knows whether a fault's hides among them.
        if (!isAllForeign(found[kind]!)) speeds.set(step, hear(speeds.get(step), found[kind]!.own > 0, toMs));
        return isSilent;
      });
    },
  };
}

function forgetOld(speeds: Map<number, HeardKind>, nowMs: number): void {
  for (const [step, { toMs }] of speeds) if (toMs > nowMs || nowMs - toMs > keptMs) speeds.delete(step);
}

/** Was it found in too few of the windows at other speeds, of which there were some? */
function isSilentBeside(step: number, speeds: ReadonlyMap<number, HeardKind>): boolean {
  let windows = 0;
  let own = 0;
  for (const [other, heard] of speeds) {
    if (Math.abs(other - step) < stepsApart) continue;
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
