import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { createMqttLink } from "../../../firmware-bridge/framing/mqtt-link.ts";
import type { PacketLink } from "../../../firmware-bridge/framing/packet-link.ts";
import { createDeviceSession, type DeviceSession } from "../../../firmware-bridge/session/device-session.ts";
import type { ByteTransport } from "../../../firmware-bridge/transports/byte-transport.ts";
import { createReconnectingTransport } from "../../../firmware-bridge/transports/reconnecting-transport.ts";
import { createSerialTransport } from "../../../firmware-bridge/transports/serial-transport.ts";
import { createTcpTransport } from "../../../firmware-bridge/transports/tcp-transport.ts";
import {
  type DeviceSimulator,
  type DeviceSimulatorOptions,
  startDeviceSimulator,
} from "../../../src/cli/device/device-simulator.ts";
import { createSimulatedSource } from "../../../src/cli/device/sample-source.ts";
import { openSimulatedDevice } from "../../../src/cli/device/simulated-device.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { systemTimers } from "../../../src/core/platform/clock.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import { createTurbineSimulation } from "../../../src/core/simulate/turbine-simulation.ts";
import { hasTerminals, joinTerminals } from "../../firmware-bridge/serial-line.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { waitsForNobody } from "../../support/waits-for-nobody.ts";

const options = { seed: 11, turbines: 1, fault: "none" } as const;

function source(durationS?: number) {
  return createSimulatedSource(createTurbineSimulation(options), 0, durationS);
}

/** A device on a free port, closed after the test. */
async function startDevice(change: Partial<DeviceSimulatorOptions>): Promise<DeviceSimulator> {
  const simulator = await startDeviceSimulator({
    deviceId: "sim-test",
    outlet: { kind: "tcp", host: "127.0.0.1", port: 0 },
    source: source(),
    ...change,
  });
  onTestFinished(() => simulator.close());
  return simulator;
}

interface Gateway {
  readonly session: DeviceSession;
  readonly counts: number[];
  readonly packets: { readonly firstSample: number; readonly counts: readonly number[] }[];
  /** Where `firstSample` was not the one expected. */
  readonly jumps: number[];
  readonly rpm: Set<number>;
}

/** A gateway's end of the conversation. */
function connectGateway(link: PacketLink): Gateway {
  const counts: number[] = [];
  const packets: Gateway["packets"] = [];
  const jumps: number[] = [];
  const rpm = new Set<number>();
  let next = 0;
  const session = createDeviceSession({
    link,
    gatewayId: "gateway-test",
    runtimeVersion: "0.0.0",
    mode: "raw",
    random: createRandom(1),
    onHello: () => {},
    onMessage: (message) => {
      if (message.type !== "raw-window") return;
      if (message.firstSample !== next) jumps.push(message.firstSample);
      counts.push(...message.counts);
      packets.push({ firstSample: message.firstSample, counts: [...message.counts] });
      rpm.add(message.shaftRpm);
      next = message.firstSample + message.counts.length;
    },
  });
  void session.open();
  onTestFinished(() => session.close());
  return { session, counts, packets, jumps, rpm };
}

function tcpLink(address: string): PacketLink {
  return framedLink(createTcpTransport("127.0.0.1", Number(new URL(address).port)));
}

function framedLink(transport: ByteTransport): PacketLink {
  return createFramedLink(
    createReconnectingTransport(transport, {
      timers: systemTimers,
      random: createRandom(2),
      backoff: { firstMs: 10, maxMs: 50 },
    }),
  );
}

function expectedCounts(samples: number): number[] {
  return [...createTurbineSimulation(options).nextBlock(0, samples).counts];
}

describe("startDeviceSimulator", () => {
  it("streams the simulation over TCP, every sample once and in order, and ends with its source", async () => {
    const simulator = await startDevice({ source: source(5), speed: Number.POSITIVE_INFINITY });
    const gateway = connectGateway(tcpLink(simulator.address));
    expect(await simulator.ended).toBe("source-ended");
    expect(gateway.jumps).toEqual([]);
    await until(() => gateway.counts.length >= 60_000, "what is still on its way");
    expect(gateway.counts).toEqual(expectedCounts(60_000));
    expect(gateway.session.hello?.channels).toEqual([
      { name: "accel-de", unit: "g", sampleRateHz: 12_000, scale: 16 / 32_768 },
    ]);
    for (const rpm of gateway.rpm) expect(rpm).toBeGreaterThan(900);
  });

  it("goes on after the gateway was away, without sending a sample twice", async () => {
    const simulator = await startDevice({ speed: 20 });
    const first = connectGateway(tcpLink(simulator.address));
    await until(() => first.counts.length > 20_000, "the first gateway has samples");
    await first.session.close();
    const second = connectGateway(tcpLink(simulator.address));
    await until(() => second.counts.length > 20_000, "the second gateway has samples");
    const start = second.jumps[0]!;
    expect(start).toBeGreaterThanOrEqual(first.counts.length);
    expect(second.jumps).toHaveLength(1);
    const whole = expectedCounts(start + second.counts.length);
    expect(second.counts).toEqual(whole.slice(start));
  });

  it("stops though the gateway does not read", async () => {
    const simulator = await startDevice({ speed: Number.POSITIVE_INFINITY });
    const gateway = connectGateway(tcpLink(simulator.address));
    await until(() => gateway.counts.length > 0, "the stream has begun");
    gateway.session.pause();
    await waitsForNobody(simulator.close());
    expect(await simulator.ended).toBe("stopped");
  });

  it("stops when nobody ever connected", async () => {
    const simulator = await startDevice({});
    await simulator.close();
    expect(await simulator.ended).toBe("stopped");
    expect(simulator.sentSamples).toBe(0);
  });

  it("keeps good samples good on a bad line: what arrives is what was sent, the rest is counted", async () => {
    const simulator = await startDevice({
      source: source(20),
      speed: 50,
      disturbance: { bitErrorRate: 1e-5, dropRate: 0.02, truncateRate: 0.02, seed: 5 },
    });
    const gateway = connectGateway(tcpLink(simulator.address));
    await until(() => gateway.counts.length > 50_000, "samples in spite of the line");
    await simulator.close();
    const { badFrames, lostFrames } = gateway.session.statistics;
    expect(badFrames + lostFrames).toBeGreaterThan(0);
    expect(gateway.jumps.length).toBeGreaterThan(0);
    const whole = expectedCounts(240_000);
    for (const { firstSample, counts } of gateway.packets) {
      expect(counts).toEqual(whole.slice(firstSample, firstSample + counts.length));
    }
  });

  it("streams over MQTT in larger packets", async () => {
    const allow = (): boolean => true;
    const clientIds: string[] = [];
    const broker = await createEmbeddedBroker({
      host: "127.0.0.1",
      port: 0,
      maxPacketBytes: 1 << 20,
      authenticate: ({ clientId }) => {
        clientIds.push(clientId);
        return true;
      },
      authorisePublish: allow,
      authoriseSubscribe: allow,
    });
    onTestFinished(() => broker.close());
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const topics = createTopics("test/v1");
    const mqtt = createMqttClient({ url, clientId: "gateway" });
    onTestFinished(() => mqtt.close());
    const gateway = connectGateway(
      createMqttLink({
        mqtt,
        listenTopic: topics.deviceTx("gw", "sim-test"),
        sendTopic: topics.deviceRx("gw", "sim-test"),
      }),
    );
    const simulator = await startDevice({
      outlet: { kind: "mqtt", url, base: "test/v1", gateway: "gw" },
      source: source(2),
      speed: Number.POSITIVE_INFINITY,
    });
    expect(simulator.address).toBe("mqtt:sim-test");
    // A device of this id may be under another gateway as well.
    await until(() => clientIds.includes("aurora-device-gw-sim-test"), "a client id with both names");
    expect(await simulator.ended).toBe("source-ended");
    await until(() => gateway.counts.length >= 24_000, "what is still on its way");
    expect(gateway.counts).toEqual(expectedCounts(24_000));
  });

  it.skipIf(!hasTerminals)("streams over a serial line (needs python3 with pty)", async () => {
    const folder = createTemporaryFolder();
    const ends = [join(folder, "device"), join(folder, "gateway")] as const;
    const line = await joinTerminals(...ends);
    onTestFinished(line.pull);
    // The gateway is there first, as when a device is plugged in later: its first hello is lost.
    const gateway = connectGateway(framedLink(createSerialTransport(ends[1])));
    const simulator = await startDevice({
      outlet: { kind: "serial", path: ends[0] },
      source: source(2),
      speed: Number.POSITIVE_INFINITY,
    });
    expect(simulator.address).toBe(ends[0]);
    expect(await simulator.ended).toBe("source-ended");
    await until(() => gateway.counts.length >= 24_000, "what is still on its way");
    expect(gateway.counts).toEqual(expectedCounts(24_000));
  });

  it("says so when its port is taken", async () => {
    const simulator = await startDevice({});
    const port = Number(new URL(simulator.address).port);
    await expect(startDevice({ outlet: { kind: "tcp", host: "127.0.0.1", port } })).rejects.toMatchObject({
      code: "DEVICE_UNREACHABLE",
    });
  });

  it.each([
    ["a serial line", { kind: "serial", path: "/dev/no-such-line" }, "/dev/no-such-line"],
    [
      "a broker",
      { kind: "mqtt", url: "mqtt://127.0.0.1:1", base: "aurora/v1", gateway: "gw" },
      "ECONNREFUSED",
    ],
  ] as const)("says why %s cannot be reached, and goes on trying", async (_name, outlet, why) => {
    const told: string[] = [];
    await startDevice({ outlet, onState: (state, reason) => told.push(`${state}: ${reason}`) });
    await until(
      () => told.some((line) => line.startsWith("connecting: ") && line.includes(why)),
      "the reason",
    );
  });
});

/** A device as the command's own defaults have it. */
const device = {
  connect: "tcp://127.0.0.1:0",
  baud: 921_600,
  id: "sim-test",
  gateway: "gw-1",
  base: "aurora/v1",
  speed: 1,
  noise: 0,
  drop: 0,
  truncate: 0,
  turbine: 0,
  rate: 12_000,
  end: "both",
} as const;

it.each([{ model: "models/bearing-vibration/1.0.0" }, { slot: "slot.bin" }])(
  "without a key %j is refused, for it would run no model",
  async (given) => {
    await expect(openSimulatedDevice({ ...options, ...device, ...given })).rejects.toMatchObject({
      code: "USAGE",
      message: "a device without a key runs no model",
    });
  },
);

it("is not to end with a recording that it does not play", async () => {
  await expect(openSimulatedDevice({ ...options, ...device, once: true })).rejects.toMatchObject({
    code: "USAGE",
    message: "--once ends with a recording, and none is played",
  });
});

it("opens a serial line at the rate that it is told", async () => {
  const { simulator } = await openSimulatedDevice({
    ...options,
    ...device,
    connect: "/dev/ttyUSB0",
    baud: 9600,
  });
  expect(simulator.outlet).toEqual({ kind: "serial", path: "/dev/ttyUSB0", baudRate: 9600 });
});
