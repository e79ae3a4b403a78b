/**
 * Learns the healthy baseline of one measuring point on site, and says when it is ready. Only operating windows count.
 * Never reads the clock, and never learns on by itself at speeds at which it is ready: a machine that wears slowly must not take its
 * baseline along.
 *
 *   learning ──a hundred windows, steady──▶ provisional ──enough of them, and of time──▶ ready
 *      ▲ │                                     └── refined each time that there are twice as many
 *      │ ├── stands, at a stated speed: what was heard then is let go
 *      │ ├── unsteady: the older half is let go (thrice); where it came back once it may have two loads, and nothing is let go
 *      │ └── looks faulty: refused, tried again later; how it scores is known all the same
 *      │   ready ──as much at speeds that were not learnt──▶ ready, with their levels beside (`later-levels.ts`)
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
import { sayLater, sayLearnt, sayOtherModel } from "./describe-baseline.ts";
import { type BaselineSubject, fitSiteBaseline, type HealthyWindow } from "./fit-site-baseline.ts";
import { createGatheredWindows, type GatheredWindows } from "./gathered-windows.ts";
import { describeWithRows, type HealthyRows, noHealthyRows, packHealthyRows } from "./healthy-rows.ts";
import { canLearnLater, learnLater } from "./later-levels.ts";
import { doubtGrowth, dropMargins, measureGrowth, mergeBaselines, toOneShape } from "./refine-baseline.ts";
import { describeRefusal, noRefusal, type Refusal, refuseBaseline, restoreRefusal } from "./refusal.ts";
import { hasLevels, isHeard } from "./severity.ts";
import { findStandstill } from "./standstill.ts";
import { hearLoads, weighLoads } from "./two-loads.ts";

/** The last one of a learner, one to go by until then, or levels at further speeds beside the last. */
type BaselineFit = "final" | "provisional" | "later";

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
  readonly #gathered: GatheredWindows;
  #refusals: number;
  /** Windows with which the next baseline is tried. */
  #nextTry: number;
  /** Windows before which a baseline that was not good is not tried again, whatever time has passed. */
  #refusedAt: number;
  #refusal: Refusal;
  #due: BaselineFit | null = null;
  readonly letGo: BaselineEvent | null;
  standsUpToDb: number | null;
  quieterDb: number | null;
  /** What was let go since the machine stood, as it was said; null: nothing was, in this run. */
  #standstill: string | null = null;

  constructor(first: BaselineSubject, options: BaselineOptions, snapshot: BaselineSnapshot | undefined) {
    this.#options = options;
    this.#subject = first;
    const isOfEpoch = snapshot?.epoch === options.epoch;
    this.#adoptBaseline(isOfEpoch ? snapshot.baseline : null);
    this.#version = snapshot?.version ?? 0;
    this.#gathered = createGatheredWindows(snapshot);
    this.#refusals = snapshot?.refusals ?? 0;
    this.#nextTry = snapshot?.nextTry ?? provisionalWindows;
    this.#refusedAt = snapshot?.refusedAt ?? 0;
    this.#refusal = restoreRefusal(snapshot ?? {});
    const isSame = isOfEpoch && snapshot.modelDigest === (first.model?.digest ?? null);
    this.standsUpToDb = isSame ? (snapshot.standsUpToDb ?? null) : null;
    this.quieterDb = isOfEpoch ? (snapshot.quieterDb ?? null) : null;
    if (!isSame) this.#forget();
    this.letGo = this.#reconcile();
  }

  get current(): SiteBaseline | null {
    return this.#current;
  }

  get doubted(): SiteBaseline | null {
    return this.#refusal.doubted;
  }

  get status(): BaselineStatus {
    const current = this.#current;
    const isOurs = this.#isOurs();
    const { detail } = this.#refusal;
    return {
      state: isOurs ? "ready" : detail === null ? "learning" : "refused",
      isProvisional: isOurs && !this.#isDone(),
      version: current?.version ?? 0,
      windows: isOurs ? (current?.windows ?? 0) : this.#gathered.seen,
      suspicions: current?.suspicions ?? [],
      ...(isOurs ? {} : detail === null ? { neededWindows: this.#neededWindows } : { refusal: detail }),
      ...(isOurs || this.#standstill === null ? {} : { standstill: this.#standstill }),
      ...(current?.later === undefined ? {} : { later: sayLater(current.later) }),
    };
  }

  update(window: LearntWindow): void {
    const { prediction, levels, shaftRpm, explained, isPooled, isBeyond = false } = window;
    if (this.#knows(levels, isBeyond) || !isOperating(prediction.operatingState)) return;
    if (!(shaftRpm > 0) || !prediction.logits.every(Number.isFinite)) return;
    const { fromMs, toMs, logits } = prediction;
    // Rows are of the machine as it was first learnt.
    const rows = isBeyond && this.#isDone() ? undefined : window.features;
    this.#gathered.gather({ fromMs, toMs, shaftRpm, levels, logits, explained, isPooled }, rows);
    // A fit looks at all that is kept: once a block is often enough.
    if (this.#gathered.isBlockOver) this.#due = this.#chooseFit();
  }

  get isDue(): boolean {
    return this.#due !== null;
  }

  settle(): BaselineEvent | null {
    const due = this.#due;
    this.#due = null;
    if (due === null) return null;
    if (due === "later") return this.#learnLater();
    const stood = findStandstill(this.#gathered.list(), this.#subject);
    if (stood === null) return this.#fit(due === "final");
    this.#gathered.retain((place) => !stood.places.has(place));
    this.standsUpToDb = stood.upToDb;
    const isNews = this.#standstill === null;
    this.#standstill ??= stood.detail;
    const left = this.#chooseFit();
    const event = left === null ? null : this.#fit(left === "final");
    if (!isNews) return event;
    return event === null
      ? { kind: "standstill", detail: stood.detail }
      : { ...event, detail: `${event.detail}; ${stood.detail}` };
  }

  adopt(next: BaselineSubject): BaselineEvent | null {
    this.#subject = next;
    // Of another bundle the machines of training are others.
    this.standsUpToDb = null;
    this.#forget();
    return this.#reconcile();
  }

  get progress(): BaselineLearner["progress"] {
    const { seen, firstMs, heard } = this.#gathered;
    return {
      version: this.#version,
      seen,
      firstMs,
      heard: heard.lastMs === null ? undefined : heard,
      refusals: this.#refusals,
      nextTry: this.#nextTry,
    };
  }

  snapshot(): BaselineSnapshot {
    return {
      ...this.progress,
      epoch: this.#options.epoch,
      modelDigest: this.#subject.model?.digest ?? null,
      baseline: describeWithRows(this.#current, this.healthyRows),
      ...this.#gathered.snapshot(),
      refusedAt: this.#refusedAt,
      ...describeRefusal(this.#refusal),
      ...(this.standsUpToDb === null ? {} : { standsUpToDb: this.standsUpToDb }),
      ...(this.quieterDb === null ? {} : { quieterDb: this.quieterDb }),
    };
  }

  #forget(): void {
    this.#due = null;
    this.#gathered.clear();
    this.#standstill = null;
    this.#refusals = 0;
    this.#nextTry = provisionalWindows;
    this.#refusedAt = 0;
    this.#refusal = noRefusal;
  }

  #isOurs(): boolean {
    return this.#current !== null && this.#current.model?.digest === this.#subject.model?.digest;
  }

  #isDone(): boolean {
    return this.#isOurs() && this.#current?.isProvisional !== true;
  }

  /** Is there nothing more to learn of a window? A baseline of scores alone goes on where levels are heard. */
  #knows(levels: Float32Array, isBeyond: boolean): boolean {
    if (!this.#isDone()) return false;
    const current = this.#current!;
    return isHeard(current) ? !isBeyond || !canLearnLater(current) : !levels.some(Number.isFinite);
  }

  /** Lets go of what the present subject has no use for; says why when a baseline is lost. */
  #reconcile(): BaselineEvent | null {
    const current = this.#current;
    if (current === null || this.#isOurs()) return null;
    if (!hasLevels(current, this.#subject.spec.levels)) {
      this.#adoptBaseline(null);
      return { kind: "relearning", detail: "the model watches other levels" };
    }
    this.#adoptBaseline(dropMargins(current));
    const levels = this.#current === null ? "" : "; levels stay as they were";
    const other = sayOtherModel(current.model, this.#subject.model);
    return { kind: "relearning", detail: `the scores of ${other} are learnt${levels}` };
  }

  /** From now on this is what windows are compared with. */
  #adoptBaseline(baseline: SiteBaseline | null): void {
    if (baseline === null) this.quieterDb = null;
    this.healthyRows = packHealthyRows(baseline);
    this.#current = baseline === null ? null : toOneShape({ ...baseline, featureRows: undefined });
  }

  #chooseFit(): BaselineFit | null {
    const { minWindows, minDurationMs } = this.#options;
    const isEnough = this.#gathered.seen >= Math.max(minWindows, this.#subject.spec.minWindows);
    const isLong = this.#gathered.heard.spanMs >= minDurationMs;
    if (this.#isDone() && isHeard(this.#current!)) return isEnough && isLong ? "later" : null;
    if (isEnough && isLong && this.#gathered.seen >= this.#refusedAt) return "final";
    // What is final is not given up for less.
    if (this.#isDone()) return null;
    return this.#gathered.seen >= this.#neededWindows ? "provisional" : null;
  }

  get #neededWindows(): number {
    return Math.max(this.#subject.spec.minWindows, this.#nextTry);
  }

  #fit(isFinal: boolean): BaselineEvent | null {
    const { windows, isUndecided } = hearLoads(this.#gathered.list(), this.#subject.spec);
    const fitted = fitSiteBaseline(windows, this.#subject, this.#version + 1);
    this.#nextTry = 2 * this.#gathered.seen;
    this.#refusedAt = 0;
    // A machine that has grown louder may be one that wears: nothing is refined then, and in the end it is said.
    const before = this.#isOurs() ? this.#current : null;
    const grownDb = before === null ? 0 : measureGrowth(windows, this.#subject.spec, before);
    if (!isFinal && grownDb > 0) return null;
    if (fitted.ok) return this.#take(doubtGrowth(fitted.value, grownDb), isFinal, windows);
    const { error } = fitted;
    if (error.kind === "few" || error.kind === "unheard") return null;
    if (before !== null) {
      // What there is was learnt of steadier times: it goes on, and is refined later.
      this.#refusedAt = this.#nextTry;
      return null;
    }
    if (error.kind === "faulty") {
      this.#refusedAt = this.#nextTry;
      this.#refusal = refuseBaseline(this.#refusal, error, isFinal);
      return { kind: "refused", detail: error.detail };
    }
    this.#refusal = { ...this.#refusal, detail: null };
    if (isUndecided) return null;
    if (this.#refusals < maxRefusals) {
      this.#refusals++;
      this.#gathered.letGoOfHalf();
      this.#nextTry = this.#gathered.seen + provisionalWindows / 2;
      return { kind: "unsteady", detail: error.detail };
    }
    const doubt = `${error.detail}, for the ${this.#refusals + 1}th time`;
    return this.#take({ ...error.baseline, suspicions: [doubt] }, isFinal, windows);
  }

  #learnLater(): BaselineEvent | null {
    const sources = { subject: this.#subject, options: this.#options };
    const widened = learnLater(this.#current!, this.#gathered, sources);
    if (widened === null) return null;
    this.#adoptBaseline(describeWithRows(widened, this.healthyRows));
    return { kind: "widened", detail: sayLater(widened.later!.slice(-1)) };
  }

  #take(learnt: SiteBaseline, isFinal: boolean, windows: readonly HealthyWindow[]): BaselineEvent | null {
    const isFirst = !this.#isOurs();
    this.#refusal = noRefusal;
    const next = { ...learnt, version: ++this.#version, ...(isFinal ? {} : { isProvisional: true }) };
    const held = mergeBaselines(describeWithRows(this.#current, this.healthyRows), next, !isFirst);
    const loads = weighLoads(windows, this.#subject.spec, { learnt, held, heldDb: this.quieterDb });
    this.quieterDb = loads.quieterDb;
    this.#adoptBaseline({ ...held, suspicions: [...new Set([...held.suspicions, ...loads.doubts])] });
    const heard = this.#gathered.seen;
    if (isFinal) this.#forget();
    else if (!isFirst) return null;
    const words = [sayLearnt(this.#current!, heard), ...learnt.suspicions, ...loads.doubts];
    return { kind: isFinal ? "ready" : "provisional", detail: words.join("; ") };
  }
}
