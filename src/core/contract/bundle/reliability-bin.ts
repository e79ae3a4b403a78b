/** What held-out data said of probabilities like these: a row of the reliability tables in a bundle's `evaluation.json`. */
export interface ReliabilityBin {
  /** Mean probability that was stated, 0 to 1. */
  readonly stated: number;
  readonly cases: number;
  /** Share of faults among them, 0 to 1; weighted, where they were weighted for the calibration. */
  readonly observed: number;
}
