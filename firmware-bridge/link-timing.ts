/**
 * Every wait of the device link, in one place, as PROTOCOL.md lists them (a test compares the two). No wait on this link
 * is without a bound that stands here.
 */
import type { BackoffOptions } from "../src/core/platform/backoff.ts";

/** Waits in milliseconds and counts, by the names that PROTOCOL.md uses. */
export const linkTiming = {
  /** First and longest wait between a side's own hellos. */
  helloFirstMs: 100,
  helloMaxMs: 2_000,
  /** Hellos of a device that a gateway takes in `helloMaxMs`. */
  maxHellos: 32,
  /** A stream is acknowledged at the latest after this time … */
  ackDelayMs: 50,
  /** … or this many packets. */
  ackEveryPackets: 8,
  /** After this time without an acknowledgement, what is in flight on a stream is taken as done. */
  streamAckMs: 1_000,
  /** First and longest wait before a packet with the flag "acknowledge" is repeated. */
  repeatFirstMs: 200,
  repeatMaxMs: 3_000,
  /** Times that a packet is sent before the handshake starts over. */
  maxAttempts: 6,
  /** Longest time between two messages of a device. */
  healthEveryMs: 2_000,
  /** After this time without a good packet, a gateway drops the connection and a device says hello again. */
  silenceMs: 10_000,
  /** First and longest wait between attempts to connect. */
  reconnectFirstMs: 500,
  reconnectMaxMs: 30_000,
  /** How long a device may erase flash before it answers ModelBegin, and hash an image before it answers ModelCommit. */
  modelEraseMs: 5_000,
  /** First and longest wait before other packets about a model are sent again. */
  modelAnswerFirstMs: 300,
  modelAnswerMaxMs: 3_000,
  /** How long a device waits for the confirmation of a new model before it goes back to the one before. */
  modelTrialMs: 60_000,
  /** A push fails after this time without progress while the device is in contact … */
  modelStallMs: 60_000,
  /** … or after this time out of contact. */
  modelContactMs: 300_000,
  /** How soon a device begins to send the raw samples that it was asked for … */
  captureFirstMs: 5_000,
  /** … and the silence after which it has sent all of them. */
  captureQuietMs: 2_000,
  /** Longest time that a gateway makes a device wait (room 1). */
  pauseMaxMs: 30_000,
} as const;

export const helloBackoff: BackoffOptions = {
  firstMs: linkTiming.helloFirstMs,
  maxMs: linkTiming.helloMaxMs,
};
/** Waits for an acknowledgement before a packet is repeated. */
export const repeatBackoff: BackoffOptions = {
  firstMs: linkTiming.repeatFirstMs,
  maxMs: linkTiming.repeatMaxMs,
};
export const reconnectBackoff: BackoffOptions = {
  firstMs: linkTiming.reconnectFirstMs,
  maxMs: linkTiming.reconnectMaxMs,
};
