/** Counts of the last half minute or so, in steps of ten seconds, so that what has ended is soon forgotten. */
import { makeDoubles } from "../../core/maths/shared-room.ts";
import type { RecentCount } from "./device-facts.ts";

interface RecentCounts<Name extends string> {
  add(name: Name, count: number): void;
  /** Lets go of what is too old; call it before {@link add} and {@link read}. */
  step(monotonicMs: number): void;
  /** What was added in the last 30 to 40 s. */
  read(): Readonly<Record<Name, RecentCount>>;
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

  read(): Readonly<Record<Name, RecentCount>> {
    const entries = this.#names.map((name) => {
      let count = 0;
      let busy = 0;
      for (const added of this.#stepsOf(name)) {
        count += added;
        if (added > 0) busy++;
      }
      return [name, { count, isHabit: busy > 1 }] as const;
    });
    return Object.fromEntries(entries) as Record<Name, RecentCount>;
  }

  #rowOf(name: Name): number {
    return steps * this.#names.indexOf(name);
  }

  #stepsOf(name: Name): Float64Array {
    return this.#kept.subarray(this.#rowOf(name), this.#rowOf(name) + steps);
  }
}
