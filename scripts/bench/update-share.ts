/** What share of a line of 115,200 baud a model update uses: a device and a gateway on a simulated line, in virtual time. */
import { createFramedLink } from "../../firmware-bridge/framing/framed-link.ts";
import { createModelPush } from "../../firmware-bridge/model/model-push.ts";
import { createModelSlots } from "../../firmware-bridge/model/model-slots.ts";
import { createDeviceEndpoint } from "../../firmware-bridge/session/device-endpoint.ts";
import { createDeviceSession } from "../../firmware-bridge/session/device-session.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createSimulatedLine } from "../link/simulated-line.ts";
import { createVirtualTime } from "../link/virtual-time.ts";

/** Image bytes over bytes that the line carries in the time. */
export function measureUpdateShare(): number {
  const time = createVirtualTime();
  const defer = (callback: () => void): void => void time.after(0, callback);
  const line = createSimulatedLine({ bitsPerSecond: 115_200, timers: time, monotonicMs: () => time.nowMs });
  const random = createRandom(1);
  const key = new Uint8Array(32);
  const bytes = Uint8Array.from({ length: 16_000 }, () => random.uniform() * 256);
  const slots = createModelSlots({
    key,
    slotBytes: 65_536,
    timers: time,
    confirmed: null,
    open: () => ({ run: (inputs: Uint8Array) => inputs }),
    keep: () => {},
  });
  const device = createDeviceEndpoint({
    link: createFramedLink(line.deviceEnd, defer),
    deviceId: "bench",
    firmware: "bench",
    sessionId: 1,
    timers: time,
    random,
    channels: [{ name: "x", unit: "g", sampleRateHz: 12_000, scale: 1 }],
    onModel: (request) => slots.take(request),
  });
  const session = createDeviceSession({
    link: createFramedLink(line.gatewayEnd, defer),
    gatewayId: "bench",
    runtimeVersion: "0",
    mode: "edge" as const,
    timers: time,
    random,
    onHello: () => {},
    onConfigured: () => push.begin(),
    onMessage: (message) => {
      if (message.type === "model-status") push.receive(message);
    },
  });
  const push = createModelPush({
    image: { name: "bench", version: "1.0.0", securityCounter: 1, bytes },
    key,
    probes: [],
    timers: time,
    random,
    send: (message) => session.sendModel(message),
  });
  void device.open();
  void session.open();
  while (push.stage !== "sending") time.advance(0.1);
  const from = time.nowMs;
  while (push.stage === "sending") time.advance(0.1);
  const lineBytes = ((time.nowMs - from) / 1000) * 11_520;
  push.cancel("measured");
  void session.close();
  void device.close();
  return bytes.length / lineBytes;
}
