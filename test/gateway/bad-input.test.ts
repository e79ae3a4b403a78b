import { connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { createRandom } from "../../src/core/maths/random.ts";
import { findFreePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";
import { type HandDevice, startHandDevice, vibration } from "./hand-device.ts";
import { createInstallation, type StatusPage, statusWhen, type TestGateway } from "./installation.ts";
import { createTurbine } from "./turbines.ts";

const { bearing } = createTurbine(31, null);

interface Line {
  readonly device: HandDevice;
  readonly gateway: TestGateway;
}

async function openLine(channels?: Parameters<typeof startHandDevice>[1]): Promise<Line> {
  const installation = await createInstallation();
  const device = await startHandDevice("WT01", channels);
  const gateway = await installation.startGateway([{ id: "WT01", bearing, connect: device.address }]);
  return { device, gateway };
}

/** Good windows come through again after whatever was before. */
async function expectServing({ device, gateway }: Line): Promise<StatusPage> {
  const { windows } = await gateway.status();
  await device.stream(4);
  const after = await statusWhen(gateway, (status) => status.windows.processed >= windows.processed + 2);
  expect(after.windows.dropped).toBe(0);
  return after;
}

async function metricsOf(gateway: TestGateway): Promise<string> {
  return (await fetch(`${gateway.httpUrl}/metrics`)).text();
}

test("random bytes on the line are counted and skipped", async () => {
  const line = await openLine();
  await line.device.stream(2);
  const random = createRandom(4);
  for (let burst = 0; burst < 50; burst++) {
    line.device.bytes(Uint8Array.from({ length: 1000 }, () => random.integer(256)));
    await line.device.stream(0.1);
  }
  const { devices } = await expectServing(line);
  expect(devices[0]?.link.discardedBytes).toBeGreaterThan(40_000);
  expect(await metricsOf(line.gateway)).toMatch(/^aurora_device_discarded_bytes_total [4-9]\d{4}$/m);
});

test("a line of nothing but random bytes is waited out until a device speaks", async () => {
  const installation = await createInstallation();
  const random = createRandom(5);
  const noise = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(Uint8Array.from({ length: 1_000_000 }, () => random.integer(256)));
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => noise.listen(port, "127.0.0.1", resolve));
  const sockets: Socket[] = [];
  noise.on("connection", (socket) => sockets.push(socket));
  const gateway = await installation.startGateway([
    { id: "WT01", bearing, connect: `tcp://127.0.0.1:${port}` },
  ]);
  const { devices } = await statusWhen(
    gateway,
    (status) => (status.devices[0]?.link.bytes ?? 0) >= 1_000_000,
  );
  expect(devices[0]?.state).toBe("waiting-for-hello");
  expect(devices[0]?.link.discardedBytes).toBeGreaterThan(990_000);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => noise.close(resolve));
  await expectServing({ device: await startHandDevice("WT01", [vibration], port), gateway });
});

test("a truncated protobuf in a good frame is counted, and the gap that it leaves", async () => {
  const line = await openLine();
  await line.device.stream(0.5);
  await line.device.stream(0.04, { payload: (_payload, length) => length - 7 });
  await line.device.stream(0.04, { payload: () => 0 });
  await line.device.stream(0.04, {
    payload: (payload, length) => {
      payload.fill(0xff, 0, length);
      return length;
    },
  });
  const { devices, windows } = await expectServing(line);
  expect(devices[0]).toMatchObject({ state: "established", link: { malformedMessages: 3 } });
  expect(windows.byReason).toEqual({ gap: 2 });
  expect(windows.quarantined).toBe(1);
  expect(await metricsOf(line.gateway)).toContain('aurora_quarantined_total{reason="gap"} 2');
});

test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "a shaft speed of %d is no speed: its samples are set aside with that reason",
  async (shaftRpm) => {
    const line = await openLine();
    await line.device.stream(0.4);
    await line.device.stream(0.4, { shaftRpm });
    const { windows } = await expectServing(line);
    expect(windows.byReason["no-shaft-speed"]).toBe(11);
    expect(windows.quarantined).toBe(1);
  },
);

test("a device that announces a scale of NaN is told so and not listened to", async () => {
  const { device, gateway } = await openLine([{ ...vibration, scale: Number.NaN }]);
  await expect(device.stream(0.1)).rejects.toMatchObject({ code: "DEVICE_PROTOCOL" });
  const { devices, windows } = await gateway.status();
  expect(devices[0]?.link.malformedMessages).toBeGreaterThan(0);
  expect(windows.processed).toBe(0);
});

test("a clock that jumps an hour forth and back costs a block each time and no more", async () => {
  const line = await openLine();
  await line.device.stream(2);
  await line.device.stream(2, { clockJumpMs: 3_600_000 });
  await line.device.stream(2, { clockJumpMs: -3_600_000 });
  const { windows } = await expectServing(line);
  expect(windows.byReason).toMatchObject({ "time-jump": 1, "time-backwards": 1 });
  expect(windows.quarantined).toBe(2);
});

test("a channel that is not there, has another unit or is new is a change of the schema that the collector hears of", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const good = await startHandDevice("WT01");
  const plan = { id: "WT01", bearing, connect: good.address };
  const first = await installation.startGateway([plan]);
  await expectServing({ device: good, gateway: first });
  await first.close();

  const wrongUnit = await startHandDevice("WT01", [{ ...vibration, unit: "mm/s" }]);
  const second = await installation.startGateway([{ ...plan, connect: wrongUnit.address }]);
  await wrongUnit.stream(1);
  await statusWhen(second, (status) => status.windows.byReason.unit === 25);
  expect((await second.status()).windows).toMatchObject({ processed: 0, quarantined: 0 });
  await second.close();

  const other = await startHandDevice("WT01", [{ ...vibration, name: "accel-fe" }]);
  const third = await installation.startGateway([{ ...plan, connect: other.address }]);
  await other.stream(1);
  await statusWhen(third, (status) => status.windows.byReason["unknown-channel"] === 25);
  const events = async (): Promise<string[]> =>
    (await collector.record.events({ limit: 100, offset: 0, search: "schema-drift" })).items
      .map(({ name, subject }) => `${name} ${subject}`)
      .sort();
  await until(async () => (await events()).length === 3, "three events");
  expect(await events()).toEqual([
    "schema-drift.missing-channel mcu-WT01/accel-de",
    "schema-drift.new-channel mcu-WT01/accel-fe",
    "schema-drift.unit mcu-WT01/accel-de",
  ]);
});

test("a message of 100 MB is cut off at the broker's door, and everybody else goes on", async () => {
  const installation = await createInstallation();
  const collector = await installation.startCollector();
  const device = await startHandDevice("WT01");
  const gateway = await installation.startGateway([{ id: "WT01", bearing, connect: device.address }]);
  await statusWhen(gateway, (status) => status.mqtt.connected);
  const socket = connect(Number(new URL(installation.mqttUrl).port), "127.0.0.1");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  socket.write(connectPacket("gw-1", "gw-1", installation.password));
  // PUBLISH with a remaining length of 104,857,600 bytes.
  socket.write(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x32));
  const piece = new Uint8Array(65_536);
  let sent = 0;
  const flood = (): void => {
    while (sent < 104_857_600 && !socket.destroyed && socket.write(piece)) sent += piece.length;
  };
  socket.on("drain", flood);
  flood();
  await closed;
  expect(sent).toBeLessThan(20_000_000);
  await expectServing({ device, gateway });
  expect((await gateway.status()).mqtt.connected).toBe(true);
  expect((await fetch(`${collector.url}/-/ready`)).status).toBe(200);
});

test("a source whose package is not installed is told of, and the others are served", async () => {
  const installation = await createInstallation();
  const device = await startHandDevice("WT01");
  const channels = [{ name: "shaft-speed", node: "ns=2;s=a", unit: "rpm" }];
  const url = "opc.tcp://127.0.0.1:4840";
  const opcua = [{ url, security: "none", turbines: [{ turbine: "WT01", channels }] }];
  const gateway = await installation.startGateway([{ id: "WT01", bearing, connect: device.address }], {
    opcua,
  });
  await expectServing({ device, gateway });
  expect(await gateway.status()).toMatchObject({
    sources: [{ name: url, connected: false, faults: [expect.stringMatching(/not installed/)] }],
  });
});

/** An MQTT 3.1.1 CONNECT with user name and password (section 3.1). */
function connectPacket(clientId: string, username: string, password: string): Uint8Array {
  const text = (value: string): number[] => {
    const bytes = Buffer.from(value);
    return [bytes.length >> 8, bytes.length & 255, ...bytes];
  };
  const body = [
    ...text("MQTT"),
    4,
    0xc2,
    0,
    30,
    ...text(`${clientId}-x`),
    ...text(username),
    ...text(password),
  ];
  return Uint8Array.of(0x10, body.length, ...body);
}
