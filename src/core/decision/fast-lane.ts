/**
 * The fast lane: a fault that grows in minutes. Follows the level of one signal (a failure mode's logit, the severity) as
 * long as it looks healthy, from what is known of other machines to what this one showed a moment ago, and sums up what
 * lies beyond the highest level that is still plausible (one-sided CUSUM, Page 1954).
 *
 *   bound = max(min(level + 3 · √(variance of the level now), ceiling), where it was found healthy + 3 · wander) + k · deviation of a window
 *   sum   = max(0, sum + clip(value − bound) / deviation of a window)
 *
 * Before anything was heard the level is that of healthy machines in general with their scatter from machine to machine,
 * which makes the rule strict; every window narrows it. Between windows it may wander (Ornstein-Uhlenbeck with the healthy
 * deviation and an hour's memory), so that windows that lie far apart never make it certain. It follows with a delay and
 * not while anything has gathered: a fault that grows in minutes is not learnt. One that grows over days is: as long as nothing
 * else hears that, no level above those of all machines (the ceiling) is plausible. What has gathered for a day and lies where
 * nearly all healthy machines do is let go.
 *
 * Snapshots that are pooled share their spectrum: sixteen windows in a row say hardly more than one, and lie as close together as the mean of as many
 * does. They sum up to what the snapshots by themselves would, if each counts in the deviation that a snapshot by itself has (ADR 37). Reads no clock.
 */
import { z } from "zod";
import type { EveryKey } from "../contract/every-key.ts";
import { dayMs, hourMs } from "../maths/durations.ts";
import { fastAllowance, noEvidence } from "./false-alarm-budget.ts";

/** How a healthy signal lies and scatters; all in the signal's own unit. */
export interface HealthySpread {
  /** Mean over machines. */
  readonly location: number;
  /** Deviation from machine to machine. */
  readonly machine: number;
  /** Deviation of a window of one machine within minutes. */
  readonly window: number;
  /** Deviation of one machine's level over hours. */
  readonly wander: number;
}

/** Raw logits of healthy machines where a bundle does not say how its own lie. */
export const usualSpread: HealthySpread = { location: -1, machine: 0.7, window: 0.55, wander: 0.5 };

/** What is remembered of a signal between windows; plain data that can be stored. */
export interface FastState {
  readonly level: number;
  /** Of the level, squared unit. */
  readonly variance: number;
  /** Of a window about the level, squared unit. */
  readonly noise: number;
  /** Windows that the noise rests on. */
  readonly learnt: number;
  /** In deviations of a window. */
  readonly sum: number;
  /** Start of the window with which the sum last rose from 0, epoch ms; null at 0. */
  readonly sinceMs: number | null;
  /** Windows in a row since then in which it lies where nearly all healthy machines do; absent: not known, it comes from an older snapshot. */
  readonly stood?: number | undefined;
  /** Exponentially weighted mean of the last windows. */
  readonly recent: number;
  /** Windows that are not yet learnt of, oldest first. */
  readonly waiting: readonly number[];
  /** End of the last window, epoch ms; null: none yet. */
  readonly toMs: number | null;
  /** Where a machine lay that was found healthy, for as long as that counts; else absent. */
  readonly vouched?: number | undefined;
}

interface FastWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly value: number;
  /** Is this window the signal's own evidence, rather than another one's? */
  readonly leads: boolean;
  /** Are lines of the mains or the shaft all that speaks for the signal? It is no evidence then, and is learnt as part of the level. */
  readonly isForeign: boolean;
  /** No level above this is taken for healthy, in the signal's unit; infinite where a reference hears what grows slowly. */
  readonly ceiling: number;
  /** Was the machine found healthy? Where it lay then is no evidence. */
  readonly isVouched: boolean;
  /** Is what was heard in it that of the snapshots before it as well? */
  readonly isPooled: boolean;
  /** Does the window lie where its reference expects it, or is there none? Of a machine that was found healthy a level above machines in general begins there. */
  readonly isUsual: boolean;
}

/** A clock that is set back by less is merely corrected, ms. */
const toleratedMs = 60_000;
/** Windows by which learning lags. */
const lag = 5;
const plausible = 3;
const clipUnits = 5.5;
/** A snapshot that is pooled has half of a window's revolutions at most: by itself it scatters by so many times what a window does, at least. */
const snapshotScatter = Math.SQRT2;
/** Evidence does not grow for ever: what came in minutes may go in minutes. */
const mostSum = 60;
const recentShare = 0.25;
/** Neighbouring windows share noise: correlation of 0.3. */
const longRun = 1.3 / 0.7;
/** The prior of the noise counts as so many windows, and it is never known better than by so many. */
const priorWindows = 8;
const mostWindows = 500;
/** Windows in a row where healthy machines lie that a day of evidence ends with at least. */
const fewestStood = 60;
/** Share of the prior's deviation below which that of a window is never taken to be. */
const leastShare = 0.55;

/** A signal of which nothing was heard yet. */
export function beginFast(spread: HealthySpread): EveryKey<FastState> {
  return {
    level: spread.location,
    variance: spread.machine ** 2,
    noise: spread.window ** 2,
    learnt: priorWindows,
    sum: noEvidence,
    sinceMs: null,
    stood: 0,
    recent: spread.location,
    waiting: [],
    toMs: null,
    vouched: undefined,
  };
}

/** Level up to which a machine of which nothing is known may well be healthy. */
export function findHighestHealthy({ location, machine }: HealthySpread): number {
  return location + plausible * machine;
}

/** Level above which no machine lies in any of its hours, or, from a `location` of its own, not this one. */
export function findCeiling(spread: HealthySpread, location: number = spread.location): number {
  const { machine, wander } = spread;
  return location + plausible * Math.hypot(machine, wander);
}

/** The value beyond which a window is evidence, after `elapsedMs` since the last. */
export function findBound(
  state: FastState,
  spread: HealthySpread,
  { elapsedMs, ceiling, isPooled }: { readonly elapsedMs: number } & Pick<FastWindow, "ceiling" | "isPooled">,
): number {
  const { variance, step } = drift(state, spread, elapsedMs);
  const { level, vouched } = state;
  const highest = level + plausible * Math.sqrt(variance + lag * step);
  const allowance = fastAllowance * findDeviation(state, spread, isPooled);
  if (vouched === undefined) return Math.min(highest, ceiling) + allowance;
  const top = Number.isFinite(ceiling) ? findCeiling(spread, vouched) : ceiling;
  return Math.max(Math.min(highest, top), vouched + plausible * spread.wander) + allowance;
}

/** Of a window about the level. */
function findDeviation({ noise }: FastState, spread: HealthySpread, isPooled: boolean): number {
  const learnt = Math.sqrt(noise);
  return isPooled ? Math.max(learnt, snapshotScatter * spread.window) : learnt;
}

/** One window further. A clock that went back forgets what is known of this machine. */
export function stepFast(before: FastState, window: FastWindow, spread: HealthySpread): FastState {
  const { value, leads, isForeign, ceiling, isVouched, isPooled, isUsual, fromMs, toMs } = window;
  const elapsedMs = before.toMs === null ? 0 : toMs - before.toMs;
  const isOver = elapsedMs < -toleratedMs || isStale(before);
  const known = isOver ? beginAnew(before, spread) : before;
  const state = isVouched && isUsual ? vouch(known, value) : known;
  const bound = findBound(state, spread, { elapsedMs: Math.max(0, elapsedMs), ceiling, isPooled });
  const units = (value - bound) / findDeviation(state, spread, isPooled);
  const gain = leads && !isForeign ? Math.min(clipUnits, units) : Math.min(0, units);
  const sum = Math.min(mostSum, Math.max(0, state.sum + Math.max(-clipUnits, gain)));
  const { level, noise, learnt, waiting } = state;
  const { variance } = drift(state, spread, Math.max(0, elapsedMs));
  const isLearnt = waiting.length >= lag && sum === 0;
  const next = isLearnt
    ? learn({ level, variance, noise, learnt }, waiting[0]!, spread)
    : { level, variance, noise, learnt };
  const recent = before.toMs === null ? value : before.recent + recentShare * (value - before.recent);
  // Field by field, once a window and mode: spreads are copied key by key.
  return {
    level: next.level,
    variance: next.variance,
    noise: next.noise,
    learnt: next.learnt,
    sum,
    sinceMs: sum === 0 ? null : (state.sinceMs ?? fromMs),
    stood: sum === 0 || recent > findUsual(spread) ? 0 : (state.stood ?? 0) + 1,
    recent,
    // A spread would leave room for sixteen more.
    waiting: waiting.slice(1 - lag).concat(Math.min(value, bound)),
    toMs,
    vouched: isVouched ? state.vouched : undefined,
  };
}

/**
 * A day of evidence, and still where healthy machines lie: no fault that grows in minutes. What the signal was before is no measure of it then; another
 * kind's fault, which is repaired, had pressed it down.
 */
function isStale({ sinceMs, toMs, stood = 0 }: FastState): boolean {
  return sinceMs !== null && toMs !== null && toMs - sinceMs >= dayMs && stood >= fewestStood;
}

/** Level up to which nearly all healthy machines lie. */
function findUsual({ location, machine }: HealthySpread): number {
  return location + 2 * machine;
}

/** What is forgotten is not what somebody has vouched for. */
function beginAnew({ vouched }: FastState, spread: HealthySpread): FastState {
  const begun = beginFast(spread);
  return vouched === undefined ? begun : vouchFor(begun, vouched);
}

/** Where nobody heard a machine before it was found healthy: where it lies in its first window it may lie. */
function vouch(state: FastState, value: number): FastState {
  return state.toMs === null && state.vouched === undefined ? vouchFor(state, value) : state;
}

/** Of a machine which was found healthy: it lies at `value`, if not below machines in general, and that is healthy. */
export function vouchFor(state: FastState, value: number): FastState {
  const level = Math.max(state.level, value);
  return { ...state, level, vouched: level };
}

function drift(
  { variance }: FastState,
  spread: HealthySpread,
  elapsedMs: number,
): { readonly variance: number; readonly step: number } {
  const step = 2 * spread.wander ** 2 * Math.min(1, elapsedMs / hourMs);
  return { variance: Math.min(spread.machine ** 2, variance + step), step };
}

/** What is known of the level, and of a window about it. */
type Known = Pick<FastState, "level" | "variance" | "noise" | "learnt">;

function learn({ level, variance, noise, learnt }: Known, value: number, spread: HealthySpread): Known {
  const trust = variance / (variance + noise * longRun);
  const surprise = value - level;
  const squared = Math.min(surprise ** 2, 9 * noise);
  return {
    level: level + trust * surprise,
    variance: variance * (1 - trust),
    noise: Math.max((leastShare * spread.window) ** 2, noise + (squared - noise) / (learnt + 1)),
    learnt: Math.min(mostWindows, learnt + 1),
  };
}

/** Validator of {@link FastState}: a snapshot comes from a disk. */
export const fastStateSchema: z.ZodType<FastState> = z.strictObject({
  level: z.number(),
  variance: z.number().min(0),
  noise: z.number().positive(),
  learnt: z.int().min(0),
  sum: z.number().min(0),
  sinceMs: z.number().nullable(),
  stood: z.int().min(0).optional(),
  recent: z.number(),
  waiting: z.array(z.number()).max(64),
  toMs: z.number().nullable(),
  vouched: z.number().optional(),
});
