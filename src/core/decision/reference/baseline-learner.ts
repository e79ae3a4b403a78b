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
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { isOperating } from "../operating-state.ts";
import type { BaselineSnapshot } from "./baseline-snapshot.ts";
import type {
  BaselineEvent,
  BaselineLearner,
  BaselineOptions,
  BaselineStatus,
  LearntWindow,
} from "./baseline-status.ts";
import {
  type BaselineSubject,
  baselineBlockWindows,
  fitSiteBaseline,
  type HealthyWindow,
  measureSpan,
} from "./fit-site-baseline.ts";
import { type HealthyRows, listHealthyRows, noHealthyRows, packHealthyRows } from "./healthy-rows.ts";
import { createKeptWindows, type KeptWindows } from "./kept-windows.ts";
import { joinBaselines, measureGrowth, toOneShape } from "./refine-baseline.ts";
import { hasLevels } from "./severity.ts";

/** The last one of a learner, or one to go by until then. */
type BaselineFit = "final" | "provisional";

/** Blocks that are kept at most: 512 windows. */
const maxBlocks = 32;

/** Windows of the first provisional baseline. */
export const provisionalWindows = 96;

/** Refusals after which a machine that never settles gets a baseline that says so: a doubtful one beats none. */
const maxRefusals = 3;

/** Creates a learner, new or from a snapshot; a snapshot of another epoch or of other levels is learnt again. */
export function createBaselineLearner(
  first: BaselineSubject,
  options: BaselineOptions,
  snapshot?: BaselineSnapshot,
): BaselineLearner {
  return new Learner(first, options, snapshot);
}

class Learner implements BaselineLearner {
  readonly #options: BaselineOptions;
  #subject: BaselineSubject;
  #current: SiteBaseline | null = null;
  healthyRows: HealthyRows = noHealthyRows;
  #version: number;
  readonly #kept: KeptWindows;
  #seen: number;
  /** Every `stride`-th block is kept; a power of two. */
  #stride: number;
  #firstMs: number | null;
  #refusals: number;
  /** Windows with which the next baseline is tried. */
  #nextTry: number;
  /** Windows before which a baseline that was not good is not tried again, whatever time has passed. */
  #refusedAt: number;
  /** Why the last that was tried looked faulty; null: it did not. */
  #refusal: string | null;
  #due: BaselineFit | null = null;

  constructor(first: BaselineSubject, options: BaselineOptions, snapshot: BaselineSnapshot | undefined) {
    this.#options = options;
    this.#subject = first;
    this.#adoptBaseline(snapshot?.epoch === options.epoch ? snapshot.baseline : null);
    this.#version = snapshot?.version ?? 0;
    this.#kept = createKeptWindows(snapshot?.kept);
    this.#seen = snapshot?.seen ?? 0;
    this.#stride = snapshot?.stride ?? 1;
    this.#firstMs = snapshot?.firstMs ?? null;
    this.#refusals = snapshot?.refusals ?? 0;
    this.#nextTry = snapshot?.nextTry ?? provisionalWindows;
    this.#refusedAt = snapshot?.refusedAt ?? 0;
    this.#refusal = snapshot?.refusal ?? null;
    if (snapshot !== undefined) {
      const isOtherEpoch = snapshot.epoch !== options.epoch;
      if (isOtherEpoch || snapshot.modelDigest !== (first.model?.digest ?? null)) this.#forget();
    }
    this.#reconcile();
  }

  get current(): SiteBaseline | null {
    return this.#current;
  }

  get windows(): number {
    return this.#isOurs() ? (this.#current?.windows ?? 0) : this.#seen;
  }

  get status(): BaselineStatus {
    const current = this.#current;
    const isOurs = this.#isOurs();
    return {
      state: isOurs ? "ready" : this.#refusal === null ? "learning" : "refused",
      isProvisional: isOurs && !this.#isDone(),
      version: current?.version ?? 0,
      windows: this.windows,
      suspicions: current?.suspicions ?? [],
      ...(isOurs || this.#refusal === null ? {} : { refusal: this.#refusal }),
    };
  }

  update({ prediction, levels, shaftRpm, features }: LearntWindow): void {
    if (this.#isDone() || !isOperating(prediction.operatingState)) return;
    if (!(shaftRpm > 0) || !prediction.logits.every(Number.isFinite)) return;
    const { fromMs, toMs, logits } = prediction;
    this.#keep({ fromMs, toMs, shaftRpm, levels, logits }, features);
    // A fit looks at all that is kept: once a block is often enough.
    if (this.#seen % baselineBlockWindows === 0) this.#due = this.#chooseFit(fromMs);
  }

  get isDue(): boolean {
    return this.#due !== null;
  }

  settle(): BaselineEvent | null {
    const due = this.#due;
    this.#due = null;
    return due === null ? null : this.#fit(due === "final");
  }

  adopt(next: BaselineSubject): BaselineEvent | null {
    this.#subject = next;
    this.#forget();
    return this.#reconcile();
  }

  snapshot(): BaselineSnapshot {
    return {
      epoch: this.#options.epoch,
      modelDigest: this.#subject.model?.digest ?? null,
      version: this.#version,
      baseline: this.#describeBaseline(),
      kept: this.#kept.snapshot(),
      seen: this.#seen,
      stride: this.#stride,
      firstMs: this.#firstMs,
      refusals: this.#refusals,
      nextTry: this.#nextTry,
      refusedAt: this.#refusedAt,
      ...(this.#refusal === null ? {} : { refusal: this.#refusal }),
    };
  }

  #forget(): void {
    this.#due = null;
    this.#kept.clear();
    this.#seen = 0;
    this.#stride = 1;
    this.#firstMs = null;
    this.#refusals = 0;
    this.#nextTry = provisionalWindows;
    this.#refusedAt = 0;
    this.#refusal = null;
  }

  #isOurs(): boolean {
    return this.#current !== null && this.#current.model?.digest === this.#subject.model?.digest;
  }

  #isDone(): boolean {
    return this.#isOurs() && this.#current?.isProvisional !== true;
  }

  /** Lets go of what the present subject has no use for; says why when a baseline is lost. */
  #reconcile(): BaselineEvent | null {
    const current = this.#current;
    if (current === null || this.#isOurs()) return null;
    if (!hasLevels(current, this.#subject.spec.levels)) {
      this.#adoptBaseline(null);
      return { kind: "relearning", detail: "the model watches other levels" };
    }
    this.#adoptBaseline({ ...current, model: null, margins: [] });
    return { kind: "relearning", detail: "the scores of another model are learnt; levels stay as they were" };
  }

  #keep(window: Omit<HealthyWindow, "features">, features: LearntWindow["features"]): void {
    const kept = this.#kept;
    const block = Math.floor(this.#seen / baselineBlockWindows);
    const isFirst = this.#seen % baselineBlockWindows === 0;
    this.#seen++;
    this.#firstMs ??= window.fromMs;
    if (block % this.#stride !== 0) return;
    const isKnown = isFirst && features !== undefined && features.length > 0;
    kept.push(isKnown ? { ...window, features } : window);
    if (kept.length < maxBlocks * baselineBlockWindows) return;
    kept.retain((place) => Math.floor(place / baselineBlockWindows) % 2 === 0);
    this.#stride *= 2;
  }

  #letGoOfHalf(): void {
    const kept = this.#kept;
    const half = Math.ceil(kept.length / 2 / baselineBlockWindows) * baselineBlockWindows;
    kept.retain((place) => place >= half);
    this.#seen = kept.length * this.#stride;
    this.#firstMs = kept.begins()[0] ?? null;
    this.#nextTry = this.#seen + provisionalWindows / 2;
  }

  /** Puts what was learnt in place of what there was; levels that were ready before this model came stay. */
  #putInPlace(learnt: SiteBaseline): void {
    const before = this.#current;
    const keepsLevels =
      before !== null &&
      (before.levelsVersion !== undefined || (!this.#isOurs() && before.isProvisional !== true));
    const next = { ...learnt, version: ++this.#version };
    this.#adoptBaseline(keepsLevels ? joinBaselines(before, next) : next);
  }

  /** From now on this is what windows are compared with. */
  #adoptBaseline(baseline: SiteBaseline | null): void {
    this.healthyRows = packHealthyRows(baseline?.featureRows ?? []);
    this.#current = baseline === null ? null : toOneShape({ ...baseline, featureRows: undefined });
  }

  /** As it is written down. */
  #describeBaseline(): SiteBaseline | null {
    const rows = listHealthyRows(this.healthyRows);
    if (this.#current === null || rows.length === 0) return this.#current;
    return { ...this.#current, featureRows: rows.map((row) => Array.from(row)) };
  }

  #chooseFit(fromMs: number): BaselineFit | null {
    if (this.#seen >= this.#refusedAt && this.#isEnough(fromMs)) return "final";
    return this.#seen >= Math.max(this.#subject.spec.minWindows, this.#nextTry) ? "provisional" : null;
  }

  #fit(isFinal: boolean): BaselineEvent | null {
    const windows = this.#kept.list();
    const fitted = fitSiteBaseline(windows, this.#subject, this.#version + 1);
    this.#nextTry = 2 * this.#seen;
    this.#refusedAt = 0;
    // A machine that has grown louder may be one that wears: nothing is refined then, and in the end it is said.
    const before = this.#isOurs() ? this.#current : null;
    const grownDb = before === null ? 0 : measureGrowth(windows, this.#subject.spec, before);
    if (!isFinal && grownDb > 0) return null;
    if (fitted.ok) return this.#take(fitted.value, grownDb, isFinal);
    const { detail } = fitted.error;
    if (fitted.error.kind === "few" || fitted.error.kind === "unheard") return null;
    if (before !== null) {
      // What there is was learnt of steadier times: it goes on, and is refined later.
      this.#refusedAt = this.#nextTry;
      return null;
    }
    if (fitted.error.kind !== "unsteady") {
      this.#refusedAt = this.#nextTry;
      this.#refusal = detail;
      return { kind: "refused", detail };
    }
    if (this.#refusals < maxRefusals) {
      this.#refusals++;
      this.#refusal = null;
      this.#letGoOfHalf();
      return { kind: "unsteady", detail };
    }
    const doubt = `${detail}, for the ${this.#refusals + 1}th time`;
    return this.#take({ ...fitted.error.baseline, suspicions: [doubt] }, grownDb, isFinal);
  }

  #take(fitted: SiteBaseline, grownDb: number, isFinal: boolean): BaselineEvent | null {
    let learnt = fitted;
    if (grownDb > 0) {
      const suspicion = `${grownDb.toFixed(0)} dB louder than its provisional baseline`;
      learnt = { ...learnt, suspicions: [...learnt.suspicions, suspicion] };
    }
    const isFirst = !this.#isOurs();
    this.#refusal = null;
    this.#putInPlace(isFinal ? learnt : { ...learnt, isProvisional: true });
    const restsOn = this.#seen;
    if (isFinal) this.#forget();
    else if (!isFirst) return null;
    const doubts = learnt.suspicions.map((suspicion) => `; ${suspicion}`).join("");
    return {
      kind: isFinal ? "ready" : "provisional",
      detail: `version ${this.#version} of ${restsOn} windows${doubts}`,
    };
  }

  #isEnough(fromMs: number): boolean {
    const { minWindows, minDurationMs } = this.#options;
    return (
      this.#seen >= Math.max(minWindows, this.#subject.spec.minWindows) &&
      measureSpan([...this.#kept.begins(), fromMs]) >= minDurationMs
    );
  }
}
