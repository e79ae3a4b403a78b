/**
 * Test, then train: a Gaussian naive Bayes predicts every row before it learns it, a detector watches its errors, and an alarm makes
 * both begin anew. What an alarm is worth: within 250 rows of a change it has found it, any other is false (Pesaranghader, 2018).
 */
import type { ChangeDetector } from "./detectors/change-detector.ts";
import { driftEvery, type LabelledRow } from "./label-streams.ts";

const acceptRows = 250;

/** What a detector did with one stream. */
export interface StreamScore {
  /** Rows from each change to its alarm; 250 where there was none. */
  readonly delays: readonly number[];
  readonly found: number;
  readonly falseAlarms: number;
  readonly missed: number;
  /** Errors of all predictions, 0 to 1. */
  readonly errorRate: number;
}

/** Runs a stream; `detector` is told 1 for an error, else 0. */
export function runPrequential(rows: readonly LabelledRow[], detector: ChangeDetector): StreamScore {
  let classifier = createNaiveBayes(rows[0]!.x.length);
  const alarms: number[] = [];
  let errors = 0;
  for (const [index, { x, label }] of rows.entries()) {
    const isWrong = classifier.predict(x) === label ? 0 : 1;
    errors += isWrong;
    if (detector.update(isWrong) === "drift") {
      alarms.push(index);
      classifier = createNaiveBayes(x.length);
    }
    classifier.learn(x, label);
  }
  const changes = Array.from(
    { length: Math.ceil(rows.length / driftEvery) - 1 },
    (_, k) => (k + 1) * driftEvery,
  );
  const firsts = changes.map((change) => alarms.find((at) => at >= change && at < change + acceptRows));
  const delays = firsts.map((at, index) => (at === undefined ? acceptRows : at - changes[index]!));
  const found = firsts.filter((at) => at !== undefined).length;
  return {
    delays,
    found,
    falseAlarms: alarms.length - found,
    missed: changes.length - found,
    errorRate: errors / rows.length,
  };
}

/** Two classes, each attribute normal within a class. */
function createNaiveBayes(attributes: number): {
  predict(x: readonly number[]): 0 | 1;
  learn(x: readonly number[], label: 0 | 1): void;
} {
  const counts = [0, 0];
  const means = [new Float64Array(attributes), new Float64Array(attributes)];
  const squares = [new Float64Array(attributes), new Float64Array(attributes)];
  const score = (label: 0 | 1, x: readonly number[]): number => {
    const count = counts[label]!;
    let sum = Math.log((count + 1) / (counts[0]! + counts[1]! + 2));
    if (count < 2) return sum;
    for (let a = 0; a < attributes; a++) {
      const variance = Math.max(1e-6, squares[label]![a]! / (count - 1));
      sum -= 0.5 * (Math.log(2 * Math.PI * variance) + (x[a]! - means[label]![a]!) ** 2 / variance);
    }
    return sum;
  };
  return {
    predict: (x) => (score(1, x) > score(0, x) ? 1 : 0),
    learn: (x, label) => {
      const count = ++counts[label]!;
      for (let a = 0; a < attributes; a++) {
        const off = x[a]! - means[label]![a]!;
        means[label]![a]! += off / count;
        squares[label]![a]! += off * (x[a]! - means[label]![a]!);
      }
    },
  };
}
