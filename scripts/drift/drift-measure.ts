/** What every module of the drift measurements gives back. */
export interface DriftMeasure {
  /** Days, points or operations that were looked at. */
  readonly cases: number;
  /** Bounds that were missed, and which. */
  readonly violations: number;
  readonly missed: readonly string[];
  /** By name. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** What was not measured here, and why. */
  readonly skipped?: Readonly<Record<string, string>>;
}
