/** What the student says of one window, and what the decision makes of it. */
import type { InferencePlace, PointId } from "./stream.ts";

/**
 * Operating states of a turbine, after the categories of IEC 61400-26-1 that matter to a model: from the one that says
 * most of a running turbine to the one that says nothing.
 */
export const operatingStates = [
  "full-performance",
  "partial-performance",
  "standby",
  "information-unavailable",
] as const;

export type OperatingState = (typeof operatingStates)[number];

/** The student's output for one window. */
export interface Prediction {
  readonly point: PointId;
  readonly windowId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Quantised outputs, one a failure mode: the integers that every engine agrees on; of the lower band. */
  readonly quantised: Uint8Array;
  /** Dequantised outputs in logits, one a failure mode; of a window with two bands, both joined. */
  readonly logits: Float64Array;
  readonly model: ModelRef;
  readonly operatingState: OperatingState;
}

/** Which model said it. */
export interface ModelRef {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the manifest, lower-case hex. */
  readonly digest: string;
}

/** What raises an alarm: a fault that grows in minutes, or the evidence of hours and days. */
export const alarmLanes = ["fast", "slow"] as const;

export type AlarmLane = (typeof alarmLanes)[number];

/** The state of one failure mode of one point after a window. */
export interface ModeDecision {
  readonly failureMode: string;
  /** Calibrated, 0 to 1; takes fault and no fault for equally likely, so on a healthy machine it may well be 0.5. */
  readonly probability: number;
  /**
   * Probability, 0 to 1, that the fault is there, at the site's prior (`alarms.faultPrior`). Null or absent: not known,
   * for example while the point is learning; that is not a risk of 0.
   */
  readonly risk?: number | null;
  /** What raised the mode; absent unless it is active, or where whoever decided does not say. */
  readonly lane?: AlarmLane | undefined;
  /** Of an active mode: the failure mode that the last windows look like, where it is another one. Absent: none is. */
  readonly leadingMode?: string | undefined;
  /** The logit that the probability was made from; the explanation's shares sum to it. */
  readonly score: number;
  /**
   * Calibrated probability, 0 to 1, from which a window counts as evidence for the fast lane; it follows the machine's
   * level, and no single window raises. Of whoever decides without lanes: the one at which an alarm is raised.
   */
  readonly threshold: number;
  /** Its alarm stands. */
  readonly active: boolean;
  /** Beginning of the evidence, epoch ms; null: there is none. */
  readonly sinceMs: number | null;
  /** Never becomes critical: a sensor's alarm, not the machine's. Absent: it may. */
  readonly isAdvisory?: boolean;
}

/** What the decision room says of one window. */
export interface Decision {
  readonly point: PointId;
  readonly windowId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly operatingState: OperatingState;
  readonly model: ModelRef;
  /** Empty while information is unavailable. */
  readonly modes: readonly ModeDecision[];
  /**
   * dB above the point's own healthy baseline; null or absent: there is no baseline yet, none at this speed, or no level was heard.
   */
  readonly severityDb?: number | null;
  /** Why it is not known although there is a baseline and levels were heard, without a full stop; null or absent: it is, or they were not. */
  readonly severityUnknown?: string | null;
  /** Severity at which one must stop, dB above the same baseline; null or absent: not known. */
  readonly stopDb?: number | null;
  /** True before the point has its own reference (its site baseline). Absent: not known. */
  readonly isLearning?: boolean;
  /** Where the model ran; left out: on the gateway. */
  readonly inferredOn?: InferencePlace;
}

/** Which part of a fast sensor's spectrum was looked at: what features hear as it is, or what lies above it. */
export type SensorBand = "lower" | "upper";

/** Signed contributions per sensor group: `baseValue + Σ share = score`, up to `gap`. */
export interface Explanation {
  /** The background's weighted mean score: the machine's own healthy windows once they are known, else the bundle's. */
  readonly baseValue: number;
  /** The same over the bundle's background; absent where that is the one. */
  readonly bundleBaseValue?: number | undefined;
  readonly groups: readonly { readonly name: string; readonly share: number }[];
  /** |baseValue + Σ share − score|. */
  readonly gap: number;
  /**
   * Which band the sensor groups' shares speak of: the one that says more of the fault. What the other one takes away is a
   * group of its own, `other band`. Left out: the window has one band.
   */
  readonly band?: SensorBand;
}
