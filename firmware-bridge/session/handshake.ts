/** What the handshakes of both sides share: a state that is told when it changes, and a hello that is repeated. */
import type { Random } from "../../src/core/maths/random.ts";
import { type Backoff, type BackoffOptions, createBackoff } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";

/** Why a conversation is connecting that has just begun: no attempt has failed yet. */
export const notConnectedYet = "no connection has been made yet";

export interface ToldState<State extends string> {
  readonly current: State;
  /** Why `current` was entered. */
  readonly reason: string;
  /** Enters `next`. Why a connection cannot be made is news each time that it is another reason. */
  become(next: State, reason: string, hint?: string): void;
}

type Tell<State> = (state: State, reason: string, hint?: string) => void;

/** Where a conversation stands. Begins as `first`, which is not told. */
export function createToldState<State extends string>(first: State, tell: Tell<State>): ToldState<State> {
  return new Told(first, tell);
}

class Told<State extends string> implements ToldState<State> {
  readonly #tell: Tell<State>;
  current: State;
  reason = "";

  constructor(first: State, tell: Tell<State>) {
    this.current = first;
    this.#tell = tell;
  }

  become(next: State, reason: string, hint?: string): void {
    if (this.current === next && (next !== "connecting" || reason === this.reason)) return;
    this.current = next;
    this.reason = reason;
    this.#tell(next, reason, hint);
  }
}

interface HelloRepeaterOptions {
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
  readonly waits: BackoffOptions;
  sayHello(): void;
}

export interface HelloRepeater {
  /** Says hello at once, and again after the first wait. */
  start(): void;
  stop(): void;
}

/** Says hello again and again, with growing waits, until it is stopped. */
export function createHelloRepeater(options: HelloRepeaterOptions): HelloRepeater {
  return new Repeater(options);
}

class Repeater implements HelloRepeater {
  readonly #options: HelloRepeaterOptions;
  readonly #backoff: Backoff;
  #cancel: (() => void) | null = null;

  constructor(options: HelloRepeaterOptions) {
    const { random, waits } = options;
    this.#options = options;
    this.#backoff = createBackoff({ random: () => random.uniform(), ...waits });
  }

  start(): void {
    this.stop();
    this.#backoff.reset();
    this.#say();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #say(): void {
    this.#options.sayHello();
    this.#cancel = this.#options.timers.after(this.#backoff.nextMs(), () => this.#say());
  }
}
