/** Keeps a transport connected: tries again for ever, with bounded, jittered waits. */
import { hasErrorCode } from "../../src/core/contract/aurora-error.ts";
import type { Random } from "../../src/core/maths/random.ts";
import { type BackoffOptions, createBackoff } from "../../src/core/platform/backoff.ts";
import type { Timers } from "../../src/core/platform/clock.ts";
import { reconnectBackoff } from "../link-timing.ts";
import type { ByteTransport, ByteTransportHandlers } from "./byte-transport.ts";

/** A connection that lasted this long was a good one: the waits start from the first again. */
const settledMs = 10_000;

interface ReconnectingTransportOptions {
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
  readonly backoff?: BackoffOptions;
}

/** Goes on trying. */
export interface ReconnectingTransport extends ByteTransport {
  /** Good data came: whoever sends it is not left alone for long when the connection is lost. */
  settle(): void;
}

/** Wraps a transport: `open` resolves at once, and onOpen, onClose follow as connections come and go. */
export function createReconnectingTransport(
  inner: ByteTransport,
  options: ReconnectingTransportOptions,
): ReconnectingTransport {
  const backoff = createBackoff({
    random: () => options.random.uniform(),
    ...(options.backoff ?? reconnectBackoff),
  });
  let handlers: ByteTransportHandlers | undefined;
  let cancelWait = (): void => {};
  let cancelSettled = (): void => {};

  function retry(reason: string): void {
    const told = handlers;
    if (told === undefined) return;
    cancelSettled();
    cancelWait = options.timers.after(backoff.nextMs(), connect);
    told.onClose(reason);
  }

  function connect(): void {
    const told = handlers;
    if (told === undefined) return;
    const opening = inner.open({
      onOpen: () => {
        if (handlers === undefined) return;
        cancelSettled = options.timers.after(settledMs, backoff.reset);
        told.onOpen();
      },
      onBytes: (chunk) => handlers?.onBytes(chunk),
      onDrain: () => handlers?.onDrain(),
      onClose: retry,
    });
    opening.catch((error: unknown) => {
      if (!hasErrorCode(error, "DEVICE_UNREACHABLE")) throw error;
      retry(error.message);
    });
  }

  return {
    name: inner.name,
    open: async (given) => {
      handlers = given;
      connect();
    },
    write: (bytes) => inner.write(bytes),
    pauseReading: () => inner.pauseReading(),
    resumeReading: () => inner.resumeReading(),
    drop: (reason) => inner.drop(reason),
    settle: backoff.reset,
    close: async () => {
      handlers = undefined;
      cancelWait();
      cancelSettled();
      await inner.close();
    },
  };
}
