/** Something in one's own data that would spoil training: where it stands, what stands there, and what to do. */

/** `error`: training would be spoilt or refused; `warning`: it may be; `note`: worth knowing. The worst first. */
export const severities = ["error", "warning", "note"] as const;

export type Severity = (typeof severities)[number];

export interface DataFinding {
  /** What was looked for, for machines: `unit`, `clock`, `log-clock`, `interval`, … */
  readonly check: string;
  readonly severity: Severity;
  /** As it is reached from the current folder; or what it is about, where it is more than a file. */
  readonly file: string;
  /** `line 12`, `row 12`, or a time; empty for the whole file. */
  readonly place: string;
  /** What stands there, or was counted. */
  readonly value: string;
  readonly problem: string;
  readonly cure: string;
}
