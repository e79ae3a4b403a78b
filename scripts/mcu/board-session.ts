/** A gateway's session with a virtual board, and pushes of models through it: the gateway's own code on the real line. */

import { createFramedLink } from "../../firmware-bridge/framing/framed-link.ts";
import { createModelPush, type ModelPush } from "../../firmware-bridge/model/model-push.ts";
import type {
  ModelImage,
  ModelProbe,
  ModelPushResult,
} from "../../firmware-bridge/model/model-push-options.ts";
import { createDeviceSession, type DeviceSession } from "../../firmware-bridge/session/device-session.ts";
import type {
  DeviceDataMessage,
  DeviceSessionOptions,
} from "../../firmware-bridge/session/device-session-options.ts";
import { createByteTransport, parseDeviceAddress } from "../../firmware-bridge/transports/device-address.ts";
import { createReconnectingTransport } from "../../firmware-bridge/transports/reconnecting-transport.ts";
import type { HelloMessage } from "../../src/core/contract/device/device-message.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";

/** An open session. */
export interface BoardSession {
  readonly session: DeviceSession;
  /** Resolves with the first Hello, and rejects with what `ended` says if the board ends before. */
  readonly hello: Promise<HelloMessage>;
  /** Pushes a model; one at a time. */
  push(image: ModelImage, key: Uint8Array, probes: readonly ModelProbe[]): Promise<ModelPushResult>;
  close(): Promise<void>;
}

/** Opens a session at an address of `startVirtualBoard`. */
export async function openBoardSession(
  place: string,
  options: Partial<DeviceSessionOptions> & { onData?(message: DeviceDataMessage): void } = {},
): Promise<BoardSession> {
  const address = parseDeviceAddress(place);
  if (!address.ok || address.value.kind === "mqtt") throw new Error(`not an address of a board: ${place}`);
  const transport = createReconnectingTransport(await createByteTransport(address.value), {
    timers: systemTimers,
    random: createRandom(8),
    backoff: { firstMs: 20, maxMs: 200 },
  });
  let push: ModelPush | undefined;
  let greet = (_: HelloMessage): void => {};
  const hello = new Promise<HelloMessage>((resolve) => {
    greet = resolve;
  });
  let configured = false;
  const session = createDeviceSession({
    link: createFramedLink(transport),
    gatewayId: "gateway-1",
    runtimeVersion: "0.1.0",
    mode: "edge",
    random: createRandom(1),
    ...options,
    onHello: (said) => {
      configured = false;
      push?.suspend();
      greet(said);
    },
    onConfigured: () => {
      configured = true;
      if (push?.stage === "waiting") push.begin();
    },
    onState: (state) => {
      if (state === "established") return;
      configured = false;
      push?.suspend();
    },
    onMessage: (message) => {
      if (message.type === "model-status") push?.receive(message);
      options.onData?.(message);
    },
  });
  await session.open();
  return {
    session,
    hello,
    push: async (image, key, probes) => {
      push = createModelPush({
        image,
        key,
        probes,
        timers: systemTimers,
        random: createRandom(2),
        maxPayloadBytes: 256,
        send: (message) => session.sendModel(message),
      });
      if (configured) push.begin();
      return push.ended;
    },
    close: async () => {
      push?.cancel("closed");
      await session.close();
    },
  };
}
