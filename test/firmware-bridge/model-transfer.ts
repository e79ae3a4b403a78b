/** A gateway that pushes a model to a device over a simulated line, in simulated time. */

import { createFramedLink } from "../../firmware-bridge/framing/framed-link.ts";
import { createModelPush, type ModelPush } from "../../firmware-bridge/model/model-push.ts";
import type {
  ModelImage,
  ModelProbe,
  ModelPushOptions,
  ModelPushResult,
} from "../../firmware-bridge/model/model-push-options.ts";
import {
  type ConfirmedModel,
  createModelSlots,
  type ModelSlots,
  type RunnableModel,
} from "../../firmware-bridge/model/model-slots.ts";
import type { DeviceEndpoint } from "../../firmware-bridge/session/device-endpoint.ts";
import { createSimulatedLine, type SimulatedLine } from "../../scripts/link/simulated-line.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createDevice, type Heard, listen } from "./conversation.ts";
import { createManualTimers, type ManualTimers } from "./manual-timers.ts";

/** The device's key. */
export const deviceKey: Uint8Array = Uint8Array.from({ length: 32 }, (_, index) => 7 * index);

/** An image that no chunk divides, with its version's counter. */
export function createImage(version: string, securityCounter: number, sizeBytes = 5_001): ModelImage {
  const random = createRandom(securityCounter);
  const bytes = Uint8Array.from({ length: sizeBytes }, () => Math.floor(random.uniform() * 256));
  return { name: "bearing-vibration", version, securityCounter, bytes };
}

/** The model of an image adds its first byte to every input. */
export function openImage(bytes: Uint8Array): RunnableModel {
  return { run: (inputs) => inputs.map((value) => value + bytes[0]!) };
}

/** Probes with what `openImage` makes of them. */
export function createProbes(image: ModelImage, count = 20): ModelProbe[] {
  return Array.from({ length: count }, (_, index) => {
    const inputs = Uint8Array.of(index, 255 - index, 7);
    return { inputs, outputs: openImage(image.bytes).run(inputs)! };
  });
}

/** Both ends. */
export interface Transfer {
  readonly timers: ManualTimers;
  readonly line: SimulatedLine;
  readonly heard: Heard;
  readonly push: ModelPush;
  readonly kept: ConfirmedModel[];
  readonly slots: ModelSlots<RunnableModel>;
  readonly device: DeviceEndpoint;
  /** The result so far, or after at most so many simulated seconds. */
  result(withinSeconds: number): Promise<ModelPushResult | undefined>;
  /** The device starts over, with what it kept. */
  resetDevice(sessionId: number): void;
}

/** What may be different from a good device on a good line. */
export interface TransferOptions extends Partial<ModelPushOptions> {
  readonly image: ModelImage;
  readonly confirmed?: ConfirmedModel;
  readonly deviceHasKey?: Uint8Array | null;
  readonly disturb?: Parameters<typeof createSimulatedLine>[0]["disturb"];
  readonly bitsPerSecond?: number;
}

/** Starts a push. */
export function startTransfer(options: TransferOptions): Transfer {
  const timers = createManualTimers();
  const defer = (callback: () => void): void => void timers.after(0, callback);
  const line = createSimulatedLine({
    bitsPerSecond: options.bitsPerSecond ?? 115_200,
    timers,
    monotonicMs: () => timers.nowMs,
    ...(options.disturb === undefined ? {} : { disturb: options.disturb }),
  });
  const kept: ConfirmedModel[] = options.confirmed === undefined ? [] : [options.confirmed];
  const startSlots = (): ModelSlots<RunnableModel> =>
    createModelSlots({
      key: options.deviceHasKey === undefined ? deviceKey : options.deviceHasKey,
      slotBytes: 32_768,
      timers,
      open: openImage,
      confirmed: kept.at(-1) ?? null,
      keep: (model) => kept.push(model),
    });
  let slots = startSlots();
  const startDevice = (sessionId: number): DeviceEndpoint => {
    const device = createDevice(createFramedLink(line.deviceEnd, defer), {
      timers,
      sessionId,
      onModel: (request) => slots.take(request),
    });
    void device.open();
    return device;
  };
  let device = startDevice(11);

  const heard = listen(createFramedLink(line.gatewayEnd, defer), {
    timers,
    mode: "edge",
    onHello: () => push.suspend(),
    onConfigured: () => {
      if (push.stage === "waiting") push.begin();
    },
    onState: (state) => {
      if (state !== "established") push.suspend();
    },
    onMessage: (message) => {
      if (message.type === "model-status") push.receive(message);
    },
  });
  const push = createModelPush({
    key: deviceKey,
    probes: createProbes(options.image),
    timers,
    random: createRandom(4),
    send: (message) => heard.session.sendModel(message),
    ...options,
  });
  void heard.session.open();
  let result: ModelPushResult | undefined;
  void push.ended.then((value) => {
    result = value;
  });
  return {
    timers,
    line,
    heard,
    push,
    kept,
    get slots() {
      return slots;
    },
    get device() {
      return device;
    },
    result: async (withinSeconds) => {
      for (let ms = 0; ms < withinSeconds * 1000 && result === undefined; ms += 10) {
        timers.advance(10);
        await Promise.resolve();
      }
      return result;
    },
    resetDevice: (sessionId) => {
      slots.close();
      slots = startSlots();
      void device.close();
      device = startDevice(sessionId);
    },
  };
}
