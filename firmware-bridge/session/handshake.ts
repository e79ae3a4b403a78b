/** What the handshakes of both sides share: a state that is told when it changes, and a hello that is repeated. */
import type { Random } from "../../src/core/maths/random.ts";
import { type BackoffOptions, createBackoff } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";

interface ToldState<State extends string> {
  readonly current: State;
  /** Why `current` was entered. */
  readonly reason: string;
  /** Enters `next`. Why a connection cannot be made is news each time that it is another reason. */
  become(next: State, reason: string): void;
}

/** Where a conversation stands. Begins as `first`, which is not told. */
export function createToldState<State extends string>(
  first: State,
  tell: (state: State, reason: string) => void,
): ToldState<State> {
  let current = first;
  let currentReason = "";
  return {
    get current() {
      return current;
    },
    get reason() {
      return currentReason;
    },
    become: (next, reason) => {
      if (current === next && (next !== "connecting" || reason === currentReason)) return;
      current = next;
      currentReason = reason;
      tell(next, reason);
    },
  };
}

interface HelloRepeaterOptions {
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
  readonly waits: BackoffOptions;
  sayHello(): void;
}

interface HelloRepeater {
  /** Says hello at once, and again after the first wait. */
  start(): void;
  stop(): void;
}

/** Says hello again and again, with growing waits, until it is stopped. */
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
