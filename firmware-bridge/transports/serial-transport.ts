/** A serial line (or a pty). The only file that knows serialport. */
import { statSync } from "node:fs";
import { SerialPort } from "serialport";
import { AuroraError } from "../../src/core/contract/aurora-error.ts";
import { serialRates } from "../../src/core/contract/device/serial-rates.ts";
import type { ByteTransport, ByteTransportHandlers } from "./byte-transport.ts";
import { createSerialReader, type SerialReader } from "./serial-reader.ts";
import { listUsbSerialPorts, type SerialPortInfo } from "./usb-serial-ports.ts";

/** The serial ports of this machine; without udev those of USB alone. */
export async function listSerialPorts(): Promise<readonly SerialPortInfo[]> {
  try {
    return await SerialPort.list();
  } catch (error) {
    // The library asks udevadm, which a container seldom has, and which not everybody may run.
    if (
      error instanceof Error &&
      "code" in error &&
      ["ENOENT", "EACCES", "EPERM"].includes(String(error.code))
    )
      return await listUsbSerialPorts("/sys/class/tty");
    throw error;
  }
}

/** Creates a transport for a path such as `/dev/serial/by-id/…`. */
export function createSerialTransport(path: string, baudRate: number = serialRates.usual): ByteTransport {
  let current: SerialPort | undefined;
  let reader: SerialReader | undefined;
  let paused = false;
  let isClosed = false;

  function open(handlers: ByteTransportHandlers): Promise<void> {
    return new Promise((resolve, reject) => {
      const port = new SerialPort({ path, baudRate, autoOpen: false });
      let reason = "the port closed";
      port.on("error", (error: Error) => {
        reason = error.message;
      });
      port.on("drain", () => {
        if (current === port) handlers.onDrain();
      });
      port.on("close", (error: Error | null) => {
        if (current !== port) return;
        current = undefined;
        handlers.onClose(error?.message ?? reason);
      });
      port.open((error) => {
        if (error) return reject(unreachable(path, error));
        // Left open it would be locked for whoever needs it next.
        if (isClosed) return port.close(() => reject(unreachable(path, new Error("closed meanwhile"))));
        current = port;
        handlers.onOpen();
        reader = read(port, (chunk) => {
          if (current === port) handlers.onBytes(chunk);
        });
        if (paused) reader.pause();
        resolve();
      });
    });
  }

  return {
    name: path,
    open,
    // A port that was unplugged never calls back; only isOpen tells.
    write: (bytes) =>
      current?.isOpen ? current.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) : true,
    pauseReading: () => {
      paused = true;
      reader?.pause();
    },
    resumeReading: () => {
      paused = false;
      reader?.resume();
    },
    drop: (reason) => {
      const port = current;
      if (port?.isOpen) port.close(undefined, new Error(reason));
    },
    close: () => {
      isClosed = true;
      const port = current;
      current = undefined;
      if (!port?.isOpen) return Promise.resolve();
      return new Promise((resolve) => port.close(() => resolve()));
    },
  };
}

function read(port: SerialPort, onBytes: (chunk: Uint8Array) => void): SerialReader {
  const bound = port.port;
  if (bound !== undefined && "poller" in bound) {
    return createSerialReader(bound, onBytes, (error) => port.close(undefined, error));
  }
  // Windows has no poller.
  port.on("data", onBytes);
  return { pause: () => void port.pause(), resume: () => void port.resume() };
}

/** Linux says it by the lock, macOS as busy; Windows gives a port to one program, and denies it to others as it does a right. */
const heldPattern = /Cannot lock port|Resource busy|EBUSY/;

/** Other words than of a file's rights, which are "Permission denied". */
const closedPattern = /Operation not permitted/;

function unreachable(path: string, cause: Error): AuroraError {
  // The library says "Error: Permission denied, cannot open /dev/ttyACM0".
  const said = cause.message.replace(/^Error: /, "").replace(`, cannot open ${path}`, "");
  const { why, hint } = describeRefusal(path, said);
  return new AuroraError("DEVICE_UNREACHABLE", `cannot open ${path}: ${why}`, {
    op: "open serial port",
    subject: path,
    hint,
    cause,
  });
}

/** @param said by the system, without the path */
function describeRefusal(path: string, said: string): { readonly why: string; readonly hint: string } {
  if (heldPattern.test(said))
    return {
      why: "another program has this port open",
      hint: `end that program, or the second gateway (\`fuser ${path}\` names it), or write another port`,
    };
  if (closedPattern.test(said))
    return {
      why: "ports of this kind are closed to the service or container",
      hint: `open them by \`systemctl edit\` of its unit, [Service] DeviceAllow=char-${readMajor(path)} rw, and restart it; begin a container with --device ${path}`,
    };
  return { why: said, hint: "check its plug, the path, and that this user may use it (group dialout)" };
}

/** The number of its kind of device, by which a unit's `DeviceAllow` goes, whatever the file's rights are. */
function readMajor(path: string): number {
  return ((statSync(path, { throwIfNoEntry: false })?.rdev ?? 0) >> 8) & 0xfff;
}
