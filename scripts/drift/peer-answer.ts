/** What the Python side answers, a JSON line each, and the tables that are made of it. */

/** Which of the fields are there, the script says; `skipped` alone: why there are none. */
export interface PeerAnswer {
  readonly skipped?: string;
  readonly name: string;
  readonly stream: string;
  readonly streams: number;
  readonly delay: number;
  readonly falseAlarms: number;
  readonly missed: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly rho: string;
  readonly verdicts: readonly (readonly boolean[])[];
  readonly value: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Runs a script of this folder (named without `.py`) on a question. */
export type AskPeers = (script: string, question: unknown) => Promise<readonly PeerAnswer[]>;

export interface ComparisonTable {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
