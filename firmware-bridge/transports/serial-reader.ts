/**
 * Reads an open serial port as soon as the system says that bytes are there, at once and into one buffer. The stream of
 * `serialport` would take about three times the CPU time a read: it asks a thread twice, and the first answer is an
 * exception that says "not yet" (`npm run bench`, single-frame reads). Knows the port by what it uses of it alone.
 */
import { readSync } from "node:fs";

/** What the bindings of Linux and macOS offer of an open port: its file, and a watch over it. */
interface PolledPort {
  /** Null once it is closed. */
  readonly fd: number | null;
  readonly poller: PortPoller;
}

/** One-shot watch: names the events to wait for, instead of those named before; a writer may wait beside us. */
interface PortPoller {
  /** 0 waits for nothing. */
  poll(events: number): void;
  on(event: "readable", listener: (error: Error | null) => void): unknown;
  on(event: "newListener", listener: (event: string | symbol) => void): unknown;
  listenerCount(event: "writable"): number;
}

/** Reads one port until it is closed. */
export interface SerialReader {
  pause(): void;
  resume(): void;
}

/** As `uv_poll_event` of libuv has them. */
const readable = 1;
const writable = 2;

/** Shared by all ports: what was read is used up during the call. A terminal's own buffer holds 4 kB. */
const buffer = Buffer.allocUnsafeSlow(65_536);

/** Starts to read. `onError` is told why nothing more can come; the port is then the caller's to close. */
export function createSerialReader(
  port: PolledPort,
  onBytes: (chunk: Uint8Array) => void,
  onError: (error: Error) => void,
): SerialReader {
  const { poller } = port;
  let isReading = true;
  let isBroken = false;

  function wait(writers: number): void {
    if (port.fd === null) return;
    poller.poll((isReading && !isBroken ? readable : 0) | (writers > 0 ? writable : 0));
  }

  function fail(error: Error): void {
    isBroken = true;
    onError(error);
  }

  function read(fd: number): void {
    let length = 0;
    try {
      length = readSync(fd, buffer, 0, buffer.length, null);
    } catch (error) {
      if (!isNotYet(error)) fail(error as Error);
      return;
    }
    // A terminal whose other side is gone has an end; one that is merely silent says "not yet".
    if (length === 0) fail(new Error("the line was hung up"));
    else onBytes(buffer.subarray(0, length));
  }

  poller.on("readable", (error) => {
    // A port that is being closed cancels what waits.
    if (port.fd === null || isBroken || isCanceled(error)) return;
    if (error !== null) fail(error);
    else if (isReading) read(port.fd);
    wait(poller.listenerCount("writable"));
  });
  // A writer that has to wait names its event alone: what the device says meanwhile is heard all the same.
  poller.on("newListener", (event) => {
    if (event === "writable") wait(1);
  });
  wait(poller.listenerCount("writable"));

  return {
    pause: () => {
      isReading = false;
      wait(poller.listenerCount("writable"));
    },
    resume: () => {
      isReading = true;
      wait(poller.listenerCount("writable"));
    },
  };
}

function isCanceled(error: Error | null): boolean {
  return error !== null && "canceled" in error && error.canceled === true;
}

function isNotYet(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EAGAIN" || code === "EWOULDBLOCK" || code === "EINTR";
}
