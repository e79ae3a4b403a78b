/**
 * The edge side of a simulated device: two model slots, of which the confirmed one stands in a file, and inference in
 * front of the link. In mode `raw` it only passes samples on; in mode `edge` it sends scores instead, and samples on
 * request and after alarms, in `both` both.
 */
import { readFileSync } from "node:fs";
import {
  type ConfirmedModel,
  createModelSlots,
  type ModelSlots,
} from "../../../firmware-bridge/model/model-slots.ts";
import type { DeviceEndpoint } from "../../../firmware-bridge/session/device-endpoint.ts";
import type {
  ConfigMessage,
  DeviceChannel,
  HelloMessage,
  ModelRequestMessage,
  ModelStatusMessage,
  ScoreMessage,
} from "../../core/contract/device/device-message.ts";
import { decodeMcuModel } from "../../core/inference/mcu-codec.ts";
import { systemTimers } from "../../core/platform/clock.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { reportError } from "../terminal/end-process.ts";
import { createEdgeScorer, type EdgeModel, openEdgeModel } from "./edge-model.ts";
import type { SampleLink } from "./stream-pump.ts";

export interface EdgeDeviceOptions {
  /** The device's key, 32 bytes. */
  readonly key: Uint8Array;
  /** Image of the model that it runs from the start, as flashed with the firmware; null: none. */
  readonly firstImage: Uint8Array | null;
  /** File of the confirmed model; null: it is forgotten at the end. */
  readonly slotFile: string | null;
}

interface EdgeDevice {
  model(): Pick<HelloMessage, "modelVersion" | "modelSha256" | "securityCounter">;
  onModel(request: ModelRequestMessage): ModelStatusMessage;
  onConfig(config: ConfigMessage): void;
  /** A link for samples in front of `endpoint`. */
  wrap(endpoint: DeviceEndpoint): SampleLink;
  readonly scores: number;
  readonly abandonedWindows: number;
  close(): void;
}

const slotBytes = 131_072;
/** Scores that wait for the link; older ones are dropped. */
const maxWaiting = 16;

/** Creates the edge side of a device with these channels; the first one is watched. */
export function createEdgeDevice(options: EdgeDeviceOptions, channels: readonly DeviceChannel[]): EdgeDevice {
  const slots = openSlots(options);
  let config: ConfigMessage | null = null;
  const waiting: ScoreMessage[] = [];
  /** Mode `edge`: raw samples that are still to be sent. */
  let rawLeft = 0;
  const scorer = createEdgeScorer((score, { image }) => {
    waiting.push(score);
    const isAlarm = score.quantised.some((value, index) => value >= image.raiseAt[index]!);
    if (isAlarm) rawLeft = Math.max(rawLeft, config?.alarmRawSamples ?? 0);
    if (waiting.length > maxWaiting) waiting.shift();
  });

  return {
    model: () => {
      const { running, securityCounter } = slots;
      return running === null
        ? { securityCounter }
        : { modelVersion: running.version, modelSha256: running.sha256, securityCounter };
    },
    onModel: (request) => slots.take(request),
    onConfig: (next) => {
      // A configuration that is said again asks for no more samples.
      if (next.rawSamples !== config?.rawSamples) rawLeft = next.rawSamples ?? 0;
      config = next;
    },
    wrap: (endpoint) => ({
      ready: () => endpoint.ready(),
      drained: () => endpoint.drained(),
      send: (window) => {
        const { channel, firstSample, timestampUs, shaftRpm, counts } = window;
        const mode = config?.mode ?? "raw";
        const raw = mode !== "edge" ? counts.length : channel === 0 ? Math.min(counts.length, rawLeft) : 0;
        if (raw === 0) {
          if (!endpoint.isReady) return false;
        } else if (!endpoint.send({ ...window, counts: counts.subarray(0, raw) })) {
          return false;
        }
        rawLeft = Math.max(0, rawLeft - raw);
        if (mode === "raw" || channel !== 0) return true;
        const model = slots.running?.model;
        const bearing = config?.bearing;
        if (model !== undefined && bearing !== undefined) {
          const { name, unit, sampleRateHz, scale } = channels[0]!;
          const timestampMs = timestampUs / 1000;
          const block = { deviceId: "", channel: name, unit, timestampMs, firstSample, sampleRateHz, scale };
          scorer.accept({ ...block, shaftRpm, counts }, model, bearing);
        }
        while (waiting.length > 0 && endpoint.send(waiting[0]!)) waiting.shift();
        return true;
      },
    }),
    get scores() {
      return scorer.scores;
    },
    get abandonedWindows() {
      return scorer.abandonedWindows;
    },
    close: () => slots.close(),
  };
}

function openSlots(options: EdgeDeviceOptions): ModelSlots<EdgeModel> {
  return createModelSlots<EdgeModel>({
    key: options.key,
    slotBytes,
    timers: systemTimers,
    open: openEdgeModel,
    confirmed: readConfirmed(options),
    keep: ({ bytes }) => {
      const { slotFile } = options;
      if (slotFile === null) return;
      // The model runs all the same; it is a restart that would fall back to the one before.
      writeFileAtomic(slotFile, bytes).catch((error: unknown) => reportError(error));
    },
  });
}

function readConfirmed({ firstImage, slotFile }: EdgeDeviceOptions): ConfirmedModel | null {
  let bytes: Uint8Array | null = firstImage;
  if (slotFile !== null) {
    try {
      bytes = Uint8Array.from(readFileSync(slotFile));
    } catch (error) {
      // Nothing was confirmed yet; a slot that is there and cannot be read must not pass for an empty one.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  if (bytes === null) return null;
  const { version, securityCounter } = decodeMcuModel(bytes);
  return { version, securityCounter, bytes };
}
