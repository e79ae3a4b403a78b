/**
 * Learns the healthy baseline of one measuring point on site, and says when it is ready. Only operating windows count.
 * Memory is bounded: blocks of neighbouring windows are kept, and every second block is let go when there are too many,
 * so that what is kept always spans the whole time of learning. Never reads the clock, and never learns on by itself
 * once it is ready: a machine that wears slowly must not take its baseline along.
 *
 *   learning ──enough, steady──▶ ready ──relearn (operator, maintenance) | other levels──▶ learning
 *      ▲ └── unsteady: the older half is let go (thrice)└── another model: its logits are learnt again beneath
 */
import type { Prediction } from "../contract/prediction.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import type { BaselineSnapshot, KeptWindow } from "./baseline-snapshot.ts";
import {
  type BaselineSubject,
  baselineBlockWindows,
  fitSiteBaseline,
  type HealthyWindow,
} from "./fit-site-baseline.ts";
import { isOperating } from "./operating-state.ts";
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

/** News for an operator. */
export interface BaselineEvent {
  readonly kind: "ready" | "unsteady" | "relearning";
  readonly detail: string;
}

export interface BaselineStatus {
  readonly state: "learning" | "ready";
  /** Of the baseline that is in use; 0: none yet. */
  readonly version: number;
  /** Windows learnt so far, or that the baseline rests on. */
  readonly windows: number;
  readonly suspicions: readonly string[];
}

export interface BaselineLearner {
  /** The baseline to compare with, or null. While another model's logits are learnt it speaks of levels only. */
  readonly current: SiteBaseline | null;
  readonly status: BaselineStatus;
  /** One scored window further. */
  update(prediction: Prediction, levels: Float32Array, shaftRpm: number): BaselineEvent | null;
  /** Another model serves: levels are kept where they are the same, logits are learnt again. */
  adopt(subject: BaselineSubject): BaselineEvent | null;
  snapshot(): BaselineSnapshot;
}

/** Blocks that are kept at most: 512 windows. */
const maxBlocks = 32;

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
  let kept: KeptWindow[] = [...(snapshot?.kept ?? [])];
  let seen = snapshot?.seen ?? 0;
  /** Every `stride`-th block is kept; a power of two. */
  let stride = snapshot?.stride ?? 1;
  let firstMs = snapshot?.firstMs ?? null;
  let refusals = snapshot?.refusals ?? 0;

  const forget = (): void => {
    kept = [];
    seen = 0;
    stride = 1;
    firstMs = null;
    refusals = 0;
  };
  const isDone = (): boolean => current !== null && current.model?.digest === subject.model?.digest;
  /** Lets go of what the present subject has no use for; says why when a baseline is lost. */
  const reconcile = (): BaselineEvent | null => {
    if (current === null || isDone()) return null;
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

  const keep = (window: HealthyWindow): void => {
    const block = Math.floor(seen / baselineBlockWindows);
    seen++;
    firstMs ??= window.fromMs;
    if (block % stride !== 0) return;
    const { fromMs, toMs, shaftRpm, levels, logits } = window;
    const known = Array.from(levels, (value) => (Number.isFinite(value) ? value : null));
    kept.push({ fromMs, toMs, shaftRpm, levels: known, logits: Array.from(logits) });
    if (kept.length < maxBlocks * baselineBlockWindows) return;
    kept = kept.filter((_, at) => Math.floor(at / baselineBlockWindows) % 2 === 0);
    stride *= 2;
  };

  const tryFit = (toMs: number): BaselineEvent | null => {
    if (seen < Math.max(options.minWindows, subject.spec.minWindows)) return null;
    // A fit looks at all that is kept: once a block is often enough.
    if (seen % baselineBlockWindows !== 0) return null;
    if (firstMs === null || Math.abs(toMs - firstMs) < options.minDurationMs) return null;
    const windows = kept.map((window): HealthyWindow => {
      return { ...window, levels: window.levels.map((value) => value ?? Number.NaN) };
    });
    const fitted = fitSiteBaseline(windows, subject, version + 1);
    let learnt: SiteBaseline;
    if (fitted.ok) learnt = fitted.value;
    else if (fitted.error.kind !== "unsteady") return null;
    else if (refusals < maxRefusals) {
      refusals++;
      const half = Math.ceil(kept.length / 2 / baselineBlockWindows) * baselineBlockWindows;
      kept = kept.slice(half);
      seen = kept.length * stride;
      firstMs = kept[0]?.fromMs ?? null;
      return { kind: "unsteady", detail: fitted.error.detail };
    } else {
      const doubt = `${fitted.error.detail}, for the ${refusals + 1}th time`;
      learnt = { ...fitted.error.baseline, suspicions: [doubt] };
    }
    // Levels that were learnt before this model came stay: wear since then must not become healthy.
    const before = current;
    version++;
    current = before === null ? learnt : { ...before, version, model: learnt.model, margins: learnt.margins };
    const restsOn = seen;
    forget();
    const doubts = learnt.suspicions.map((suspicion) => `; ${suspicion}`).join("");
    return { kind: "ready", detail: `version ${version} of ${restsOn} windows${doubts}` };
  };

  return {
    get current() {
      return current;
    },
    get status(): BaselineStatus {
      return {
        state: isDone() ? "ready" : "learning",
        version: current?.version ?? 0,
        windows: isDone() ? (current?.windows ?? 0) : seen,
        suspicions: current?.suspicions ?? [],
      };
    },
    update(prediction, levels, shaftRpm) {
      if (isDone() || !isOperating(prediction.operatingState)) return null;
      if (!(shaftRpm > 0) || !prediction.logits.every(Number.isFinite)) return null;
      const { fromMs, toMs, logits } = prediction;
      keep({ fromMs, toMs, shaftRpm, levels, logits });
      return tryFit(toMs);
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
      kept,
      seen,
      stride,
      firstMs,
      refusals,
    }),
  };
}
