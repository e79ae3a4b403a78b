/** Pushes a bundle's model to one device over a session of its own. The device must not be in a gateway's hands. */
import { randomInt } from "node:crypto";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { createModelPush, type ModelPush } from "../../../firmware-bridge/model/model-push.ts";
import type { ModelPushResult, ModelPushStage } from "../../../firmware-bridge/model/model-push-options.ts";
import { findModelReason } from "../../../firmware-bridge/model/model-reasons.ts";
import { createDeviceSession } from "../../../firmware-bridge/session/device-session.ts";
import { notConnectedYet } from "../../../firmware-bridge/session/handshake.ts";
import type { ByteTransport } from "../../../firmware-bridge/transports/byte-transport.ts";
import {
  createByteTransport,
  parseDeviceAddress,
} from "../../../firmware-bridge/transports/device-address.ts";
import { createReconnectingTransport } from "../../../firmware-bridge/transports/reconnecting-transport.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { createRandom, type Random } from "../../core/maths/random.ts";
import { systemTimers } from "../../core/platform/clock.ts";
import type { DeviceImage } from "../../core/serving/device-image.ts";

interface PushToDeviceOptions {
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
interface DevicePushReport extends ModelPushResult {
  readonly deviceId: string | null;
  readonly from: string | null;
  readonly version: string;
  readonly durationMs: number;
}

/** A device that never says hello is not waited for as long as one that was there. */
const contactMs = 30_000;

/**
 * Pushes, and reports how it ended.
 * @throws AuroraError USAGE for an address that this cannot reach.
 */
export async function pushToDevice(options: PushToDeviceOptions): Promise<DevicePushReport> {
  const random = createRandom(randomInt(2 ** 31));
  const transport = await openTransport(options, random);
  const { image, probes } = options.image;
  let push: ModelPush | null = null;
  let from: string | null = null;
  const startedMs = performance.now();
  let settle: (result: ModelPushResult) => void = () => {};
  const ended = new Promise<ModelPushResult>((resolve) => {
    settle = resolve;
  });
  const startPush = (maxPayloadBytes: number | undefined): ModelPush => {
    const started = createModelPush({
      image,
      key: options.key,
      probes,
      ...(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }),
      timers: systemTimers,
      random,
      send: (message) => session.sendModel(message),
      onProgress: (stage, bytes) => options.onProgress?.(stage, bytes, image.bytes.length),
    });
    void started.ended.then(settle);
    return started;
  };
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
      push ??= startPush(maxPayloadBytes);
      if (push.stage === "waiting") push.begin();
    },
    onMessage: (message) => {
      if (message.type === "model-status") push?.receive(message);
      if (message.type === "nack" && push === null)
        settle(describeRefusal(message.reason, image.bytes.length));
    },
    onState: (state, reason) => {
      if (state !== "established") push?.suspend();
      if (state === "connecting" && reason !== notConnectedYet) options.onNotice?.(reason);
    },
    onProblem: (problem) => options.onNotice?.(problem.message),
  });
  const giveUp = setTimeout(() => {
    if (push === null) settle(noContact(session.hello !== undefined, image.bytes.length));
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

async function openTransport(
  { address: text, baudRate }: PushToDeviceOptions,
  random: Random,
): Promise<ByteTransport> {
  const address = parseDeviceAddress(text);
  if (!address.ok || address.value.kind === "mqtt") {
    throw new AuroraError("USAGE", address.ok ? "a device behind MQTT is its gateway's" : address.error, {
      op: "push model to device",
      subject: text,
      hint: "Name a serial path or tcp://host:port; a gateway with the device's key pushes over MQTT by itself.",
    });
  }
  const line = await createByteTransport(address.value, baudRate);
  return createReconnectingTransport(line, { timers: systemTimers, random });
}

function noContact(isThere: boolean, sizeBytes: number): ModelPushResult {
  const what = isThere ? "it says hello, and acknowledged no configuration" : "no device answered";
  return notBegun("failed", `${what} for ${contactMs / 1000} s`, sizeBytes);
}

/** It does not infer, and will not by being asked again. */
function describeRefusal(reason: string, sizeBytes: number): ModelPushResult {
  const cure =
    "its firmware has no model part or no key; a simulated device needs --key FILE (`aurora device sim`)";
  return notBegun("refused", `it takes no model (${reason}): ${cure}`, sizeBytes);
}

function notBegun(outcome: "failed" | "refused", reason: string, sizeBytes: number): ModelPushResult {
  return {
    outcome,
    reason,
    deviceReason: 0,
    sizeBytes,
    sentBytes: 0,
    startOffsets: [],
    probes: 0,
    mismatches: 0,
  };
}

/** One line for a terminal while the push lasts. */
export function renderPushProgress(stage: ModelPushStage, confirmed: number, size: number): string {
  const width = 30;
  const filled = Math.round((width * confirmed) / size);
  return `${"#".repeat(filled)}${"-".repeat(width - filled)} ${confirmed} of ${size} bytes, ${stage}   `;
}

export function renderPushReport(report: DevicePushReport): string {
  const { outcome, reason, deviceReason, deviceId, from, version, sentBytes, probes, durationMs } = report;
  const who = deviceId ?? "the device";
  const cure = deviceReason === 0 ? "" : ` ${findModelReason(deviceReason).cure}`;
  const seconds = (durationMs / 1000).toFixed(1);
  switch (outcome) {
    case "confirmed":
      return `${who} runs ${version}${from === null ? "" : ` instead of ${from}`}: ${sentBytes} bytes in ${seconds} s, ${probes} golden vectors right.\n`;
    case "already-runs":
      return `${who} runs ${version} already.\n`;
    case "refused":
      return `${who} refused ${version}: ${reason}.${cure}\n`;
    case "reverted":
      return `${who} went back to ${from ?? "no model"}: ${reason}.${cure}\n`;
    case "failed":
      return `${version} could not be pushed to ${who}: ${reason}. A new attempt goes on where this one ended.\n`;
  }
}
