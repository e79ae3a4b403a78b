/**
 * Sends messages that must arrive, one after the other: each is repeated with growing waits until the other side
 * acknowledges or refuses it, or the attempts are used up.
 */
import type { DeviceMessage } from "../src/core/contract/device/device-message.ts";
import type { Random } from "../src/core/maths/random.ts";
import { createBackoff } from "../src/core/platform/backoff.ts";
import type { Timers } from "../src/core/platform/clock.ts";
import { linkTiming, repeatBackoff } from "./link-timing.ts";

/** Messages that may wait; more are refused. */
const maxQueued = 16;

/** What became of a message. */
export type Delivery = "acknowledged" | "refused" | "given-up";

/** What a sender needs. */
export interface ReliableSenderOptions {
  /** Sends the message with the flag "acknowledge"; returns the sequence number, which is `repeated` if given. */
  transmit(message: DeviceMessage, repeated: number | undefined): number;
  onDelivery(message: DeviceMessage, outcome: Delivery): void;
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
}

/** A stop-and-wait sender. */
export interface ReliableSender {
  /** Queues a message; false when the queue is full. */
  send(message: DeviceMessage): boolean;
  /** An Ack or Nack came for `sequence`. */
  settle(sequence: number, outcome: "acknowledged" | "refused"): void;
  /** Forgets everything that waits, without a verdict. */
  reset(): void;
}

/** Creates a sender with nothing to send. */
export function createReliableSender(options: ReliableSenderOptions): ReliableSender {
  const queue: DeviceMessage[] = [];
  const backoff = createBackoff({ random: () => options.random.uniform(), ...repeatBackoff });
  let sequence: number | undefined;
  let attempts = 0;
  let cancel = (): void => {};

  function attempt(): void {
    const message = queue[0];
    if (message === undefined) return;
    if (attempts === linkTiming.maxAttempts) {
      finish("given-up");
      return;
    }
    attempts++;
    sequence = options.transmit(message, sequence);
    cancel = options.timers.after(backoff.nextMs(), attempt);
  }

  function finish(outcome: Delivery): void {
    cancel();
    const message = queue.shift();
    sequence = undefined;
    attempts = 0;
    backoff.reset();
    if (message !== undefined) options.onDelivery(message, outcome);
    // onDelivery may have queued the next one and so started it.
    if (attempts === 0) attempt();
  }

  return {
    send: (message) => {
      if (queue.length >= maxQueued) return false;
      queue.push(message);
      if (queue.length === 1) attempt();
      return true;
    },
    settle: (settled, outcome) => {
      if (settled === sequence) finish(outcome);
    },
    reset: () => {
      cancel();
      queue.length = 0;
      sequence = undefined;
      attempts = 0;
      backoff.reset();
    },
  };
}
