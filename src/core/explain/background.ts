/** What an explanation compares a window with. */

/** Weighted typical feature vectors, standardised as the student sees them. */
export interface ExplanationBackground {
  readonly rows: number;
  readonly features: number;
  /** Row-major float32 [rows × features]. */
  readonly values: Float32Array;
  /** One a row, positive, sum 1. */
  readonly weights: Float64Array;
}
