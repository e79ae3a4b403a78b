/**
 * A serial line made of software: two ends, a bit rate, and whatever happens to lines. Time is an argument, so that
 * minutes on a bad line pass in milliseconds, the same way every time.
 */

import type {
  ByteTransport,
  ByteTransportHandlers,
} from "../../firmware-bridge/transports/byte-transport.ts";
import type { Timers } from "../../src/core/platform/clock.ts";

/** Which way bytes go. */
type LineDirection = "to-device" | "to-gateway";

/** What a line is like. */
interface SimulatedLineOptions {
  readonly bitsPerSecond: number;
  readonly timers: Timers;
  readonly monotonicMs: () => number;
  /** Changes, drops or adds bytes as they arrive; the default passes them on. */
  readonly disturb?: (bytes: Uint8Array, direction: LineDirection) => Uint8Array;
}

/** A line with its ends. */
export interface SimulatedLine {
  readonly gatewayEnd: ByteTransport;
  readonly deviceEnd: ByteTransport;
  /** Both ends lose the connection, and what was on its way; they get it back with {@link plug}. */
  unplug(): void;
  plug(): void;
  /** What is on its way in a direction never arrives: its sender was reset in the middle of it. */
  cutOff(direction: LineDirection): void;
  /** Bytes that left either end. */
  readonly carriedBytes: Readonly<Record<LineDirection, number>>;
}

/** Start bit, eight bits, stop bit. */
const bitsPerByte = 10;
/** Bytes that arrive together, as a receiver with a small FIFO sees them. */
const pieceBytes = 16;
/** Bytes that wait at an end before it asks for a pause: a quarter of the buffer of a Linux serial port. */
const highWaterBytes = 1024;

/** Creates a line that is plugged in. */
export function createSimulatedLine(options: SimulatedLineOptions): SimulatedLine {
  const { timers, monotonicMs } = options;
  const msPerByte = (bitsPerByte * 1000) / options.bitsPerSecond;
  const carriedBytes = { "to-device": 0, "to-gateway": 0 };
  const disturb = options.disturb ?? ((bytes) => bytes);
  let plugged = true;
  /** Grows when the line is unplugged or cut off: what was sent before does not arrive after. */
  const cuts = { "to-device": 0, "to-gateway": 0 };

  function createEnd(name: string, direction: LineDirection, peer: () => End): End {
    let handlers: ByteTransportHandlers | undefined;
    let freeAtMs = 0;
    let waitingBytes = 0;
    let isFull = false;
    let isPaused = false;
    let held: Uint8Array[] = [];

    function sendPiece(piece: Uint8Array): void {
      const cutsBefore = cuts[direction];
      freeAtMs = Math.max(freeAtMs, monotonicMs()) + piece.length * msPerByte;
      waitingBytes += piece.length;
      timers.after(freeAtMs - monotonicMs(), () => {
        waitingBytes -= piece.length;
        if (cutsBefore === cuts[direction]) peer().take(disturb(Uint8Array.from(piece), direction));
        if (!isFull || waitingBytes >= highWaterBytes / 2) return;
        isFull = false;
        handlers?.onDrain();
      });
    }

    const end: End = {
      take: (bytes) => {
        if (handlers === undefined || bytes.length === 0) return;
        if (isPaused) held.push(bytes);
        else handlers.onBytes(bytes);
      },
      open: () => handlers?.onOpen(),
      lose: (reason) => {
        held = [];
        isFull = false;
        handlers?.onClose(reason);
      },
      transport: {
        name,
        open: async (given) => {
          handlers = given;
          if (plugged) given.onOpen();
        },
        write: (bytes) => {
          if (!plugged || handlers === undefined) return true;
          carriedBytes[direction] += bytes.length;
          const copy = Uint8Array.from(bytes);
          for (let at = 0; at < copy.length; at += pieceBytes) sendPiece(copy.subarray(at, at + pieceBytes));
          if (waitingBytes >= highWaterBytes) isFull = true;
          return !isFull;
        },
        pauseReading: () => {
          isPaused = true;
        },
        resumeReading: () => {
          isPaused = false;
          for (const bytes of held.splice(0)) handlers?.onBytes(bytes);
        },
        drop: (reason) => {
          if (handlers === undefined || !plugged) return;
          // A serial line has no connection to lose: the port is closed and opened again.
          handlers.onClose(reason);
          timers.after(1, () => {
            if (plugged) handlers?.onOpen();
          });
        },
        close: async () => {
          handlers = undefined;
        },
      },
    };
    return end;
  }

  const gateway: End = createEnd("line:gateway", "to-device", () => device);
  const device: End = createEnd("line:device", "to-gateway", () => gateway);
  return {
    gatewayEnd: gateway.transport,
    deviceEnd: device.transport,
    unplug: () => {
      if (!plugged) return;
      plugged = false;
      cuts["to-device"]++;
      cuts["to-gateway"]++;
      gateway.lose("unplugged");
      device.lose("unplugged");
    },
    plug: () => {
      if (plugged) return;
      plugged = true;
      gateway.open();
      device.open();
    },
    cutOff: (direction) => {
      cuts[direction]++;
    },
    carriedBytes,
  };
}

interface End {
  readonly transport: ByteTransport;
  take(bytes: Uint8Array): void;
  open(): void;
  lose(reason: string): void;
}
