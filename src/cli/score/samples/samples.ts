/** The interface between the readers of files and what makes counts of them. */

/** One channel of a file. */
export interface SampleFile {
  readonly path: string;
  /** The file holds int16 counts of a converter; otherwise numbers that have yet to be quantised. */
  readonly isCounts: boolean;
  /**
   * Reads from the beginning, in pieces of bounded size; a piece is valid until the next one is asked for. A missing
   * value is NaN. Fails with DATA_FORMAT, DATA_MISSING.
   */
  pieces(): AsyncIterable<Float64Array>;
}
