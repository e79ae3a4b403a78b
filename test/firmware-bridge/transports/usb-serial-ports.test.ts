import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { listSerialPorts } from "../../../firmware-bridge/transports/serial-transport.ts";
import { listUsbSerialPorts } from "../../../firmware-bridge/transports/usb-serial-ports.ts";

let system: string;

beforeEach(async () => {
  system = await mkdtemp(join(tmpdir(), "aurora-usb-"));
  await mkdir(join(system, "tty"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(system, { recursive: true, force: true });
});

/** As the kernel lays it out: the class folder links to the port, whose `device` links into the USB device's folder. */
async function plugIn(name: string, interfaceFolder: string, attributes: object | null): Promise<void> {
  const usbDevice = join(system, `usb-${name}`);
  const port = join(usbDevice, interfaceFolder);
  await mkdir(port, { recursive: true });
  for (const [attribute, value] of Object.entries(attributes ?? {}))
    await writeFile(join(usbDevice, attribute), `${value}\n`);
  await mkdir(join(system, "tty", name));
  await symlink(port, join(system, "tty", name, "device"));
}

test("USB ports are named with what their device says of itself, others are left out", async () => {
  await plugIn("ttyUSB0", "1-1:1.0/ttyUSB0", { idVendor: "0403", manufacturer: "FTDI", serial: "A1B2" });
  await plugIn("ttyACM0", "1-2:1.0", { idVendor: "0483" });
  await plugIn("ttyS0", "serial0", { idVendor: "dead" });
  await plugIn("tty1", "console", null);
  expect(await listUsbSerialPorts(join(system, "tty"))).toEqual([
    { path: "/dev/ttyACM0", vendorId: "0483" },
    { path: "/dev/ttyUSB0", vendorId: "0403", manufacturer: "FTDI", serialNumber: "A1B2" },
  ]);
});

test("a port that was unplugged meanwhile, and one whose device says nothing, are listed by path alone", async () => {
  await mkdir(join(system, "tty", "ttyUSB3"));
  await plugIn("ttyUSB4", "a/b/c/d/e", { idVendor: "0403" });
  expect(await listUsbSerialPorts(join(system, "tty"))).toEqual([
    { path: "/dev/ttyUSB3" },
    { path: "/dev/ttyUSB4" },
  ]);
});

test("a machine without such a folder has no ports", async () => {
  expect(await listUsbSerialPorts(join(system, "none"))).toEqual([]);
});

test("a folder that cannot be listed is an error, not a machine without ports", async () => {
  await writeFile(join(system, "file"), "");
  await expect(listUsbSerialPorts(join(system, "file"))).rejects.toThrow(/ENOTDIR/);
});

test("an attribute that cannot be read is an error", async () => {
  await plugIn("ttyUSB5", "port", null);
  await mkdir(join(system, "usb-ttyUSB5", "idVendor"));
  await expect(listUsbSerialPorts(join(system, "tty"))).rejects.toThrow(/cannot read USB attribute/);
});

test("listing ports does not need udev", async () => {
  vi.stubEnv("PATH", "");
  expect(await listSerialPorts()).toBeInstanceOf(Array);
  // There, and not this user's to run.
  await writeFile(join(system, "udevadm"), "", { mode: 0o600 });
  vi.stubEnv("PATH", system);
  expect(await listSerialPorts()).toBeInstanceOf(Array);
});
