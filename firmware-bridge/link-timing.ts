/**
 * Every wait of the device link, in one place, as PROTOCOL.md lists them (a test compares the two). Nobody waits on
 * this link without a bound that stands here.
 */
import type { BackoffOptions } from "../src/core/platform/backoff.ts";

/** Waits in milliseconds and counts, by the names that PROTOCOL.md uses. */
export const linkTiming = {
  /** Waits between one's own hellos grow from the first to the second. */
  helloFirstMs: 100,
  helloMaxMs: 2_000,
  /** A stream is acknowledged at the latest after so long … */
  ackDelayMs: 50,
  /** … or so many packets. */
  ackEveryPackets: 8,
  /** Without an acknowledgement for so long, what is in flight on a stream is taken as done. */
  streamAckMs: 1_000,
  /** Waits before a packet with the flag "acknowledge" is repeated grow from the first to the second. */
  repeatFirstMs: 200,
  repeatMaxMs: 3_000,
  /** A packet is sent at most so many times; then the handshake begins anew. */
  maxAttempts: 6,
  /** A device says something at least so often. */
  healthEveryMs: 2_000,
  /** Without a good packet for so long, a gateway drops the connection and a device says hello again. */
  silenceMs: 10_000,
  /** Waits between attempts to connect grow from the first to the second. */
  reconnectFirstMs: 500,
  reconnectMaxMs: 30_000,
  /** A device may erase flash before it answers ModelBegin, and hash an image before it answers ModelCommit, for so long. */
  modelEraseMs: 5_000,
  /** Waits before other packets about a model are sent again grow from the first to the second. */
  modelAnswerFirstMs: 300,
  modelAnswerMaxMs: 3_000,
  /** A device goes back to the model before when nobody confirmed the new one for so long. */
  modelTrialMs: 60_000,
  /** A push fails when nothing of it moved for so long although the device was in contact … */
  modelStallMs: 60_000,
  /** … or when it was out of contact for so long. */
  modelContactMs: 300_000,
  /** A device begins to send the raw samples that it was asked for within so long … */
  captureFirstMs: 5_000,
  /** … and has sent all that it will when none came for so long. */
  captureQuietMs: 2_000,
  /** A gateway makes a device wait (room 1) for so long at most. */
  pauseMaxMs: 30_000,
} as const;

/** Waits between hellos. */
export const helloBackoff: BackoffOptions = {
  firstMs: linkTiming.helloFirstMs,
  maxMs: linkTiming.helloMaxMs,
};
/** Waits for an acknowledgement before a packet is repeated. */
export const repeatBackoff: BackoffOptions = {
  firstMs: linkTiming.repeatFirstMs,
  maxMs: linkTiming.repeatMaxMs,
};
/** Waits between attempts to connect. */
export const reconnectBackoff: BackoffOptions = {
  firstMs: linkTiming.reconnectFirstMs,
  maxMs: linkTiming.reconnectMaxMs,
};
