/** What a learner of baselines is told, and what it says of itself: how far it is, and what is new. */
import type { Prediction } from "../../contract/prediction.ts";
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import type { ComponentBaseline } from "../../contract/turbine-state.ts";
import type { BaselineSnapshot } from "./baseline-snapshot.ts";
import type { BaselineSubject } from "./fit-site-baseline.ts";
import type { HealthyRows } from "./healthy-rows.ts";

/** What an installation decides about learning. */
export interface BaselineOptions {
  /** Counted up by an operator (after maintenance, after a new sensor): a baseline of another epoch is learnt again. */
  readonly epoch: number;
  /** Turns of the bearing's shaft in one of the shaft whose speed is told: a baseline at another ratio is learnt again. Absent: 1. */
  readonly speedRatio?: number | undefined;
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
  /** Places of the outputs whose evidence is explained by what stands still; absent: of none, or not known. */
  readonly explained?: readonly number[] | undefined;
  /** Is what it scores that of the snapshots before it as well? Absent: it is not. */
  readonly isPooled?: boolean | undefined;
  /** At a speed at which no level was learnt, and heard as of a machine that runs; absent: it is not. */
  readonly isBeyond?: boolean | undefined;
}

/** News for an operator. */
export interface BaselineEvent {
  /** `provisional`: there is a baseline to go by, which will be refined; `refused`: what was heard looks faulty; `standstill`: some of it was heard while the machine stood, and let go; `widened`: levels at further speeds were learnt. */
  readonly kind: "provisional" | "ready" | "unsteady" | "refused" | "relearning" | "standstill" | "widened";
  readonly detail: string;
}

/** How far a baseline is. */
export interface BaselineStatus
  extends Omit<ComponentBaseline, "component" | "severityDb" | "isProvisional"> {
  /** Ready to go by, and still being refined. */
  readonly isProvisional: boolean;
  /** While it is learning: what was heard while the machine stood, in words; absent: nothing was, in this run. */
  readonly standstill?: string | undefined;
}

/** Learns the baseline of one point. */
export interface BaselineLearner {
  /** The baseline to compare with, or null. While another model's logits are learnt it speaks of levels only. */
  readonly current: SiteBaseline | null;
  /** How the machine scores where that was refused as a baseline, until there is one; null: nothing was refused. */
  readonly doubted: SiteBaseline | null;
  /** The features that the baseline keeps, which `current` leaves out; the same object as long as they are the same. */
  readonly healthyRows: HealthyRows;
  readonly status: BaselineStatus;
  /** What of its snapshot is of no use to its model, or to its levels; null: nothing. */
  readonly letGo: BaselineEvent | null;
  /** How loud its sensor is at most while it stands at a stated speed, dB above the healthy machines of training; null: it was not heard to. */
  readonly standsUpToDb: number | null;
  /** By how much the fainter of its two loads is quieter than `current`, dB; null: no two are known. */
  readonly quieterDb: number | null;
  /** One scored window further, when nothing is due. */
  update(window: LearntWindow): void;
  /** Are there enough windows to fit a baseline to? */
  readonly isDue: boolean;
  /** Fits what is due: before the next window, or earlier. */
  settle(): BaselineEvent | null;
  /** Another model serves: levels are kept where they are the same, logits are learnt again. */
  adopt(subject: BaselineSubject): BaselineEvent | null;
  /** Of the snapshot what costs nothing, for people: no window is made of what is kept. */
  readonly progress: Pick<
    BaselineSnapshot,
    "version" | "seen" | "firstMs" | "heard" | "refusals" | "nextTry"
  >;
  snapshot(): BaselineSnapshot;
}
