/** Counts of the last half minute or so, in steps of ten seconds, so that what has ended is soon forgotten. */
import { makeDoubles } from "../../core/maths/shared-room.ts";

interface RecentCounts<Name extends string> {
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
  return new Counts(names);
}

class Counts<Name extends string> implements RecentCounts<Name> {
  readonly #names: readonly Name[];
  /** A row of steps for each name. */
  readonly #kept: Float64Array;
  #begunMs = Number.NaN;
  /** When the next step begins. */
  #nextMs = Number.NEGATIVE_INFINITY;
  #stepNumber = 0;
  #current = 0;

  constructor(names: readonly Name[]) {
    this.#names = names;
    this.#kept = makeDoubles(steps * names.length);
  }

  add(name: Name, count: number): void {
    this.#kept[this.#rowOf(name) + this.#current]! += count;
  }

  sum(name: Name): number {
    let total = 0;
    for (const count of this.#stepsOf(name)) total += count;
    return total;
  }

  step(monotonicMs: number): void {
    if (monotonicMs < this.#nextMs) return;
    if (Number.isNaN(this.#begunMs)) this.#begunMs = monotonicMs;
    const wanted = Math.floor((monotonicMs - this.#begunMs) / stepMs);
    for (let passed = 0; this.#stepNumber < wanted && passed < steps; passed++) {
      this.#current = (this.#current + 1) % steps;
      for (let at = this.#current; at < this.#kept.length; at += steps) this.#kept[at] = 0;
      this.#stepNumber++;
    }
    this.#stepNumber = Math.max(this.#stepNumber, wanted);
    this.#nextMs = this.#begunMs + (this.#stepNumber + 1) * stepMs;
  }

  isHabit(name: Name): boolean {
    let busy = 0;
    for (const count of this.#stepsOf(name)) if (count > 0) busy++;
    return busy > 1;
  }

  #rowOf(name: Name): number {
    return steps * this.#names.indexOf(name);
  }

  #stepsOf(name: Name): Float64Array {
    return this.#kept.subarray(this.#rowOf(name), this.#rowOf(name) + steps);
  }
}
