/**
 * Which models give the same scores: one that is published again, under another version or with another calibration, is another
 * bundle, and what was learnt and has gathered of its scores goes on under its name. Says nothing of what a score means.
 */
import type { ModelRef } from "../contract/prediction.ts";

/** A model, and what makes its scores. */
export interface ScoringModel {
  readonly model: ModelRef;
  /** Of all that makes the logits and levels of a window: equal where these are the same. Absent: the model alone says it. */
  readonly scoringDigest?: string | undefined;
}

/** What scored something that is kept. */
export interface ScoredBy {
  readonly modelDigest: string | null;
  /** As of {@link ScoringModel}; absent: nobody wrote it down. */
  readonly scoringDigest?: string | undefined;
}

/** As it is kept. */
export function describeScoring({ model, scoringDigest }: ScoringModel): ScoredBy & {
  readonly modelDigest: string;
} {
  return { modelDigest: model.digest, scoringDigest };
}

/** Does what was scored before go on with `next`? */
export function givesSameScores(before: ScoredBy, { model, scoringDigest }: ScoringModel): boolean {
  if (before.modelDigest === model.digest) return true;
  return scoringDigest !== undefined && before.scoringDigest === scoringDigest;
}
