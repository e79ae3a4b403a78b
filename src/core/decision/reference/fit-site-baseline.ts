/**
 * From windows of a machine that is taken for healthy to its baseline, or to the reason why not yet. Robust: a few odd
 * windows (a knock, a passing gust) change nothing. Refuses data that moves while it is learnt.
 */
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import type { OutputClass } from "../../contract/bundle/manifest.ts";
import type { ModelRef } from "../../contract/prediction.ts";
import { failed, ok, type Result } from "../../contract/result.ts";
import type { SiteBaseline, SiteLevel, SiteMargin, SiteSeverity } from "../../contract/site-baseline.ts";
import { dayMs } from "../../maths/durations.ts";
import { groupBy } from "../../maths/group-by.ts";
import {
  computeMedian,
  computeQuantile,
  computeScaledMad,
  computeTheilSenSlope,
} from "../../maths/robust.ts";
import { stepOfSpeed } from "../../maths/shaft-speeds.ts";
import { usualSpread } from "../fast-lane.ts";
import { cutQuarters, fitAutocorrelation, fitWander } from "./fit-wander.ts";
import { hearAll } from "./heard-time.ts";
import { maxPerOctaveDb, minPerOctaveDb } from "./learnt-speeds.ts";
import { computeMargins, leastMarginScale, toLongRun, usualSeverityDb, usualWander } from "./margin.ts";
import { medianSeverity } from "./median-severity.ts";
import { isSensorNoise } from "./sensor-noise.ts";
import { computeSeverity, describeWander, isHeard } from "./severity.ts";

/** One window of healthy operation. */
export interface HealthyWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly shaftRpm: number;
  /** dB, one a level; NaN: not heard. */
  readonly levels: ArrayLike<number>;
  /** One an output; empty where levels alone are learnt. */
  readonly logits: ArrayLike<number>;
  /** Places of the outputs whose evidence in it is explained by what stands still, whatever the speed; absent: of none. */
  readonly explained?: readonly number[] | undefined;
  /** Are its logits of the snapshots before it as well? Absent: they are not. */
  readonly isPooled?: boolean | undefined;
  /** What the student was given; absent: not kept. */
  readonly features?: ArrayLike<number> | undefined;
  /** Heard at the fainter of two loads, whose levels are not learnt; absent: it was not. */
  readonly isQuieter?: true | undefined;
}

/** What of a bundle a baseline is learnt for. */
export interface BaselineSubject {
  readonly spec: BaselineSpec;
  readonly outputs: readonly OutputClass[];
  /** Null: levels only. */
  readonly model: ModelRef | null;
  /** Places of the outputs that this bearing's lines do not tell apart; absent: none. */
  readonly coinciding?: readonly number[] | undefined;
  /** Somebody found the machine healthy as it is: that it looks faulty is told, and no reason to refuse it. Absent: nobody did. */
  readonly isVouched?: boolean | undefined;
}

/** A level is corrected for speed where speeds differ by this much, octaves (12 %). */
const minOctaves = 1 / 6;
/** Learning data may wander this far, in severity … */
const maxWanderDb = 3;
/** … and an output's margin this far, in its own deviation within a quarter of the data. */
const maxWanderDeviations = 2;
/** What the scores of pooled neighbours share at least: of the pool's mean, in which the newest snapshot weighs a twelfth (ADR 37). */
const pooledShare = 11 / 12;
/** An output whose logit lies this many deviations above those of healthy machines is no healthy one's. */
const faultyDeviations = 3.5;
/** A machine this much louder than the healthy ones of training is worth a word, dB. */
const suspiciousDb = 20;
/** The severity's deviation is never known better than this, dB. */
const leastSeverityDb = 0.5;
/** Where an output is explained in more of the windows than are left, its margin is learnt of all. */
const leastOwnShare = 1 / 3;
/** Of so few windows that were left out nothing follows for a step of speed. */
const fewestLeftOut = 3;
/** Rows of features that a baseline keeps. */
const maxFeatureRows = 32;

/** Why there is no baseline; how the machine is all the same can be seen in one that looks `faulty`, and what moved in an `unsteady` one. */
type NoBaseline =
  | { readonly kind: "few"; readonly detail: string }
  | { readonly kind: "unheard"; readonly detail: string }
  | { readonly kind: "faulty" | "unsteady"; readonly detail: string; readonly baseline: SiteBaseline };

/**
 * Fits a baseline to windows in the order of time; `version` is its number. The error says why these windows are no
 * baseline: `few` and `unheard` mend with time, `unsteady` does not until what moved is out of the data, `faulty` not
 * until the machine is mended.
 */
export function fitSiteBaseline(
  windows: readonly HealthyWindow[],
  subject: BaselineSubject,
  version: number,
): Result<SiteBaseline, NoBaseline> {
  const { spec } = subject;
  if (windows.length < spec.minWindows) {
    return failed({ kind: "few", detail: `${windows.length} of ${spec.minWindows} windows` });
  }
  const speeds = windows.map((window) => window.shaftRpm);
  const reference = computeMedian(speeds);
  const octaves = speeds.map((rpm) => Math.log2(rpm / reference));
  const louder = windows.filter(({ isQuieter }) => isQuieter !== true);
  const octavesOfLouder = louder.map(({ shaftRpm }) => Math.log2(shaftRpm / reference));
  const levels = spec.levels.list.map((_, index) => fitLevel(louder, octavesOfLouder, index));
  const outputs = subject.model === null ? [] : subject.outputs;
  // Scores are a reference by themselves.
  if (outputs.length === 0 && !isHeard({ levels }))
    return failed({ kind: "unheard", detail: "no level is heard" });
  const heard = windows.map(({ logits }) => computeMargins(logits, subject.coinciding));
  const isLeftOut = outputs.map((_, index) => chooseLeftOut(windows, index));
  const margins = isLeftOut.map((left, index) =>
    heard.map((each, place) => (left[place] ? Number.NaN : each[index]!)),
  );
  const baseline: SiteBaseline = {
    formatVersion: 1,
    version,
    windows: windows.length,
    fromMs: windows[0]!.fromMs,
    toMs: windows.at(-1)!.toMs,
    // Not the extremes: one wrong reading of the tachometer must not widen what was learnt.
    shaftRpm: { min: computeQuantile(speeds, 0.02), max: computeQuantile(speeds, 0.98), reference },
    spec: spec.levels,
    levels,
    model: subject.model,
    margins: isLeftOut.map((left, index) => {
      const days = daysOf(windows.filter((_, place) => !left[place]));
      return { ...fitMargin(margins[index]!, octaves, days), unlearntRpm: findUnlearnt(speeds, left) };
    }),
    featureRows: windows
      .flatMap(({ features }) => (features === undefined ? [] : [Array.from(features)]))
      .slice(0, maxFeatureRows),
    suspicions: [],
  };
  const severities = windows.map((window) =>
    window.isQuieter === true ? Number.NaN : computeSeverity(window, spec, baseline),
  );
  const learnt = { ...baseline, severity: fitSeverity(severities, daysOf(louder)) };
  const leastShared = 2 * windows.filter((each) => each.isPooled).length > windows.length ? pooledShare : 0;
  const unsteady = findUnsteadiness({ severities, margins, leastShared }, baseline, subject);
  const faulty = outputs.length === 0 ? null : findFault(windows, subject);
  const isVouched = subject.isVouched === true;
  if (faulty !== null && (!isVouched || unsteady !== null)) {
    const doubted = { ...learnt, suspicions: unsteady === null ? [] : [unsteady] };
    const detail = isVouched ? `${faulty}, and ${unsteady}` : faulty;
    return failed({ kind: "faulty", detail, baseline: doubted });
  }
  if (unsteady !== null) return failed({ kind: "unsteady", detail: unsteady, baseline: learnt });
  const vouched = faulty === null ? [] : [`found healthy, though ${faulty}`];
  return ok({ ...learnt, suspicions: [...vouched, ...findSuspicions(windows, subject)] });
}

function fitLevel(
  windows: readonly HealthyWindow[],
  octaves: readonly number[],
  index: number,
): SiteLevel | null {
  const x: number[] = [];
  const y: number[] = [];
  for (let at = 0; at < windows.length; at++) {
    const level = windows[at]!.levels[index]!;
    if (!Number.isFinite(level)) continue;
    x.push(octaves[at]!);
    y.push(level);
  }
  // Now and then unheard is a sensor's affair; mostly unheard is a band that does not exist here.
  if (x.length < windows.length / 2) return null;
  const slope = computeTheilSenSlope(x, y, minOctaves);
  const perOctaveDb = Math.min(maxPerOctaveDb, Math.max(minPerOctaveDb, slope));
  const residuals = y.map((value, at) => value - perOctaveDb * x[at]!);
  return { locationDb: computeMedian(residuals), scaleDb: computeScaledMad(residuals), perOctaveDb };
}

/** Which windows the margin of output `index` is learnt without. */
function chooseLeftOut(windows: readonly HealthyWindow[], index: number): boolean[] {
  const isExplained = windows.map(({ explained }) => explained?.includes(index) === true);
  const own = isExplained.filter((each) => !each).length;
  return own < leastOwnShare * windows.length ? isExplained.fill(false) : isExplained;
}

/** NaN: left out. */
function fitMargin(margins: readonly number[], octaves: readonly number[], days: number): SiteMargin {
  const isOwn = (_: number, place: number): boolean => !Number.isNaN(margins[place]);
  const perOctave = computeTheilSenSlope(octaves.filter(isOwn), margins.filter(isOwn), minOctaves);
  const values = margins.map((margin, at) => margin - perOctave * octaves[at]!);
  const own = values.filter(isOwn);
  return {
    location: computeMedian(own),
    perOctave,
    scale: computeScaledMad(own),
    autocorrelation: fitAutocorrelation(values),
    ...fitWander(values, { wander: usualWander, least: leastMarginScale, days }),
  };
}

/** About which speeds more windows were left out than learnt of, and more than a few; undefined: about none. */
function findUnlearnt(speeds: readonly number[], isLeftOut: readonly boolean[]): SiteMargin["unlearntRpm"] {
  const steps = groupBy(Array.from(speeds.keys()), (place) => `${stepOfSpeed(speeds[place]!)}`);
  const unlearnt = [...steps.values()].flatMap((places) => {
    const left = places.filter((place) => isLeftOut[place]).map((place) => speeds[place]!);
    if (left.length < fewestLeftOut || 2 * left.length <= places.length) return [];
    return [{ min: Math.min(...left), max: Math.max(...left) }];
  });
  return unlearnt.length === 0 ? undefined : unlearnt;
}

/** Of the severities above a baseline of the very windows that it was fitted to. NaN: not heard, or left out. */
function fitSeverity(severities: readonly number[], days: number): SiteSeverity {
  const values = severities.filter(Number.isFinite);
  const autocorrelation = fitAutocorrelation(severities);
  const scale = values.length === 0 ? usualSeverityDb : computeScaledMad(values);
  return {
    window: toLongRun(Math.max(scale, leastSeverityDb), autocorrelation),
    ...fitWander(severities, { wander: usualSeverityDb, least: leastSeverityDb, days }),
  };
}

function daysOf(windows: readonly HealthyWindow[]): number {
  return hearAll(windows.map(({ fromMs }) => fromMs)).spanMs / dayMs;
}

/** What moved between the quarters of the data, or null. */
function findUnsteadiness(
  learnt: {
    readonly severities: readonly number[];
    readonly margins: readonly (readonly number[])[];
    /** What the margins of neighbours share at least. */
    readonly leastShared: number;
  },
  baseline: SiteBaseline,
  { outputs }: BaselineSubject,
): string | null {
  const { severities, margins, leastShared } = learnt;
  const levels = cutQuarters(severities).map(medianOfHeard).filter(Number.isFinite);
  const wanderDb = Math.max(...levels) - Math.min(...levels);
  if (wanderDb > maxWanderDb) return describeWander(wanderDb);
  for (const [index, { autocorrelation }] of baseline.margins.entries()) {
    const parts = cutQuarters(margins[index]!.filter(Number.isFinite));
    const medians = parts.map((part) => computeMedian(part));
    // Scores are whole steps of the student: those of a steady machine may all be one.
    const within = Math.max(leastMarginScale, computeMedian(parts.map((part) => computeScaledMad(part))));
    // What slow wandering does by itself is in the correlation already.
    const shared = Math.max(autocorrelation, leastShared);
    const longRun = within * Math.sqrt((1 + shared) / (1 - shared) / parts[0]!.length);
    const wander = Math.max(...medians) - Math.min(...medians);
    if (wander > Math.max(maxWanderDeviations * within, 4 * longRun)) {
      return `the score of ${outputs[index]!.failureMode} wandered by ${(wander / within).toFixed(1)} of its deviations while it was learnt`;
    }
  }
  return null;
}

/** Which output looks like a fault's in half of the windows, in words; null: none does. */
export function findFault(windows: readonly HealthyWindow[], subject: BaselineSubject): string | null {
  const { outputs, spec } = subject;
  const { location, machine } = spec.healthy ?? usualSpread;
  for (const [index, { title }] of outputs.entries()) {
    const median = computeMedian(windows.map(({ logits }) => logits[index]!));
    if (median <= location + faultyDeviations * machine) continue;
    return `half of the windows look like ${title} (logit ≥ ${median.toFixed(1)})`;
  }
  return null;
}

function findSuspicions(windows: readonly HealthyWindow[], subject: BaselineSubject): string[] {
  const { spec, isVouched = false } = subject;
  const severityDb = medianSeverity(windows, spec, null);
  if (severityDb > suspiciousDb)
    return [`${severityDb.toFixed(0)} dB louder than the healthy machines of training`];
  // Somebody who found the machine healthy has looked at its sensor, too.
  return !isVouched && isSensorNoise(windows, spec)
    ? ["as faint as a sensor's own noise: does its sensor hear it?"]
    : [];
}

function medianOfHeard(severities: readonly number[]): number {
  return computeMedian(severities.filter(Number.isFinite));
}
