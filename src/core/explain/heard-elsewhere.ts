/**
 * Was a kind of fault to be heard at other speeds, of late? What keeps its hertz crosses the places of a fault's lines at one speed, and a
 * fault goes with the shaft. While a shaft turns at one speed nothing is said. Keeps nothing over a restart.
 */
import { type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import { dayMs } from "../maths/durations.ts";
import { stepOfSpeed } from "../maths/shaft-speeds.ts";
import { type ForeignCount, isAllForeign } from "./foreign-modes.ts";

/**
 * How a kind was heard at about one speed, as numbers: which of the kinds, the step of the speed, when a window last told something, in how
 * many windows, up to {@link mostWindows}, which share of these told something, and in which share lines of its own were found; the newest
 * weigh most.
 */
const fields = { kind: 0, step: 1, toMs: 2, windows: 3, toldShare: 4, ownShare: 5, all: 6 } as const;

/** So many steps away what keeps its hertz is no longer where a line is looked for, which is within 2 %. */
const stepsApart = 2;
/** At a speed below this share of another a fault that shows there may well be silent. */
const slowShare = 0.7;
/** What was not to be heard longer ago may be a fault by now. */
const keptMs = dayMs;
/** Of one speed no more weigh. */
const mostWindows = 12;
/** Fewer that tell something, at all other speeds, say nothing. */
const fewestWindows = 3;
/** Nor do those that are fewer than one of so many. */
const oneTellsOf = 4;
/** A fault shows in more than one window of so many, or it is no fault for the slow lane. */
const oneOf = 3;
/** Sums of shares are known no better. */
const rounded = 1e-9;

/** When a window ended, and at which speed. */
export interface HeardMoment {
  readonly toMs: number;
  readonly shaftRpm: number;
}

/** Listens to one point, from window to window. */
interface HeardElsewhere {
  /** Which kinds were not to be heard at other speeds, none much slower, that were heard within a day before. */
  listSilent(moment: HeardMoment): readonly FaultKind[];
  /** Takes a window in which the machine was heard to run; `found`: of each kind, in their order. */
  note(moment: HeardMoment, found: readonly ForeignCount[]): void;
}

/** Of a point of which nothing was heard. */
export function createHeardElsewhere(): HeardElsewhere {
  return new HeardSpeeds();
}

class HeardSpeeds implements HeardElsewhere {
  /** In rows of {@link fields}, in the order in which they were first heard. */
  #rows: number[] = noRows;

  listSilent({ toMs, shaftRpm }: HeardMoment): readonly FaultKind[] {
    const rows = keepOf(this.#rows, toMs - keptMs, toMs);
    return faultKinds.filter((_, kind) => isSilentBeside(stepOfSpeed(shaftRpm), kind, rows));
  }

  note({ toMs, shaftRpm }: HeardMoment, found: readonly ForeignCount[]): void {
    // A window that comes a little late says nothing against what is newer.
    this.#rows = keepOf(this.#rows, toMs - keptMs, toMs + keptMs);
    const step = stepOfSpeed(shaftRpm);
    if (!Number.isFinite(step)) return;
    for (let kind = 0; kind < faultKinds.length; kind++) {
      const { own } = found[kind]!;
      // Of foreign lines alone nobody knows whether a fault's hides among them, and of one that stands alone nobody knows whose it is: it
      // tells nothing, but may be a fault that began, and what was told before weighs less.
      if (!isAllForeign(found[kind]!)) this.#hear({ kind, step, toMs, own });
    }
  }

  /** One window more. */
  #hear({ kind, step, toMs, own }: HeardKind): void {
    let at = 0;
    while (at < this.#rows.length && !isOf(this.#rows, at, { kind, step })) at += fields.all;
    // Room to measure: a push makes it for many more.
    if (at === this.#rows.length) this.#rows = this.#rows.concat([kind, step, toMs, 0, 0, 0]);
    const rows = this.#rows;
    const windows = Math.min(mostWindows, rows[at + fields.windows]! + 1);
    const [toldShare, ownShare] = [rows[at + fields.toldShare]!, rows[at + fields.ownShare]!];
    if (own !== 1) rows[at + fields.toMs] = toMs;
    rows[at + fields.windows] = windows;
    rows[at + fields.toldShare] = toldShare + ((own === 1 ? 0 : 1) - toldShare) / windows;
    rows[at + fields.ownShare] = ownShare + ((own > 1 ? 1 : 0) - ownShare) / windows;
  }
}

interface HeardKind {
  readonly kind: number;
  readonly step: number;
  readonly toMs: number;
  /** How many lines of its own. */
  readonly own: number;
}

/** Of all points of which nothing was heard; never written to. */
const noRows: number[] = [];

function isOf(
  rows: readonly number[],
  at: number,
  { kind, step }: Pick<HeardKind, "kind" | "step">,
): boolean {
  return rows[at + fields.kind] === kind && rows[at + fields.step] === step;
}

/** The rows that were heard from then to then. */
function keepOf(rows: number[], fromMs: number, untilMs: number): number[] {
  const isKept = (at: number): boolean => {
    const toMs = rows[at - (at % fields.all) + fields.toMs]!;
    return toMs >= fromMs && toMs <= untilMs;
  };
  return rows.every((_, at) => isKept(at)) ? rows : rows.filter((_, at) => isKept(at));
}

const slowestSteps = stepOfSpeed(slowShare);

/** Was it found in too few of the windows at other speeds that told something, of which there were some? */
function isSilentBeside(step: number, kind: number, rows: readonly number[]): boolean {
  let windows = 0;
  let told = 0;
  let own = 0;
  for (let at = 0; at < rows.length; at += fields.all) {
    const other = rows[at + fields.step]!;
    if (rows[at + fields.kind] !== kind) continue;
    if (Math.abs(other - step) < stepsApart || other - step < slowestSteps) continue;
    const weight = rows[at + fields.windows]!;
    windows += weight;
    told += weight * rows[at + fields.toldShare]!;
    own += weight * rows[at + fields.ownShare]!;
  }
  return (
    told >= fewestWindows - rounded && oneTellsOf * told >= windows - rounded && oneOf * own <= told + rounded
  );
}
