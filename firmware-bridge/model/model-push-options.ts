/** What a push of a model is made of, and how it ends. */
import type { ModelRequestMessage } from "../../src/core/contract/device/device-message.ts";
import type { Random } from "../../src/core/maths/random.ts";
import type { Timers } from "../../src/core/platform/clock.ts";

/** A model for a device: the bytes of a bundle's `model.mcu.bin`, and what the device is told of them. */
export interface ModelImage {
  readonly name: string;
  readonly version: string;
  readonly securityCounter: number;
  readonly bytes: Uint8Array;
}

/** An input of the student on its quantised grid, and the integers that it must give: one uint8 a feature, one a class. */
export interface ModelProbe {
  readonly inputs: Uint8Array;
  readonly outputs: Uint8Array;
}

export type ModelPushStage = "waiting" | "asking" | "sending" | "committing" | "probing" | "confirming";

export type ModelPushOutcome =
  /** The new model runs, and gave every golden integer. */
  | "confirmed"
  /** The device ran it already. */
  | "already-runs"
  /** The device would not have it. */
  | "refused"
  /** It did not give the golden integers, or was not confirmed in time: the device went back. */
  | "reverted"
  /** The device did not answer, or was away for too long, or the push was called off. */
  | "failed";

export interface ModelPushResult {
  readonly outcome: ModelPushOutcome;
  /** For a person; empty when all went well. */
  readonly reason: string;
  /** What the device gave as its reason (`model-reasons.ts`); 0: it gave none. */
  readonly deviceReason: number;
  readonly sizeBytes: number;
  /** Bytes of the image that were sent, repetitions included. */
  readonly sentBytes: number;
  /** Offsets at which it began or went on after the device was away. */
  readonly startOffsets: readonly number[];
  /** Probes that were answered, and answers with other integers. */
  readonly probes: number;
  readonly mismatches: number;
}

export interface ModelPushOptions {
  readonly image: ModelImage;
  /** The device's key, 32 bytes. */
  readonly key: Uint8Array;
  readonly probes: readonly ModelProbe[];
  /** Largest payload that the device takes; chunks are made to fit. */
  readonly maxPayloadBytes?: number;
  readonly timers: Timers;
  readonly random: Pick<Random, "uniform">;
  /** Sends one packet; false when there is no contact or no room, and it was not sent. */
  send(message: ModelRequestMessage): boolean;
  onProgress?(stage: ModelPushStage, confirmedBytes: number): void;
}
