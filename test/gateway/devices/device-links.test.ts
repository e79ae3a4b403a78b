import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createFrameEncoder, maxFrameBytesOnWire } from "../../../firmware-bridge/framing/frame-encoder.ts";
import { linkTiming } from "../../../firmware-bridge/link-timing.ts";
import { encodeMessage } from "../../../firmware-bridge/messages/message-codec.ts";
import { packetTypes } from "../../../firmware-bridge/protocol.ts";
import type { DeviceConfig } from "../../../src/core/contract/config/gateway-config.ts";
import type { HelloMessage } from "../../../src/core/contract/device/device-message.ts";
import { type LogFields, type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { until } from "../../support/until.ts";
import { openLinks } from "../open-links.ts";

function deviceAt(connect: string): DeviceConfig {
  return {
    id: "mcu-1",
    connect,
    baud: 921_600,
    mode: "raw",
    keyFile: null,
    alarmRawSamples: 0,
    alertCaptureSeconds: 0,
  };
}

/** Opens one device, and collects what is warned of. */
async function openOne(device: DeviceConfig) {
  const warnings: LogFields[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (message, fields) => warnings.push({ message, ...fields }),
    child: () => logger,
  };
  const { sessions } = await openLinks([device], logger);
  return { warnings, watch: sessions[0]!.watch };
}

test.each([
  ["serial line", "/dev/no-such-line", "/dev/no-such-line", "group dialout"],
  ["tcp address", "tcp://127.0.0.1:1", "ECONNREFUSED", "check the address"],
])(
  "a %s that does not answer is said once, with address, reason and what to do, and tried again",
  async (_name, connect, why, what) => {
    const { warnings, watch } = await openOne(deviceAt(connect));
    await until(() => warnings.length > 0, "a warning");
    const reason = expect.stringContaining(why);
    const hint = expect.stringContaining(what);
    expect(warnings).toEqual([{ message: "no contact with device, trying again", connect, reason, hint }]);
    expect(watch.noContact).toContain(what);
  },
);

test("a device that says hello without end under another's id, and never reads, costs nothing", async () => {
  const hellos = encodeHellos("mcu-9", 2_000);
  let wanted = 200_000;
  const flooded: { socket: Socket; sent: number; pump: () => void }[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.pause();
    const pump = (): void => {
      while (flood.sent < wanted) {
        flood.sent += 2_000;
        if (!socket.write(hellos)) return void socket.once("drain", pump);
      }
    };
    const flood = { socket, sent: 0, pump };
    flooded.push(flood);
    pump();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const { socket } of flooded) socket.destroy();
    server.close();
  });
  const warnings: LogFields[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (message, fields) => warnings.push({ message, ...fields }),
    child: () => logger,
  };
  const links = await openLinks(
    [deviceAt(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`)],
    logger,
  );
  const { session } = links.sessions[0]!;
  await until(() => session.statistics.frames >= 200_000, "the gateway has read all hellos", 20_000);
  expect(session.statistics.refusedFrames).toBeGreaterThan(199_000);
  // Those that had waited may be healthy: it goes on.
  await new Promise((resolve) => setTimeout(resolve, linkTiming.helloMaxMs));
  wanted += 2_000;
  flooded[0]!.pump();
  await until(() => session.statistics.frames >= wanted, "the gateway has read the others");
  expect(warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining('"mcu-1" is expected'),
    expect.stringContaining("says hello without end"),
  ]);
  let answered = 0;
  flooded[0]!.socket.on("data", (chunk: Buffer) => {
    answered += chunk.length;
  });
  flooded[0]!.socket.resume();
  await until(() => answered > 0, "the gateway's answers");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(answered).toBeLessThan(100_000);
});

/** So many frames with the hello of this device, as one run of bytes. */
function encodeHellos(deviceId: string, count: number): Buffer {
  const encoder = createFrameEncoder();
  const hello: HelloMessage = {
    type: "hello",
    protocolMajor: 1,
    protocolMinor: 1,
    deviceId,
    firmware: "flood",
    sessionId: 7,
    channels: [],
  };
  const bytes = Buffer.alloc(count * maxFrameBytesOnWire);
  let end = 0;
  for (let sequence = 0; sequence < count; sequence++) {
    const length = encodeMessage(hello, encoder.payload);
    end = encoder.encode(packetTypes.hello, 0, sequence, length, bytes, end);
  }
  return bytes.subarray(0, end);
}
