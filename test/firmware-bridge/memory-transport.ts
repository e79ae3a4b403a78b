/** Two ends of a byte stream inside one process, for tests and simulations. Can damage what passes. */
import type {
  ByteTransport,
  ByteTransportHandlers,
} from "../../firmware-bridge/transports/byte-transport.ts";

/** How a pair behaves. */
interface MemoryTransportOptions {
  /** Changes, drops or adds bytes on their way; the default passes them on. */
  readonly disturb?: (bytes: Uint8Array) => Uint8Array;
  /** Unread bytes after which write returns false; default 64 KiB. */
  readonly highWaterBytes?: number;
}

const defaultHighWaterBytes = 65_536;

/** Creates two connected ends. Bytes arrive in a later turn of the event loop, copied. */
export function createMemoryTransportPair(
  options: MemoryTransportOptions = {},
): [ByteTransport, ByteTransport] {
  const first = createEnd("memory:a", options);
  const second = createEnd("memory:b", options);
  first.connect(second);
  second.connect(first);
  return [first.transport, second.transport];
}

interface End {
  readonly transport: ByteTransport;
  connect(peer: End): void;
  isOpen(): boolean;
  /** Takes bytes from the peer; false when too much waits here. */
  take(bytes: Uint8Array): boolean;
  drained(): void;
  lost(reason: string): void;
}

function createEnd(name: string, options: MemoryTransportOptions): End {
  const highWaterBytes = options.highWaterBytes ?? defaultHighWaterBytes;
  let peer: End | undefined;
  let handlers: ByteTransportHandlers | undefined;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let paused = false;
  let scheduled = false;
  let refused = false;

  function schedule(): void {
    if (scheduled || paused) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (waiting.length > 0 && !paused && handlers !== undefined) {
        const bytes = waiting.shift()!;
        waitingBytes -= bytes.length;
        handlers.onBytes(bytes);
      }
      if (refused && waitingBytes < highWaterBytes) {
        refused = false;
        peer?.drained();
      }
    });
  }

  function forget(): void {
    handlers = undefined;
    waiting = [];
    waitingBytes = 0;
  }

  const end: End = {
    connect: (other) => {
      peer = other;
    },
    isOpen: () => handlers !== undefined,
    take: (bytes) => {
      if (handlers === undefined) return true;
      waiting.push(bytes);
      waitingBytes += bytes.length;
      schedule();
      if (waitingBytes >= highWaterBytes) refused = true;
      return !refused;
    },
    drained: () => handlers?.onDrain(),
    lost: (reason) => {
      const told = handlers;
      forget();
      told?.onClose(reason);
    },
    transport: {
      name,
      open: async (given) => {
        handlers = given;
        paused = false;
        given.onOpen();
      },
      write: (bytes) => {
        if (handlers === undefined || !peer?.isOpen()) return true;
        return peer.take(options.disturb ? options.disturb(bytes) : Uint8Array.from(bytes));
      },
      pauseReading: () => {
        paused = true;
      },
      resumeReading: () => {
        paused = false;
        schedule();
      },
      drop: (reason) => {
        if (handlers === undefined) return;
        end.lost(reason);
        peer?.lost("the other end closed");
      },
      close: async () => {
        const wasOpen = handlers !== undefined;
        forget();
        if (wasOpen) peer?.lost("the other end closed");
      },
    },
  };
  return end;
}
