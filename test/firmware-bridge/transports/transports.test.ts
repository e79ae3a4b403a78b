import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { reconnectBackoff } from "../../../firmware-bridge/link-timing.ts";
import type {
  ByteTransport,
  ByteTransportHandlers,
} from "../../../firmware-bridge/transports/byte-transport.ts";
import { parseDeviceAddress } from "../../../firmware-bridge/transports/device-address.ts";
import { createReconnectingTransport } from "../../../firmware-bridge/transports/reconnecting-transport.ts";
import {
  createTcpListenerTransport,
  createTcpTransport,
} from "../../../firmware-bridge/transports/tcp-transport.ts";
import { AuroraError, hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { systemTimers } from "../../../src/core/platform/clock.ts";
import { findFreePort } from "../../support/free-port.ts";
import { listeningPort } from "../../support/listening-port.ts";
import { createDevice, listen } from "../conversation.ts";
import { createManualTimers } from "../manual-timers.ts";
import { observe } from "../observe-transport.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return listeningPort(server);
}

describe("tcp", () => {
  test("bytes go both ways", async () => {
    const device = observe();
    const gateway = observe();
    const listener = createTcpListenerTransport("127.0.0.1", 0);
    await listener.open(device.handlers);
    const client = createTcpTransport("127.0.0.1", listener.port);
    closers.push(
      () => listener.close(),
      () => client.close(),
    );
    await client.open(gateway.handlers);
    client.write(Uint8Array.of(1, 2));
    await device.until(() => device.bytes.length === 2);
    listener.write(Uint8Array.of(3, 4, 5));
    await gateway.until(() => gateway.bytes.length === 3);
    expect([device.bytes, gateway.bytes]).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(client.name).toBe(`tcp://127.0.0.1:${listener.port}`);
  });

  test("an address where nobody listens is an error that names it", async () => {
    const port = await findFreePort();
    const error = await createTcpTransport("127.0.0.1", port)
      .open(observe().handlers)
      .catch((reason: unknown) => reason);
    expect(hasErrorCode(error, "DEVICE_UNREACHABLE")).toBe(true);
    expect(error).toMatchObject({ message: expect.stringContaining(`tcp://127.0.0.1:${port}`) });
  });

  test("a reader that pauses makes the writer wait, and nothing is lost", async () => {
    const gateway = observe();
    const device = observe();
    let received = 0;
    let sum = 0;
    const listener = createTcpListenerTransport("127.0.0.1", 0);
    await listener.open(device.handlers);
    const client = createTcpTransport("127.0.0.1", listener.port);
    closers.push(
      () => listener.close(),
      () => client.close(),
    );
    const total = 64;
    let resolveAll = (): void => {};
    const all = new Promise<void>((resolve) => (resolveAll = resolve));
    await client.open({
      ...gateway.handlers,
      onBytes: (chunk) => {
        received += chunk.length;
        for (const byte of chunk) sum += byte;
        if (received === total * 1_000_000) resolveAll();
      },
    });
    await device.until(() => device.events.includes("open"));
    client.pauseReading();
    let refused = 0;
    for (let block = 0; block < total; block++)
      if (!listener.write(new Uint8Array(1_000_000).fill(1))) refused++;
    expect(refused).toBeGreaterThan(0);
    const before = received;
    expect(before).toBeLessThan(total * 1_000_000);
    client.resumeReading();
    await all;
    await device.until(() => device.events.includes("drain"));
    expect(sum).toBe(total * 1_000_000);
  });

  test("a newer client replaces a half-open one", async () => {
    const device = observe();
    const first = observe();
    const second = observe();
    const listener = createTcpListenerTransport("127.0.0.1", 0);
    await listener.open(device.handlers);
    const old = createTcpTransport("127.0.0.1", listener.port);
    const young = createTcpTransport("127.0.0.1", listener.port);
    closers.push(
      () => listener.close(),
      () => old.close(),
      () => young.close(),
    );
    await old.open(first.handlers);
    await device.until(() => device.events.length === 1);
    await young.open(second.handlers);
    await first.until(() => first.events.some((event) => event.startsWith("close")));
    listener.write(Uint8Array.of(9));
    await second.until(() => second.bytes.length === 1);
    expect(device.events).toEqual(["open", "open"]);
  });

  test("a port in use is an error", async () => {
    const port = await serve(() => {});
    const error = await createTcpListenerTransport("127.0.0.1", port)
      .open(observe().handlers)
      .catch((reason: unknown) => reason);
    expect(hasErrorCode(error, "DEVICE_UNREACHABLE")).toBe(true);
  });
});

describe("reconnecting", () => {
  /** A transport whose attempts fail until told otherwise. */
  function createFlaky() {
    let handlers: ByteTransportHandlers | undefined;
    const state = { attempts: 0, works: false };
    const transport: ByteTransport = {
      name: "flaky",
      open: async (given) => {
        state.attempts++;
        if (!state.works) throw new AuroraError("DEVICE_UNREACHABLE", "nobody there", { op: "connect" });
        handlers = given;
        given.onOpen();
      },
      write: () => true,
      pauseReading: () => {},
      resumeReading: () => {},
      drop: (reason) => handlers?.onClose(reason),
      close: async () => {},
    };
    return { transport, state };
  }
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("attempts go on for ever, at bounded, jittered distances, and start from the first after a good time", async () => {
    const timers = createManualTimers();
    const { transport, state } = createFlaky();
    const events = observe();
    const reconnecting = createReconnectingTransport(transport, { timers, random: createRandom(5) });
    await reconnecting.open(events.handlers);
    await settle();
    const distances: number[] = [];
    let lastMs = 0;
    while (distances.length < 12) {
      const before = state.attempts;
      timers.advance(50);
      await settle();
      if (state.attempts === before) continue;
      distances.push(timers.nowMs - lastMs);
      lastMs = timers.nowMs;
    }
    const { firstMs, maxMs } = reconnectBackoff;
    distances.forEach((distance, index) => {
      const step = Math.min(firstMs * 2 ** index, maxMs);
      expect(distance).toBeGreaterThanOrEqual(step / 2);
      expect(distance).toBeLessThanOrEqual(step + 50);
    });
    expect(new Set(distances.slice(-5)).size).toBeGreaterThan(1);
    state.works = true;
    timers.advance(maxMs);
    await settle();
    expect(events.events.at(-1)).toBe("open");
    timers.advance(60_000);
    reconnecting.drop("pulled");
    expect(events.events.at(-1)).toBe("close: pulled");
    const before = state.attempts;
    timers.advance(firstMs);
    await settle();
    expect(state.attempts).toBe(before + 1);
    await reconnecting.close();
    expect(timers.waiting).toBe(0);
  });

  test("a device that streams for five seconds at a time is reached again at once, every time", async () => {
    const timers = createManualTimers();
    const { transport, state } = createFlaky();
    state.works = true;
    const events = observe();
    const reconnecting = createReconnectingTransport(transport, { timers, random: createRandom(5) });
    await reconnecting.open(events.handlers);
    for (let boot = 1; boot <= 20; boot++) {
      reconnecting.settle();
      timers.advance(5_000);
      reconnecting.drop("the device restarts");
      timers.advance(reconnectBackoff.firstMs);
      await settle();
      expect(state.attempts).toBe(boot + 1);
    }
    await reconnecting.close();
  });

  test("a session survives a device that dies and comes back on the same port", async () => {
    const random = createRandom(6);
    const port = await findFreePort();
    const device = createDevice(createFramedLink(createTcpListenerTransport("127.0.0.1", port)));
    await device.open();
    const transport = createReconnectingTransport(createTcpTransport("127.0.0.1", port), {
      timers: systemTimers,
      random,
      backoff: { firstMs: 10, maxMs: 50 },
    });
    const heard = listen(createFramedLink(transport));
    closers.push(() => heard.session.close());
    await heard.session.open();
    await device.ready();
    device.send({ type: "reading", channel: 0, timestampUs: 0, value: 1 });
    await heard.until(() => heard.values.includes(1));
    await device.close();
    await heard.reaches("connecting");
    const again = createDevice(createFramedLink(createTcpListenerTransport("127.0.0.1", port)), {
      sessionId: 2,
    });
    closers.push(again.close);
    await again.open();
    await again.ready();
    again.send({ type: "reading", channel: 0, timestampUs: 0, value: 2 });
    await heard.until(() => heard.values.includes(2));
    expect(heard.hellos.map(({ sessionId }) => sessionId)).toEqual([0x1234_5678, 2]);
    expect(heard.session.statistics.reconnects).toBeGreaterThanOrEqual(1);
  });
});

describe("addresses", () => {
  test.each([
    ["tcp://10.0.0.7:4001", { kind: "tcp", host: "10.0.0.7", port: 4001 }],
    ["tcp://[::1]:4001", { kind: "tcp", host: "::1", port: 4001 }],
    ["tcp://ser2net.local:2000/", { kind: "tcp", host: "ser2net.local", port: 2000 }],
    ["/dev/serial/by-id/usb-x", { kind: "serial", path: "/dev/serial/by-id/usb-x" }],
    ["COM3", { kind: "serial", path: "COM3" }],
    ["mqtt:device-1", { kind: "mqtt", deviceId: "device-1" }],
  ])("%s is understood", (text, address) => {
    expect(parseDeviceAddress(text)).toEqual({ ok: true, value: address });
  });

  test.each([
    "",
    "tcp://host",
    "tcp://:1",
    "tcp://host:0",
    "tcp://host:70000",
    "tcp://a:1/x",
    "mqtt:a/b",
    "ttyUSB0",
    "http://x:1",
  ])("%j is refused", (text) => {
    expect(parseDeviceAddress(text).ok).toBe(false);
  });
});
