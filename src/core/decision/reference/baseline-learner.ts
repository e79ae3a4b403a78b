/**
 * Learns the healthy baseline of one measuring point on site, and says when it is ready. Only operating windows count.
 * Memory is bounded: blocks of neighbouring windows are kept, and every second block is let go when there are too many,
 * so that what is kept always spans the whole time of learning. Never reads the clock, and never learns on by itself
 * once it is ready: a machine that wears slowly must not take its baseline along.
 *
 *   learning ──a hundred windows, steady──▶ provisional ──enough of them, and of time──▶ ready
 *      ▲ │                                     └── refined each time that there are twice as many
 *      │ ├── unsteady: the older half is let go (thrice)
 *      │ └── looks faulty: refused, tried again later
 *      └── relearn (operator, maintenance), other levels; another model: its logits are learnt again beneath
 */
import type { Prediction } from "../../contract/prediction.ts";
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { isOperating } from "../operating-state.ts";
import type { BaselineSnapshot } from "./baseline-snapshot.ts";
import {
  type BaselineSubject,
  baselineBlockWindows,
  fitSiteBaseline,
  type HealthyWindow,
  measureSpan,
  medianSeverity,
} from "./fit-site-baseline.ts";
import { createKeptWindows } from "./kept-windows.ts";
import { hasLevels } from "./severity.ts";

/** What an installation decides about learning. */
interface BaselineOptions {
  /** Counted up by an operator (after maintenance, after a new sensor): a baseline of another epoch is learnt again. */
  readonly epoch: number;
  /** Windows to rest on; the bundle's own minimum is a lower bound. */
  readonly minWindows: number;
  /** Time of data to span, ms. */
  readonly minDurationMs: number;
}

/** One scored window. */
export interface LearntWindow {
  readonly prediction: Prediction;
  /** dB, one a level; NaN: not heard. */
  readonly levels: Float32Array;
  readonly shaftRpm: number;
  /** What the student was given; absent or empty: not known. */
  readonly features?: Float32Array | undefined;
}

/** News for an operator. */
export interface BaselineEvent {
  /** `provisional`: there is a baseline to go by, which will be refined; `refused`: what was heard looks faulty. */
  readonly kind: "provisional" | "ready" | "unsteady" | "refused" | "relearning";
  readonly detail: string;
}

export interface BaselineStatus {
  /** `refused`: what was learnt so far looks faulty, and does not become a baseline. It is tried again with more of it. */
  readonly state: "learning" | "refused" | "ready";
  /** Ready to go by, and still being refined. */
  readonly isProvisional: boolean;
  /** Of the baseline that is in use; 0: none yet. */
  readonly version: number;
  /** Windows learnt so far, or that the baseline rests on. */
  readonly windows: number;
  readonly suspicions: readonly string[];
  /** Why it was refused; absent unless it was. */
  readonly refusal?: string | undefined;
}

export interface BaselineLearner {
  /** The baseline to compare with, or null. While another model's logits are learnt it speaks of levels only. */
  readonly current: SiteBaseline | null;
  readonly status: BaselineStatus;
  /** One scored window further. */
  update(window: LearntWindow): BaselineEvent | null;
  /** Another model serves: levels are kept where they are the same, logits are learnt again. */
  adopt(subject: BaselineSubject): BaselineEvent | null;
  snapshot(): BaselineSnapshot;
}

/** Blocks that are kept at most: 512 windows. */
const maxBlocks = 32;

/** Windows of the first provisional baseline. */
export const provisionalWindows = 96;

/** Median severity above a provisional baseline, dB, above which it is not refined. */
const maxRefinedDb = 2;

/** Refusals after which a machine that never settles gets a baseline that says so: a doubtful one beats none. */
const maxRefusals = 3;

/** Creates a learner, new or from a snapshot; a snapshot of another epoch or of other levels is learnt again. */
export function createBaselineLearner(
  first: BaselineSubject,
  options: BaselineOptions,
  snapshot?: BaselineSnapshot,
): BaselineLearner {
  let subject = first;
  let current = snapshot?.baseline ?? null;
  let version = snapshot?.version ?? 0;
  const kept = createKeptWindows(snapshot?.kept);
  let seen = snapshot?.seen ?? 0;
  /** Every `stride`-th block is kept; a power of two. */
  let stride = snapshot?.stride ?? 1;
  let firstMs = snapshot?.firstMs ?? null;
  let refusals = snapshot?.refusals ?? 0;
  /** Windows with which the next baseline is tried. */
  let nextTry = snapshot?.nextTry ?? provisionalWindows;
  /** Windows before which a baseline that was not good is not tried again, whatever time has passed. */
  let refusedAt = snapshot?.refusedAt ?? 0;
  /** Why the last that was tried looked faulty; null: it did not. */
  let refusal = snapshot?.refusal ?? null;

  const forget = (): void => {
    kept.clear();
    seen = 0;
    stride = 1;
    firstMs = null;
    refusals = 0;
    nextTry = provisionalWindows;
    refusedAt = 0;
    refusal = null;
  };
  const isOurs = (): boolean => current !== null && current.model?.digest === subject.model?.digest;
  const isDone = (): boolean => isOurs() && current?.isProvisional !== true;
  /** Lets go of what the present subject has no use for; says why when a baseline is lost. */
  const reconcile = (): BaselineEvent | null => {
    if (current === null || isOurs()) return null;
    if (!hasLevels(current, subject.spec.levels)) {
      current = null;
      return { kind: "relearning", detail: "the model watches other levels" };
    }
    current = { ...current, model: null, margins: [] };
    return { kind: "relearning", detail: "the scores of another model are learnt; levels stay as they were" };
  };
  if (snapshot !== undefined && snapshot.epoch !== options.epoch) {
    current = null;
    forget();
  } else if (snapshot !== undefined && snapshot.modelDigest !== (first.model?.digest ?? null)) {
    forget();
  }
  reconcile();

  const keep = (window: Omit<HealthyWindow, "features">, features: LearntWindow["features"]): void => {
    const block = Math.floor(seen / baselineBlockWindows);
    const isFirst = seen % baselineBlockWindows === 0;
    seen++;
    firstMs ??= window.fromMs;
    if (block % stride !== 0) return;
    const isKnown = isFirst && features !== undefined && features.length > 0;
    kept.push(isKnown ? { ...window, features: Array.from(features) } : window);
    if (kept.length < maxBlocks * baselineBlockWindows) return;
    kept.retain((place) => Math.floor(place / baselineBlockWindows) % 2 === 0);
    stride *= 2;
  };
  const letGoOfHalf = (): void => {
    const half = Math.ceil(kept.length / 2 / baselineBlockWindows) * baselineBlockWindows;
    kept.retain((place) => place >= half);
    seen = kept.length * stride;
    firstMs = kept.list()[0]?.fromMs ?? null;
    nextTry = seen + provisionalWindows / 2;
  };
  /** Puts what was learnt in place of what there was; levels that were ready before this model came stay. */
  const adoptBaseline = (learnt: SiteBaseline): void => {
    const before = current;
    const keepsLevels =
      before !== null && (before.levelsVersion !== undefined || (!isOurs() && before.isProvisional !== true));
    version++;
    current = keepsLevels ? joinBaselines(before, { ...learnt, version }) : { ...learnt, version };
  };

  const tryFit = (fromMs: number): BaselineEvent | null => {
    // A fit looks at all that is kept: once a block is often enough.
    if (seen % baselineBlockWindows !== 0) return null;
    const isFinal = isEnough(fromMs) && seen >= refusedAt;
    if (!isFinal && seen < Math.max(subject.spec.minWindows, nextTry)) return null;
    const windows = kept.list();
    const fitted = fitSiteBaseline(windows, subject, version + 1);
    nextTry = 2 * seen;
    refusedAt = 0;
    let learnt: SiteBaseline;
    // A machine that has grown louder may be one that wears: nothing is refined then, and in the end it is said.
    const grownDb = measureGrowth(windows);
    if (!isFinal && grownDb > 0) return null;
    if (fitted.ok) learnt = fitted.value;
    else if (fitted.error.kind === "few" || fitted.error.kind === "unheard") return null;
    else if (isOurs()) {
      // What there is was learnt of steadier times: it goes on, and is refined later.
      refusedAt = nextTry;
      return null;
    } else if (fitted.error.kind !== "unsteady") {
      refusedAt = nextTry;
      refusal = fitted.error.detail;
      return { kind: "refused", detail: refusal };
    } else if (refusals < maxRefusals) {
      refusals++;
      refusal = null;
      letGoOfHalf();
      return { kind: "unsteady", detail: fitted.error.detail };
    } else {
      const doubt = `${fitted.error.detail}, for the ${refusals + 1}th time`;
      learnt = { ...fitted.error.baseline, suspicions: [doubt] };
    }
    if (grownDb > 0) {
      const suspicion = `${grownDb.toFixed(0)} dB louder than its provisional baseline`;
      learnt = { ...learnt, suspicions: [...learnt.suspicions, suspicion] };
    }
    const isFirst = !isOurs();
    refusal = null;
    adoptBaseline(isFinal ? learnt : { ...learnt, isProvisional: true });
    const restsOn = seen;
    if (isFinal) forget();
    else if (!isFirst) return null;
    const doubts = learnt.suspicions.map((suspicion) => `; ${suspicion}`).join("");
    return {
      kind: isFinal ? "ready" : "provisional",
      detail: `version ${version} of ${restsOn} windows${doubts}`,
    };
  };
  /** How much louder it has grown since its provisional baseline, dB; 0: not much, or there is none. */
  const measureGrowth = (windows: readonly HealthyWindow[]): number => {
    if (current === null || !isOurs()) return 0;
    const late = windows.slice(-Math.ceil(windows.length / 4));
    const severityDb = medianSeverity(late, subject.spec, current);
    return severityDb > maxRefinedDb ? severityDb : 0;
  };
  const isEnough = (fromMs: number): boolean =>
    seen >= Math.max(options.minWindows, subject.spec.minWindows) &&
    measureSpan([...kept.list(), { fromMs }]) >= options.minDurationMs;

  return {
    get current() {
      return current;
    },
    get status(): BaselineStatus {
      return {
        state: isOurs() ? "ready" : refusal === null ? "learning" : "refused",
        isProvisional: isOurs() && !isDone(),
        version: current?.version ?? 0,
        windows: isOurs() ? (current?.windows ?? 0) : seen,
        suspicions: current?.suspicions ?? [],
        ...(isOurs() || refusal === null ? {} : { refusal }),
      };
    },
    update({ prediction, levels, shaftRpm, features }) {
      if (isDone() || !isOperating(prediction.operatingState)) return null;
      if (!(shaftRpm > 0) || !prediction.logits.every(Number.isFinite)) return null;
      const { fromMs, toMs, logits } = prediction;
      keep({ fromMs, toMs, shaftRpm, levels, logits }, features);
      return tryFit(fromMs);
    },
    adopt(next) {
      subject = next;
      forget();
      return reconcile();
    },
    snapshot: () => ({
      epoch: options.epoch,
      modelDigest: subject.model?.digest ?? null,
      version,
      baseline: current,
      kept: kept.snapshot(),
      seen,
      stride,
      firstMs,
      refusals,
      nextTry,
      refusedAt,
      ...(refusal === null ? {} : { refusal }),
    }),
  };
}

/** The margins of `learnt` above the levels of `before`, which was learnt when another model served. */
function joinBaselines(before: SiteBaseline, learnt: SiteBaseline): SiteBaseline {
  const octaves = Math.log2(before.shaftRpm.reference / learnt.shaftRpm.reference);
  const { spec, levels, shaftRpm, severity, suspicions } = before;
  return {
    ...learnt,
    spec,
    levels,
    shaftRpm,
    severity,
    suspicions,
    levelsVersion: before.levelsVersion ?? before.version,
    margins: learnt.margins.map((margin) => {
      return { ...margin, location: margin.location + (margin.perOctave ?? 0) * octaves };
    }),
  };
}
