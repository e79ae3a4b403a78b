/**
 * USB serial ports as the Linux kernel itself shows them under `/sys/class/tty`, for machines without udev (containers,
 * small images), where the library that lists ports elsewhere finds no `udevadm` to ask. Opens no port.
 */
import { readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasErrorCode, systemCodeOf } from "../../src/core/contract/aurora-error.ts";
import { readFileBounded } from "../../src/core/platform/files/bounded-read.ts";

/** A serial port of this machine, as far as the system knows it. */
export interface SerialPortInfo {
  readonly path: string;
  readonly manufacturer?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly vendorId?: string | undefined;
}

/** Adapters (`ttyUSB`) and USB-native devices (`ttyACM`). */
const usbName = /^tty(USB|ACM)\d+$/;
/** A port's folder lies at most this many levels below that of its USB device. */
const maxDepth = 4;

/** In the order of their names; none on a machine without `classFolder` (`/sys/class/tty` or one like it). */
export async function listUsbSerialPorts(classFolder: string): Promise<readonly SerialPortInfo[]> {
  const names = await unlessGone(readdir(classFolder), []);
  return await Promise.all(
    names
      .filter((name) => usbName.test(name))
      .sort()
      .map(async (name) => ({
        path: `/dev/${name}`,
        ...(await describeUsbDevice(join(classFolder, name, "device"))),
      })),
  );
}

/** What the USB device above a port's folder says of itself (Linux ABI, `sysfs-bus-usb`). */
async function describeUsbDevice(portFolder: string): Promise<Omit<SerialPortInfo, "path">> {
  let folder = await unlessGone(realpath(portFolder), null);
  for (let depth = 0; folder !== null && depth < maxDepth; depth++, folder = dirname(folder)) {
    const vendorId = await readAttribute(join(folder, "idVendor"));
    if (vendorId === undefined) continue;
    return {
      vendorId,
      manufacturer: await readAttribute(join(folder, "manufacturer")),
      serialNumber: await readAttribute(join(folder, "serial")),
    };
  }
  return {};
}

async function readAttribute(path: string): Promise<string | undefined> {
  const bytes = await unlessGone(readFileBounded(path, 4096, { op: "read USB attribute" }), null);
  const text = bytes === null ? "" : new TextDecoder().decode(bytes).trim();
  return text === "" ? undefined : text;
}

/** `otherwise` where the kernel does not show it: it was never there, or was unplugged meanwhile. */
async function unlessGone<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = systemCodeOf(hasErrorCode(error) ? error.cause : error);
    if (code === "ENOENT" || code === "ENODEV") return otherwise;
    throw error;
  }
}
