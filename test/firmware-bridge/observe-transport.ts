import type { ByteTransportHandlers } from "../../firmware-bridge/transports/byte-transport.ts";

/** What a transport has said so far. */
export interface Observed {
  /** `open`, `drain` and `close: <reason>`, as they came. */
  readonly events: readonly string[];
  readonly bytes: readonly number[];
  readonly handlers: ByteTransportHandlers;
  /** Resolves when `predicate` holds after something was said. */
  until(predicate: () => boolean): Promise<void>;
}

/** Handlers that note what happens and let a test wait for it. */
export function observe(): Observed {
  const events: string[] = [];
  const bytes: number[] = [];
  let wake = (): void => {};
  const note = (event: string): void => {
    events.push(event);
    wake();
  };
  const handlers: ByteTransportHandlers = {
    onOpen: () => note("open"),
    onBytes: (chunk) => {
      bytes.push(...chunk);
      wake();
    },
    onDrain: () => note("drain"),
    onClose: (reason) => note(`close: ${reason}`),
  };
  const until = async (predicate: () => boolean): Promise<void> => {
    while (!predicate()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { events, bytes, handlers, until };
}
