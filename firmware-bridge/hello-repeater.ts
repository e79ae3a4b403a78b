/** Says hello again and again, with growing waits, until the other side has answered; the same for both sides. */
import type { Random } from "../src/core/maths/random.ts";
import { type BackoffOptions, createBackoff } from "../src/core/platform/backoff.ts";
import type { Timers } from "../src/core/platform/clock.ts";

/** What a repeater needs. */
export interface HelloRepeaterOptions {
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
  readonly waits: BackoffOptions;
  /** Sends one hello. */
  sayHello(): void;
}

/** A repeater. */
export interface HelloRepeater {
  /** Says hello at once, and again after the first wait. */
  start(): void;
  stop(): void;
}

/** Creates a repeater that is still. */
export function createHelloRepeater(options: HelloRepeaterOptions): HelloRepeater {
  const { timers, random, waits } = options;
  const backoff = createBackoff({ random: () => random.uniform(), ...waits });
  let cancel = (): void => {};

  function say(): void {
    options.sayHello();
    cancel = timers.after(backoff.nextMs(), say);
  }

  return {
    start: () => {
      cancel();
      backoff.reset();
      say();
    },
    stop: () => cancel(),
  };
}
