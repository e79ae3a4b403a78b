/** Pushes a bundle's model to one device over a session of its own. The device must not be in a gateway's hands. */
import { randomInt } from "node:crypto";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { createModelPush, type ModelPush } from "../../../firmware-bridge/model/model-push.ts";
import type { ModelPushResult, ModelPushStage } from "../../../firmware-bridge/model/model-push-options.ts";
import { createDeviceSession } from "../../../firmware-bridge/session/device-session.ts";
import {
  createByteTransport,
  parseDeviceAddress,
} from "../../../firmware-bridge/transports/device-address.ts";
import { createReconnectingTransport } from "../../../firmware-bridge/transports/reconnecting-transport.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { createRandom } from "../../core/maths/random.ts";
import { systemTimers } from "../../core/platform/clock.ts";
import type { DeviceImage } from "../../gateway/devices/device-image.ts";

/** What to push, and where. */
export interface PushToDeviceOptions {
  /** Serial path or `tcp://host:port`. */
  readonly address: string;
  readonly baudRate: number;
  /** Refuses any other device; undefined: whoever answers. */
  readonly deviceId?: string;
  readonly image: DeviceImage;
  readonly key: Uint8Array;
  readonly runtimeVersion: string;
  onProgress?(stage: ModelPushStage, confirmedBytes: number, sizeBytes: number): void;
  /** Something that a person should know while it lasts: no contact, a refusal. */
  onNotice?(text: string): void;
}

/** A push to a device that said who it is. */
export interface DevicePushReport extends ModelPushResult {
  readonly deviceId: string | null;
  readonly from: string | null;
  readonly version: string;
  readonly durationMs: number;
}

/**
 * Pushes, and reports how it ended.
 * @throws AuroraError USAGE for an address that this cannot reach.
 */
export async function pushToDevice(options: PushToDeviceOptions): Promise<DevicePushReport> {
  const address = parseDeviceAddress(options.address);
  if (!address.ok || address.value.kind === "mqtt") {
    throw new AuroraError("USAGE", address.ok ? "a device behind MQTT is its gateway's" : address.error, {
      op: "push model to device",
      subject: options.address,
      hint: "Name a serial path or tcp://host:port; a gateway with the device's key pushes over MQTT by itself.",
    });
  }
  const random = createRandom(randomInt(2 ** 31));
  const transport = createReconnectingTransport(await createByteTransport(address.value, options.baudRate), {
    timers: systemTimers,
    random,
  });
  let push: ModelPush | null = null;
  let from: string | null = null;
  const startedMs = performance.now();
  const { image, probes } = options.image;
  let settle: (result: ModelPushResult) => void = () => {};
  const ended = new Promise<ModelPushResult>((resolve) => {
    settle = resolve;
  });
  const session = createDeviceSession({
    link: createFramedLink(transport),
    gatewayId: "aurora-device-push",
    runtimeVersion: options.runtimeVersion,
    ...(options.deviceId === undefined ? {} : { expectedDeviceId: options.deviceId }),
    // Scores take less of the line than raw windows.
    mode: "edge",
    random,
    onHello: (hello) => {
      from ??= hello.modelVersion ?? "";
      push?.suspend();
    },
    onConfigured: ({ maxPayloadBytes }) => {
      if (push === null) {
        push = createModelPush({
          image,
          key: options.key,
          probes,
          ...(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }),
          timers: systemTimers,
          random,
          send: (message) => session.sendModel(message),
          onProgress: (stage, bytes) => options.onProgress?.(stage, bytes, image.bytes.length),
        });
        void push.ended.then(settle);
      }
      if (push.stage === "waiting") push.begin();
    },
    onMessage: (message) => {
      if (message.type === "model-status") push?.receive(message);
    },
    onState: (state, reason) => {
      if (state !== "established") push?.suspend();
      if (state === "connecting" && reason !== "opened") options.onNotice?.(reason);
    },
    onProblem: (problem) => options.onNotice?.(problem.message),
  });
  const giveUp = setTimeout(() => {
    if (push !== null) return;
    settle({
      outcome: "failed",
      reason: `no device answered for ${contactMs / 1000} s`,
      sizeBytes: image.bytes.length,
      sentBytes: 0,
      startOffsets: [],
      probes: 0,
      mismatches: 0,
    });
  }, contactMs);
  try {
    await session.open();
    const result = await ended;
    return {
      ...result,
      deviceId: session.hello?.deviceId ?? null,
      from: from === "" ? null : from,
      version: image.version,
      durationMs: Math.round(performance.now() - startedMs),
    };
  } finally {
    clearTimeout(giveUp);
    await session.close();
  }
}

/** A device that never says hello is not waited for as long as one that was there. */
const contactMs = 30_000;
