/** Counts of the last half minute or so, in steps of ten seconds, so that what has ended is soon forgotten. */

export interface RecentCounts<Name extends string> {
  add(name: Name, count: number): void;
  /** What was added in the last 30 to 40 s. */
  sum(name: Name): number;
  /** Lets go of what is too old; call it before {@link add} and {@link sum}. */
  step(monotonicMs: number): void;
  /** Was something added in more than one step? What happened once is an event, and no habit. */
  isHabit(name: Name): boolean;
}

const stepMs = 10_000;
const steps = 4;

/** Creates counts of 0. */
export function createRecentCounts<Name extends string>(names: readonly Name[]): RecentCounts<Name> {
  const kept = new Map<Name, Float64Array>(names.map((name) => [name, new Float64Array(steps)]));
  let begunMs = Number.NaN;
  let stepNumber = 0;
  let current = 0;

  return {
    add: (name, count) => {
      const counts = kept.get(name)!;
      counts[current] = counts[current]! + count;
    },
    sum: (name) => {
      const counts = kept.get(name)!;
      let total = 0;
      for (let step = 0; step < steps; step++) total += counts[step]!;
      return total;
    },
    step: (monotonicMs) => {
      if (Number.isNaN(begunMs)) begunMs = monotonicMs;
      const wanted = Math.floor((monotonicMs - begunMs) / stepMs);
      for (let passed = 0; stepNumber < wanted && passed < steps; passed++) {
        current = (current + 1) % steps;
        for (const counts of kept.values()) counts[current] = 0;
        stepNumber++;
      }
      stepNumber = Math.max(stepNumber, wanted);
    },
    isHabit: (name) => {
      let busy = 0;
      for (const count of kept.get(name)!) if (count > 0) busy++;
      return busy > 1;
    },
  };
}
