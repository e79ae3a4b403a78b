/**
 * One signal of a measuring point (a failure mode's logit, the machine's severity) through both lanes: how much evidence
 * there is that it left the healthy level, and whether its alarm stands.
 */
import { z } from "zod";
import type { EveryKey } from "../contract/every-key.ts";
import type { AlarmLane } from "../contract/prediction.ts";
import { dayMs } from "../maths/durations.ts";
import {
  type HeldAlarm,
  heldAlarmSchema,
  holdAlarm,
  noteMost,
  pauseAlarm,
  rebaseAlarm,
} from "./alarm-hold.ts";
import type { EvidenceHeights } from "./false-alarm-budget.ts";
import {
  beginFast,
  type FastState,
  fastStateSchema,
  type HealthySpread,
  stepFast,
  vouchFor,
} from "./fast-lane.ts";
import type { SlowReference } from "./slow-evidence.ts";
import { evidenceOfSlow, idleSlow, type SlowState, slowStateSchema, stepSlow } from "./slow-lane.ts";

/** What is remembered of a signal between windows; plain data that can be stored. */
export interface SignalState {
  readonly fast: FastState;
  readonly slow: SlowState;
  /** Null: no alarm stands. */
  readonly held: HeldAlarm | null;
}

/** One window of a signal. */
export interface SignalWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** For the fast lane, against healthy machines in general and the last minutes. */
  readonly value: number;
  /** For the slow lane, against the reference. */
  readonly compared: number;
  readonly leads: boolean;
  /** Nothing but lines of the mains or the shaft speaks for it: no evidence for the fast lane, which does not know how the machine hums and knocks. */
  readonly isForeign: boolean;
  /** As on any healthy machine, by itself and beside its rivals: no evidence for the slow lane, however low the reference lies. */
  readonly isCalm: boolean;
  /** All of that is known not to be the bearing's, whatever the reference expects: no evidence for the slow lane either. */
  readonly isExplained: boolean;
  /**
   * The highest level that may be healthy: that of any machine as long as there is no reference; of a severity that of this one; else
   * infinite.
   */
  readonly ceiling: number;
  /** Is what was heard in it that of the snapshots before it as well? */
  readonly isPooled: boolean;
  /** Was the machine found healthy? */
  readonly isVouched: boolean;
  /** Is it as its reference expects, or is there none? */
  readonly isUsual: boolean;
  /** The sensor hears far less than the machine's own healthy level: that it hears no fault says nothing. */
  readonly isFaint: boolean;
  /** It says nothing of the signal, neither for a fault nor against it. */
  readonly isEmpty: boolean;
  /** The value is the least that it can be: evidence for the signal, and never that it has gone. */
  readonly isBound: boolean;
  /** NaN: not known. */
  readonly shaftRpm: number;
}

/** What a signal is held against. */
interface SignalRule {
  readonly spread: HealthySpread;
  /** How the machine was; null: not known yet. */
  readonly reference: SlowReference | null;
}

/** A signal of which nothing was heard. */
export function beginSignal(spread: HealthySpread): SignalState {
  return { fast: beginFast(spread), slow: idleSlow, held: null };
}

/** One window further: evidence, and the standing alarm; `mayEnd`: the window can show that its fault has gone. */
export function stepSignal(
  before: SignalState,
  { window, spread, reference }: SignalRule & { readonly window: SignalWindow },
  mayEnd: boolean,
): SignalState {
  const { value, compared, fromMs, toMs, shaftRpm, isCalm, isExplained } = window;
  if (window.isEmpty) return { ...before, held: pauseAlarm(before.held, toMs) };
  const ofHeld = before.held && valueOfHeld(before.held, value, { window, reference });
  const held =
    before.held === null || ofHeld === null || !mayEnd || window.isBound
      ? pauseAlarm(before.held, toMs)
      : holdAlarm(before.held, { value: ofHeld, toMs, shaftRpm });
  // What gathered for an alarm that is over was spent on it.
  if (before.held !== null && held === null) return beginSignal(spread);
  const fast = stepFast(before.fast, window, spread);
  const slow =
    reference === null
      ? idleSlow
      : stepSlow(
          before.slow,
          { fromMs, toMs, value: isExplained ? Math.min(compared, reference.location) : compared, isCalm },
          reference,
        );
  return { fast, slow, held: held && noteMost(held, { fast: fast.sum, slow: evidenceOfSlow(slow).sum }) };
}

/**
 * What a standing alarm is held by: the signal's own `value`, or its margin, which lies as far above the healthy level of the alarm's
 * raise as it does above what the reference expects at the window's speed. Null: it is held by a margin, and nothing is expected.
 */
export function valueOfHeld(
  { isMargin, healthy }: Pick<HeldAlarm, "isMargin" | "healthy">,
  value: number,
  {
    window,
    reference,
  }: { readonly window: Pick<SignalWindow, "compared">; readonly reference: SlowReference | null },
): number | null {
  if (!isMargin) return value;
  return reference === null ? null : window.compared - expectedLevel(reference) + healthy;
}

/** The level that was learnt; what is allowed for beside the learnt speeds is none. */
function expectedLevel({ location, allowed }: SlowReference): number {
  return location - allowed;
}

/** The lane with more evidence, and how much: 1 raises. */
export function weighEvidence(
  { fast, slow }: SignalState,
  { fast: fastHeight, slow: slowHeight }: EvidenceHeights,
): { readonly lane: AlarmLane; readonly share: number; readonly sinceMs: number | null } {
  const ofFast = fast.sum / fastHeight;
  const slowEvidence = evidenceOfSlow(slow);
  const ofSlow = slowEvidence.sum / slowHeight;
  return ofSlow > ofFast
    ? { lane: "slow", share: ofSlow, sinceMs: slowEvidence.sinceMs }
    : { lane: "fast", share: ofFast, sinceMs: fast.sinceMs };
}

/**
 * Was the signal heard within a day? At speeds that were not learnt no level is: what it was weeks ago says nothing, nor what it was by a
 * clock that was ahead.
 */
export function isOfLate({ fast: { toMs } }: Pick<SignalState, "fast">, nowMs: number): boolean {
  return toMs !== null && Math.abs(nowMs - toMs) <= dayMs;
}

/** Raises the alarm of a signal. */
export function raiseSignal(
  state: SignalState,
  {
    measured,
    lane,
    sinceMs,
  }: {
    readonly measured: Pick<SignalRule, "reference"> & {
      readonly window: SignalWindow;
      /** Where the signal lay at most before its fault; absent: at most at the window's ceiling. */
      readonly healthyEnd?: number | undefined;
    };
    readonly lane: AlarmLane;
    readonly sinceMs: number;
  },
): SignalState {
  const { window, reference, healthyEnd = window.ceiling } = measured;
  const isSlow = lane === "slow" && reference !== null;
  const now = isSlow ? window.compared : Math.max(window.value, state.fast.recent);
  const healthy = isSlow
    ? expectedLevel(reference)
    : Math.min(state.fast.level, state.fast.vouched ?? healthyEnd);
  const held: EveryKey<HeldAlarm> = {
    sinceMs,
    lane,
    isMargin: isSlow,
    healthy,
    mean: now,
    peak: now,
    quietMs: 0,
    quietWindows: 0,
    quietFromMs: undefined,
    renewed: undefined,
    toMs: window.toMs,
    seenRpm: window.shaftRpm > 0 ? window.shaftRpm : undefined,
    slowMean: undefined,
    mostFast: state.fast.sum,
    mostSlow: evidenceOfSlow(state.slow).sum,
  };
  return { fast: state.fast, slow: state.slow, held };
}

/**
 * Another model or another reference: what gathered was against the old one. The alarm stands on, until its signal is near
 * `healthy`.
 */
export function forgetEvidence(state: SignalState, spread: HealthySpread, healthy: number): SignalState {
  const held = state.held && rebaseAlarm(state.held, healthy);
  return { fast: beginFast(spread), slow: idleSlow, held };
}

/** Of a machine that was found healthy, however its last windows looked; of one not heard since it was last, as it was then. */
export function vouchSignal({ fast }: SignalState, spread: HealthySpread): SignalState {
  const value = fast.toMs === null ? fast.vouched : fast.recent;
  const begun = beginFast(spread);
  return { fast: value === undefined ? begun : vouchFor(begun, value), slow: idleSlow, held: null };
}

/** Validator of {@link SignalState}: a snapshot comes from a disk. */
export const signalStateSchema: z.ZodType<SignalState> = z.strictObject({
  fast: fastStateSchema,
  slow: slowStateSchema,
  held: heldAlarmSchema.nullable(),
});
