/**
 * ADWIN2 (Bifet, Gavaldà, 2007): a window over the newest values that is cut wherever its two parts differ in mean; kept as
 * buckets of 1, 2, 4, … values, at most five of a size.
 */
import type { ChangeDetector } from "./change-detector.ts";

const delta = 0.002;
/** A cut is looked for every so many values. */
const clock = 32;
const maxBuckets = 5;
const minPart = 5;
const grace = 10;

interface Bucket {
  readonly count: number;
  readonly sum: number;
  /** Sum of squared deviations from the bucket's mean. */
  readonly squares: number;
}

const empty: Bucket = { count: 0, sum: 0, squares: 0 };

export function createAdwin(): ChangeDetector & { width(): number } {
  /** Newest first; rows[k] holds buckets of 2^k values, the oldest first. */
  let rows: Bucket[][] = [[]];
  let all = empty;
  let ticks = 0;
  let over = false;

  const compress = (): void => {
    for (let k = 0; k < rows.length && rows[k]!.length > maxBuckets; k++) {
      const [first, second] = rows[k]!.splice(0, 2);
      rows[k + 1] ??= [];
      rows[k + 1]!.push(join(first!, second!));
    }
  };
  const dropOldest = (): void => {
    all = without(all, rows.at(-1)!.shift()!);
    while (rows.length > 1 && rows.at(-1)!.length === 0) rows.pop();
  };
  const mustCut = (): boolean => {
    let old = empty;
    const variance = all.squares / all.count;
    const confidence = Math.log((2 * Math.log(all.count)) / delta);
    for (let k = rows.length - 1; k >= 0; k--) {
      for (const bucket of rows[k]!) {
        old = { count: old.count + bucket.count, sum: old.sum + bucket.sum, squares: 0 };
        const recent = all.count - old.count;
        if (recent < minPart) return false;
        if (old.count < minPart) continue;
        const inverse = 1 / (old.count - minPart + 1) + 1 / (recent - minPart + 1);
        const bound = Math.sqrt(2 * inverse * variance * confidence) + (2 / 3) * inverse * confidence;
        if (Math.abs(old.sum / old.count - (all.sum - old.sum) / recent) > bound) return true;
      }
    }
    return false;
  };
  return {
    width: () => all.count,
    size: () => 3 * (1 + rows.reduce((sum, row) => sum + row.length, 0)),
    update: (value) => {
      if (over) {
        rows = [[]];
        all = empty;
        ticks = 0;
        over = false;
      }
      ticks++;
      const bucket = { count: 1, sum: value, squares: 0 };
      rows[0]!.push(bucket);
      all = join(all, bucket);
      compress();
      if (ticks % clock !== 0 || all.count <= grace) return "stable";
      while (all.count > grace && mustCut()) {
        over = true;
        dropOldest();
      }
      return over ? "drift" : "stable";
    },
  };
}

function join(a: Bucket, b: Bucket): Bucket {
  const count = a.count + b.count;
  const between = a.count === 0 ? 0 : (a.count * b.count * (a.sum / a.count - b.sum / b.count) ** 2) / count;
  return { count, sum: a.sum + b.sum, squares: a.squares + b.squares + between };
}

function without(all: Bucket, part: Bucket): Bucket {
  const count = all.count - part.count;
  const sum = all.sum - part.sum;
  const between = (count * part.count * (sum / count - part.sum / part.count) ** 2) / all.count;
  return { count, sum, squares: Math.max(0, all.squares - part.squares - between) };
}
