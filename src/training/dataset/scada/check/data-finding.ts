/** Something in one's own data that would spoil training: where it stands, what stands there, and what to do. */

export interface DataFinding {
  /** What was looked for, for machines: `unit`, `clock`, `log-clock`, `interval`, … */
  readonly check: string;
  /** An error spoils what is learnt; a warning should be looked at. */
  readonly severity: "error" | "warning";
  /** As it is reached from the current folder; or what it is about, where it is more than a file. */
  readonly file: string;
  /** `line 12`, `row 12`, or a time; empty for the whole file. */
  readonly place: string;
  /** What stands there, or was counted. */
  readonly value: string;
  readonly problem: string;
  readonly cure: string;
}
