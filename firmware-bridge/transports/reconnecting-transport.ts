/** Keeps a transport connected: tries again for ever, with bounded, jittered waits. */
import { hasErrorCode } from "../../src/core/contract/aurora-error.ts";
import type { Random } from "../../src/core/maths/random.ts";
import { type Backoff, type BackoffOptions, createBackoff } from "../../src/core/platform/backoff.ts";
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
interface ReconnectingTransport extends ByteTransport {
  /** Good data came: whoever sends it is not left alone for long when the connection is lost. */
  settle(): void;
}

/** Wraps a transport: `open` resolves at once, and onOpen, onClose follow as connections come and go. */
export function createReconnectingTransport(
  inner: ByteTransport,
  options: ReconnectingTransportOptions,
): ReconnectingTransport {
  return new Reconnecting(inner, options);
}

class Reconnecting implements ReconnectingTransport {
  readonly name: string;
  readonly #inner: ByteTransport;
  readonly #timers: Timers;
  readonly #backoff: Backoff;
  #handlers: ByteTransportHandlers | undefined;
  #cancelWait: (() => void) | null = null;
  #cancelSettled: (() => void) | null = null;

  constructor(inner: ByteTransport, { timers, random, backoff }: ReconnectingTransportOptions) {
    this.name = inner.name;
    this.#inner = inner;
    this.#timers = timers;
    this.#backoff = createBackoff({ random: () => random.uniform(), ...(backoff ?? reconnectBackoff) });
  }

  async open(given: ByteTransportHandlers): Promise<void> {
    this.#handlers = given;
    this.#connect();
  }

  write(bytes: Uint8Array): boolean {
    return this.#inner.write(bytes);
  }

  pauseReading(): void {
    this.#inner.pauseReading();
  }

  resumeReading(): void {
    this.#inner.resumeReading();
  }

  drop(reason: string): void {
    this.#inner.drop(reason);
  }

  settle(): void {
    this.#backoff.reset();
  }

  async close(): Promise<void> {
    this.#handlers = undefined;
    this.#cancelWait?.();
    this.#cancelSettled?.();
    await this.#inner.close();
  }

  #retry(reason: string, hint?: string): void {
    const told = this.#handlers;
    if (told === undefined) return;
    this.#cancelSettled?.();
    this.#cancelSettled = null;
    this.#cancelWait = this.#timers.after(this.#backoff.nextMs(), () => this.#connect());
    told.onClose(reason, hint);
  }

  #connect(): void {
    const told = this.#handlers;
    if (told === undefined) return;
    const opening = this.#inner.open({
      onOpen: () => {
        if (this.#handlers === undefined) return;
        this.#cancelSettled = this.#timers.after(settledMs, () => {
          this.#cancelSettled = null;
          this.settle();
        });
        told.onOpen();
      },
      onBytes: (chunk) => this.#handlers?.onBytes(chunk),
      onDrain: () => this.#handlers?.onDrain(),
      onClose: (reason, hint) => this.#retry(reason, hint),
    });
    opening.catch((error: unknown) => {
      if (!hasErrorCode(error, "DEVICE_UNREACHABLE")) throw error;
      this.#retry(error.message, error.hint);
    });
  }
}
