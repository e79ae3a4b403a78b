/**
 * What a recipe says of a bundle when it judges it anew on its held-out data: all that the gate asks about that depends
 * on the kind of data. Plain data.
 */
import type { Figure } from "../judge/figure.ts";

/** The outcome of judging a bundle, in the gate's words. */
export interface Judgement {
  /** Fingerprints of the files that were read, by data set. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Figures by name, as `aurora evaluate --json` prints them. */
  readonly metrics: Readonly<Record<string, Figure>>;
  /** Ways in which training and held-out data could overlap, and what they share: nothing, in an honest split. */
  readonly leakage: readonly { readonly by: string; readonly shared: readonly string[] }[];
  /** By how much the model beats each baseline; positive is better. */
  readonly baselines: readonly JudgedBaseline[];
  /** Is there enough to judge by, or did who trained accept that there is not? Absent: the recipe's data are known to suffice. */
  readonly evidence?: { readonly isEnough: boolean; readonly isAccepted: boolean; readonly words: string };
  /** What the gate does not ask, and why: said, not judged. */
  readonly unasked?: readonly { readonly name: string; readonly words: string }[];
  /** Expected calibration error against its limit; null where no probability is stated. */
  readonly calibration: { readonly error: Figure; readonly limit: number } | null;
  /** The integers against their float parent; null where the recipe does not keep the parent's figures. */
  readonly parity: ParityFigures | null;
  /** Held-out cases with a loss each (smaller is better), to be paired with those of another model. */
  readonly cases: readonly JudgedCase[];
  /** The model that this one was fine-tuned from, on the same cases: what it replaces where no other is named. Absent: there is none. */
  readonly parent?: {
    readonly digest: string;
    readonly cases: readonly JudgedCase[];
    /** Where the new model is worse than it, surely or not, a sentence each. */
    readonly told: readonly string[];
  };
}

/** A baseline, fitted to its minimum where it has one. */
interface JudgedBaseline {
  readonly name: string;
  /** On held-out data, with an interval over independent units. This is what the gate asks about. */
  readonly gain: Figure;
  /** `ahead` (default): with the whole interval; `level`: not behind with the whole interval. */
  readonly asked?: "ahead" | "level";
  /** What to do where the model is not, for the answer's words. */
  readonly otherwise?: string;
  /** The same on other data, for the answer's words. */
  readonly elsewhere?: { readonly where: string; readonly gain: Figure };
}

export interface ParityFigures {
  /** How much the integers lose, and of what: a point is a hundredth. */
  readonly lost: number;
  readonly lostOf: "points of AUC" | "% of the error";
  /** Largest loss that is accepted. */
  readonly limit: number;
  /** Events that either detects at the operating point. */
  readonly floatDetected: number;
  readonly int8Detected: number;
  /** How many fewer the integers may detect: 0, but where one event is counted on many calendars. */
  readonly lostEventsLimit: number;
}

/** One held-out recording or turbine-day. */
export interface JudgedCase {
  readonly id: string;
  readonly slices: Readonly<Record<string, string>>;
  /** Cases of one block are alike (days of a week, bands of a day) and count as one piece of evidence; left out: a block of its own. */
  readonly block?: string;
  readonly loss: number;
  /** What the whole decision rule makes of it: a fault not raised (or another one raised), or a healthy case raised. Absent where nothing is decided case by case. */
  readonly decision?: "right" | "missed" | "false-alarm";
}
