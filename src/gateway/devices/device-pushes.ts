/**
 * Brings devices to the models that this gateway serves: at every contact and after every update, a device that infers
 * itself and runs another image is given the right one. What a device refused, went back from or did not take is tried again
 * where it may end otherwise, or once the device is another boot or firmware, and about once an hour at most where each try may
 * erase a slot.
 */
import { createModelPush, type ModelPush } from "../../../firmware-bridge/model/model-push.ts";
import type { ModelPushResult } from "../../../firmware-bridge/model/model-push-options.ts";
import type {
  HelloMessage,
  ModelRequestMessage,
  ModelStatusMessage,
} from "../../core/contract/device/device-message.ts";
import type { Random } from "../../core/maths/random.ts";
import type { Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { DeviceImage } from "../../core/serving/device-image.ts";
import type { ModelTrouble } from "../diagnosis/device-facts.ts";
import {
  adviseModelTrouble,
  classifyRefusal,
  computeRestMs,
  isHeldBack,
  type ModelRefusal,
  maxStartsInVain,
  type RefusalKind,
} from "./model-refusal.ts";
import { createModelStarts, type ModelStarts } from "./model-starts.ts";

/** One device, as far as models are pushed to it. */
export interface PushedDevice {
  readonly id: string;
  /** Bundle whose image it shall run. */
  readonly bundle: string;
  readonly key: Uint8Array;
}

/** Counts since the start, by how pushes ended. */
type DevicePushCounts = Readonly<Record<ModelPushResult["outcome"], number>>;

interface DevicePushesOptions {
  readonly devices: readonly PushedDevice[];
  /** Image of the bundle that serves a name; null: it has none. */
  imageOf(bundle: string): Promise<DeviceImage | null>;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Not again while pushes to the device end for the same reason. */
  onEnd(deviceId: string, image: DeviceImage, result: ModelPushResult): void;
}

/** A way to a device. */
interface PushLink {
  sendModel(message: ModelRequestMessage): boolean;
}

export interface DevicePushes {
  /** A device took its configuration. */
  contact(hello: HelloMessage, link: PushLink): void;
  /** A device is out of contact. */
  lost(deviceId: string): void;
  status(deviceId: string, status: ModelStatusMessage): void;
  /** Another bundle serves a name. */
  renew(bundle: string): void;
  /** What is under way, for the status page: stage and bytes that the device has. */
  describe(deviceId: string): { readonly stage: string; readonly confirmedBytes: number } | null;
  /** The model that a push has left on the device in this session; null: it runs what its hello said. */
  runs(deviceId: string, sessionId: number | undefined): Omit<LeftModel, "sessionId"> | null;
  /** What the newest push left the device without, why, and what to do; null: it did not, or there was none. */
  trouble(deviceId: string): ModelTrouble | null;
  readonly counts: DevicePushCounts;
  /** Calls off what is under way; nothing begins or is told after it. */
  close(): void;
}

/** The model that a push has left on a device. */
interface LeftModel {
  readonly sessionId: number;
  /** Of its image, in lower-case hex. */
  readonly sha256: string;
  readonly version: string;
}

interface Entry {
  readonly device: PushedDevice;
  contact: { readonly hello: HelloMessage; readonly link: PushLink } | null;
  push: ModelPush | null;
  pushedSha256: string;
  /** Of the image that was pushed last. */
  starts: ModelStarts;
  confirmedBytes: number;
  left: LeftModel | null;
  refusal: ModelRefusal | null;
  trouble: ModelTrouble | null;
  /** Grows with every look, so that only the newest one counts. */
  look: number;
}

/** Creates pushes, none of them under way. */
export function createDevicePushes(options: DevicePushesOptions): DevicePushes {
  const { logger } = options;
  const counts = { confirmed: 0, "already-runs": 0, refused: 0, reverted: 0, failed: 0 };
  const entries = new Map<string, Entry>(
    options.devices.map((device) => [
      device.id,
      {
        device,
        contact: null,
        push: null,
        pushedSha256: "",
        starts: createModelStarts(),
        confirmedBytes: 0,
        left: null,
        refusal: null,
        trouble: null,
        look: 0,
      },
    ]),
  );
  const retries = new Set<() => void>();

  async function look(entry: Entry): Promise<void> {
    const turn = ++entry.look;
    const { device } = entry;
    if (entry.contact === null) return;
    const image = await options.imageOf(device.bundle);
    if (turn !== entry.look || entry.contact === null) return;
    if (image === null) {
      logger.warn("the bundle has no model for microcontrollers", {
        device: device.id,
        bundle: device.bundle,
      });
      return;
    }
    if (entry.push !== null && entry.pushedSha256 === image.sha256) {
      if (entry.push.stage !== "waiting") return;
      if (entry.starts.inVain < maxStartsInVain) entry.push.begin();
      else entry.push.cancel("it starts over again and again, and comes no further");
      return;
    }
    entry.push?.cancel("another bundle serves now");
    entry.push = null;
    const { hello } = entry.contact;
    const runs =
      entry.left?.sessionId === hello.sessionId
        ? entry.left.sha256
        : Buffer.from(hello.modelSha256 ?? []).toString("hex");
    if (runs === image.sha256) entry.trouble = null;
    if (runs === image.sha256 || isHeldBack(entry.refusal, image.sha256, hello)) return;
    start(entry, image);
  }

  function start(entry: Entry, image: DeviceImage): void {
    const { device, contact } = entry;
    if (contact === null) return;
    const { maxPayloadBytes, modelVersion } = contact.hello;
    const { version } = image.image;
    logger.info("a model is pushed to the device", {
      device: device.id,
      from: modelVersion ?? "none",
      to: version,
    });
    if (entry.pushedSha256 !== image.sha256) entry.starts = createModelStarts();
    const { starts } = entry;
    const push = createModelPush({
      image: image.image,
      key: device.key,
      probes: image.probes,
      ...(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }),
      timers: options.timers,
      random: options.random,
      send: (message) => {
        const wasSent = entry.contact?.link.sendModel(message) ?? false;
        if (wasSent && message.type === "model-begin") starts.asked();
        return wasSent;
      },
      onProgress: (stage, confirmedBytes) => {
        starts.progress(stage, confirmedBytes);
        entry.confirmedBytes = confirmedBytes;
      },
    });
    entry.push = push;
    entry.pushedSha256 = image.sha256;
    void push.ended.then((result) => end(entry, { push, image }, result));
    push.begin();
  }

  function end(
    entry: Entry,
    { push, image }: { readonly push: ModelPush; readonly image: DeviceImage },
    result: ModelPushResult,
  ): void {
    // The gateway stops: that is no failure of the device.
    if (!entries.has(entry.device.id)) return;
    const isReplaced = entry.push !== push;
    if (!isReplaced) entry.push = null;
    counts[result.outcome]++;
    const { outcome, reason } = result;
    if (outcome === "confirmed" || outcome === "already-runs") {
      const sessionId = entry.contact?.hello.sessionId;
      entry.left =
        sessionId === undefined ? null : { sessionId, sha256: image.sha256, version: image.image.version };
      entry.starts = createModelStarts();
    }
    const fields = { device: entry.device.id, version: image.image.version, outcome, reason };
    const { name, version } = image.image;
    const kind = reason === "" ? null : classifyRefusal(result, entry.starts.inVain);
    const trouble =
      kind === null ? null : { text: `${name} ${version}: ${reason}`, cure: adviseModelTrouble(kind) };
    // It is tried again and again, and told once.
    const isNews = trouble === null || trouble.text !== entry.trouble?.text;
    if (trouble === null) logger.info("the device runs the model", fields);
    else
      logger[isNews ? "warn" : "debug"]("the device does not run the model", {
        ...fields,
        // Where another bundle takes its place there is nothing to do.
        ...(isReplaced ? {} : { hint: trouble.cure }),
      });
    if (!isReplaced) {
      entry.trouble = trouble;
      if (kind !== null) holdBack(entry, image.sha256, kind);
    }
    if (isNews) options.onEnd(entry.device.id, image, result);
  }

  function holdBack(entry: Entry, sha256: string, kind: RefusalKind): void {
    const refusal = { sha256, kind, boot: entry.contact?.hello, isRested: false };
    if (!kind.erases) entry.starts.forgive();
    entry.refusal = refusal;
    later(computeRestMs(kind, options.random.uniform()), () => {
      refusal.isRested = true;
      check(entry);
    });
  }

  function later(delayMs: number, act: () => void): void {
    const cancel = options.timers.after(delayMs, () => {
      retries.delete(cancel);
      act();
    });
    retries.add(cancel);
  }

  function check(entry: Entry): void {
    look(entry).catch((error: unknown) =>
      logger.error("a model cannot be pushed", { device: entry.device.id, error }),
    );
  }

  return {
    contact: (hello, link) => {
      const entry = entries.get(hello.deviceId);
      if (entry === undefined) return;
      entry.contact = { hello, link };
      check(entry);
    },
    lost: (deviceId) => {
      const entry = entries.get(deviceId);
      if (entry === undefined) return;
      entry.contact = null;
      entry.push?.suspend();
    },
    status: (deviceId, status) => entries.get(deviceId)?.push?.receive(status),
    renew: (bundle) => {
      for (const entry of entries.values()) if (entry.device.bundle === bundle) check(entry);
    },
    describe: (deviceId) => {
      const entry = entries.get(deviceId);
      return entry?.push == null ? null : { stage: entry.push.stage, confirmedBytes: entry.confirmedBytes };
    },
    runs: (deviceId, sessionId) => {
      const left = entries.get(deviceId)?.left;
      return left != null && left.sessionId === sessionId ? left : null;
    },
    trouble: (deviceId) => entries.get(deviceId)?.trouble ?? null,
    counts,
    close: () => {
      for (const cancel of retries) cancel();
      for (const entry of entries.values()) {
        entry.contact = null;
        entry.push?.cancel("the gateway stops");
      }
      entries.clear();
    },
  };
}
