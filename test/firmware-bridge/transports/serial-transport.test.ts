import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import type { PacketLink } from "../../../firmware-bridge/framing/packet-link.ts";
import { createByteTransport } from "../../../firmware-bridge/transports/device-address.ts";
import { createReconnectingTransport } from "../../../firmware-bridge/transports/reconnecting-transport.ts";
import { createSerialTransport } from "../../../firmware-bridge/transports/serial-transport.ts";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { systemTimers } from "../../../src/core/platform/clock.ts";
import { endWithProcess } from "../../../src/core/platform/daemon/at-process-end.ts";
import { hasEnded } from "../../support/has-ended.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createDevice, listen, sendRaw } from "../conversation.ts";
import { observe } from "../observe-transport.ts";
import { hasTerminals, joinTerminals, type SerialLine } from "../serial-line.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function unplug(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** Joins two paths until the end of the test, or until the line is pulled. */
async function plugIn(first: string, second: string): Promise<SerialLine> {
  const line = await joinTerminals(first, second);
  closers.push(line.pull);
  return line;
}

async function openSerialLink(path: string): Promise<PacketLink> {
  const transport = createReconnectingTransport(await createByteTransport({ kind: "serial", path }), {
    timers: systemTimers,
    random: createRandom(8),
    backoff: { firstMs: 20, maxMs: 100 },
  });
  return createFramedLink(transport);
}

test("a path that is not a serial port is an error that names it", async () => {
  const handlers = { onOpen: () => {}, onBytes: () => {}, onDrain: () => {}, onClose: () => {} };
  const error = await createSerialTransport("/nonexistent/tty")
    .open(handlers)
    .catch((reason: unknown) => reason);
  expect(hasErrorCode(error, "DEVICE_UNREACHABLE")).toBe(true);
  expect(error).toMatchObject({ message: "cannot open /nonexistent/tty: No such file or directory" });
});

test("a port that the system closes to this service names the line that opens it", async (context) => {
  const path = join(createTemporaryFolder(), "port");
  writeFileSync(path, "");
  // A file that nobody may change is refused as a device that the unit does not allow.
  const canClose = spawnSync("chattr", ["+i", path]).status === 0;
  if (!canClose) return context.skip("needs chattr +i");
  closers.push(() => spawnSync("chattr", ["-i", path]));
  const handlers = { onOpen: () => {}, onBytes: () => {}, onDrain: () => {}, onClose: () => {} };
  await expect(createSerialTransport(path).open(handlers)).rejects.toMatchObject({
    code: "DEVICE_UNREACHABLE",
    message: expect.stringMatching(/closed to the service or container$/),
    hint: expect.stringMatching(
      /\[Service\] DeviceAllow=char-\d+ rw, and restart it; begin a container with --device \/\S+\/port$/,
    ),
  });
});

describe.skipIf(!hasTerminals)("a serial line (needs python3 with pty)", () => {
  test("a port that another program has open is told as such, and is free when that lets go", async () => {
    const folder = createTemporaryFolder();
    const path = join(folder, "gateway");
    await plugIn(path, join(folder, "device"));
    const handlers = { onOpen: () => {}, onBytes: () => {}, onDrain: () => {}, onClose: () => {} };
    const first = createSerialTransport(path);
    await first.open(handlers);
    const second = createSerialTransport(path);
    closers.push(() => second.close());
    await expect(second.open(handlers)).rejects.toMatchObject({
      message: `cannot open ${path}: another program has this port open`,
      hint: expect.stringContaining(`fuser ${path}`),
    });
    await first.close();
    await second.open(handlers);
  });

  test("a port that is closed while it is being opened is free for the next", async () => {
    const folder = createTemporaryFolder();
    const path = join(folder, "gateway");
    await plugIn(path, join(folder, "device"));
    const { handlers, events } = observe();
    const first = createSerialTransport(path);
    const opening = first.open(handlers);
    await first.close();
    await expect(opening).rejects.toMatchObject({ code: "DEVICE_UNREACHABLE" });
    expect(events).toEqual([]);
    const second = createSerialTransport(path);
    closers.push(() => second.close());
    await second.open(handlers);
  });

  test("samples arrive over a serial line, and the conversation goes on after the adapter was pulled", async () => {
    const folder = createTemporaryFolder();
    const paths = [join(folder, "gateway"), join(folder, "device")] as const;
    const adapter = await plugIn(...paths);
    const heard = listen(await openSerialLink(paths[0]));
    const device = createDevice(await openSerialLink(paths[1]), {
      limits: { maxInFlightFrames: 8, helloBackoff: { firstMs: 20, maxMs: 100 } },
    });
    closers.push(() => heard.session.close(), device.close);
    await heard.session.open();
    await device.open();

    const counts = Int16Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 65_536);
    await sendRaw(device, counts.subarray(0, 10_000), { size: 400, shaftRpm: 900 });
    await device.drained();
    const received = (): Map<number, number> => heard.samples.get(0) ?? new Map();
    await heard.until(() => received().size === 10_000);

    await adapter.pull();
    await heard.reaches("connecting");
    await plugIn(...paths);
    await device.ready();
    await sendRaw(device, counts.subarray(10_000), { size: 400, at: 10_000, shaftRpm: 900 });
    await heard.until(() => received().has(19_999));
    for (const [index, value] of received()) if (counts[index] !== value) expect.fail(`sample ${index}`);
    expect(heard.session.statistics.reconnects).toBeGreaterThan(0);
    expect(heard.hellos).toHaveLength(1);
  });

  test("random bytes on the line are counted, and the device is still understood", async () => {
    const folder = createTemporaryFolder();
    const paths = [join(folder, "gateway"), join(folder, "device")] as const;
    await plugIn(...paths);
    const heard = listen(await openSerialLink(paths[0]));
    closers.push(() => heard.session.close());
    await heard.session.open();
    await heard.reaches("waiting-for-hello");
    const random = createRandom(9);
    const noisy = createSerialTransport(paths[1]);
    await noisy.open({ onOpen: () => {}, onBytes: () => {}, onDrain: () => {}, onClose: () => {} });
    noisy.write(Uint8Array.from({ length: 3_000 }, () => random.integer(256)));
    while (heard.session.statistics.bytes < 3_000) await new Promise((resolve) => setImmediate(resolve));
    expect(heard.session.statistics.discardedBytes).toBeGreaterThan(2_000);
    await noisy.close();
    const device = createDevice(await openSerialLink(paths[1]));
    closers.push(device.close);
    await device.open();
    await device.ready();
    device.send({ type: "reading", channel: 0, timestampUs: 0, value: 3 });
    await heard.until(() => heard.values.includes(3));
    expect(heard.session.statistics.frames).toBeGreaterThan(0);
  });

  test("a port that is not read from keeps its bytes until it is", async () => {
    const folder = createTemporaryFolder();
    const paths = [join(folder, "gateway"), join(folder, "device")] as const;
    await plugIn(...paths);
    const gateway = observe();
    const device = observe();
    const port = createSerialTransport(paths[0]);
    const farEnd = createSerialTransport(paths[1]);
    closers.push(port.close, farEnd.close);
    await port.open(gateway.handlers);
    await farEnd.open(device.handlers);
    farEnd.write(Uint8Array.of(1));
    await gateway.until(() => gateway.bytes.length >= 1);
    port.pauseReading();
    farEnd.write(Uint8Array.of(2, 3));
    // An answer that went all the way to the far end: what was said before it has had the time to come.
    port.write(Uint8Array.of(9));
    await device.until(() => device.bytes.length > 0);
    expect(gateway.bytes).toEqual([1]);
    port.resumeReading();
    await gateway.until(() => gateway.bytes.length >= 3);
    expect(gateway.bytes).toEqual([1, 2, 3]);
  });

  test("a device that does not listen is heard, and its end is noticed while it is", async () => {
    const folder = createTemporaryFolder();
    const path = join(folder, "gateway");
    const device = endWithProcess(
      spawn("python3", ["-c", talker, path], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    closers.push(() => unplug(device));
    await once(device.stdout!, "data");
    const gateway = observe();
    const port = createSerialTransport(path);
    closers.push(port.close);
    await port.open(gateway.handlers);
    // More than a terminal holds: the rest of it waits for ever.
    expect(port.write(new Uint8Array(100_000))).toBe(false);
    await gateway.until(() => gateway.bytes.length >= 30);
    await unplug(device);
    await gateway.until(() => gateway.events.some((event) => event.startsWith("close")));
  });
});

/** Says a byte every five milliseconds and never reads. */
const talker = `
import os, pty, sys, time, tty
master, slave = pty.openpty()
tty.setraw(slave)
os.symlink(os.ttyname(slave), sys.argv[1])
print("ready", flush=True)
while True:
    os.write(master, b"x")
    time.sleep(0.005)
`;
