/**
 * The device's side of a push: two slots, one that runs and one that is free; digest, MAC and security counter are
 * checked on what was read back before a slot may run; a trial ends by confirmation or goes back. What a firmware does
 * in flash, with the storage as an argument: for simulated devices and as the reference that the C firmware is tested against.
 */
import { timingSafeEqual } from "node:crypto";
import type {
  ModelBeginMessage,
  ModelChunkMessage,
  ModelRequestMessage,
  ModelState,
  ModelStatusMessage,
} from "../../src/core/contract/device/device-message.ts";
import type { Timers } from "../../src/core/platform/clock.ts";
import { sha256 as digest } from "../../src/core/platform/files/sha256.ts";
import { linkTiming } from "../link-timing.ts";
import { modelChunkBytes } from "../protocol.ts";
import { computeModelMac } from "./model-mac.ts";
import { modelReasons as reason } from "./model-reasons.ts";

export interface RunnableModel {
  /** Outputs of quantised inputs; undefined when their number is not the model's. */
  run(inputs: Uint8Array): Uint8Array | undefined;
}

/** What a device knows of its confirmed model. */
export interface ConfirmedModel {
  readonly version: string;
  readonly securityCounter: number;
  readonly bytes: Uint8Array;
}

interface ModelSlotsOptions<M extends RunnableModel> {
  /** 32 bytes; null refuses every model. */
  readonly key: Uint8Array | null;
  readonly slotBytes: number;
  readonly timers: Timers;
  /** The model in an image, or undefined when this firmware cannot run it. */
  open(bytes: Uint8Array): M | undefined;
  /** The model of the last run that was confirmed. */
  readonly confirmed: ConfirmedModel | null;
  /** Keeps the confirmed model for the next start. */
  keep(model: ConfirmedModel): void;
}

export interface ModelSlots<M extends RunnableModel> {
  /** What a ModelStatus has to say to a request. */
  take(request: ModelRequestMessage): ModelStatusMessage;
  /** The model that runs, on trial or confirmed. */
  readonly running: { readonly model: M; readonly version: string; readonly sha256: Uint8Array } | null;
  readonly securityCounter: number;
  close(): void;
}

interface Slot<M> {
  readonly model: M;
  readonly version: string;
  readonly sha256: Uint8Array;
  readonly bytes: Uint8Array;
  readonly securityCounter: number;
}

interface Transfer<M> {
  readonly begin: ModelBeginMessage;
  readonly bytes: Uint8Array;
  received: number;
  state: ModelState;
  reason: number;
  trial: Slot<M> | null;
}

/** Creates the slots with what was confirmed before. */
export function createModelSlots<M extends RunnableModel>(options: ModelSlotsOptions<M>): ModelSlots<M> {
  const { key, timers } = options;
  let confirmed: Slot<M> | null = null;
  let transfer: Transfer<M> | null = null;
  let cancelTrial = (): void => {};

  if (options.confirmed !== null) {
    const { bytes } = options.confirmed;
    const model = options.open(bytes);
    if (model !== undefined) confirmed = { ...options.confirmed, model, sha256: digest(bytes) };
  }

  function refusal({ sizeBytes, securityCounter, mac, sha256 }: ModelBeginMessage): number {
    if (key === null) return reason.noKey;
    if (!timingSafeEqual(computeModelMac(key, { sizeBytes, securityCounter, sha256 }), mac))
      return reason.wrongMac;
    if (securityCounter < (confirmed?.securityCounter ?? 0)) return reason.oldCounter;
    if (sizeBytes > options.slotBytes) return reason.tooLarge;
    return reason.none;
  }

  function begin(message: ModelBeginMessage): ModelStatusMessage {
    if (transfer !== null && isSame(transfer.begin.sha256, message.sha256) && transfer.state !== "reverted")
      return status(message.transferId);
    const refused = refusal(message);
    if (refused !== reason.none) return refuse(message.transferId, refused);
    if (confirmed !== null && isSame(confirmed.sha256, message.sha256))
      return answer(message.transferId, {
        state: "confirmed",
        received: message.sizeBytes,
        reason: reason.none,
      });
    if (transfer?.state === "trial") return refuse(message.transferId, reason.otherTrial);
    transfer = {
      begin: message,
      bytes: new Uint8Array(message.sizeBytes).fill(0xff),
      received: 0,
      state: "receiving",
      reason: reason.none,
      trial: null,
    };
    return status(message.transferId);
  }

  function takeChunk(at: Transfer<M>, { offset, data }: ModelChunkMessage): void {
    const isLast = offset + data.length === at.bytes.length;
    if (at.state !== "receiving" || offset !== at.received || offset + data.length > at.bytes.length) return;
    if (data.length > modelChunkBytes || (data.length % 16 !== 0 && !isLast)) return;
    at.bytes.set(data, offset);
    at.received += data.length;
  }

  function commit(at: Transfer<M>): void {
    if (at.state !== "receiving" || at.received < at.bytes.length) return;
    const { sha256, version, securityCounter } = at.begin;
    if (!isSame(digest(at.bytes), sha256)) {
      give(at, "refused", reason.wrongDigest);
      return;
    }
    const model = options.open(at.bytes);
    if (model === undefined) {
      give(at, "refused", reason.cannotRun);
      return;
    }
    at.trial = { model, version, sha256, bytes: at.bytes, securityCounter };
    at.state = "trial";
    cancelTrial = timers.after(linkTiming.modelTrialMs, () => give(at, "reverted", reason.notDecided));
  }

  function give(at: Transfer<M>, state: ModelState, why: number): void {
    cancelTrial();
    at.state = state;
    at.reason = why;
    at.trial = null;
  }

  function decide(at: Transfer<M>, outcome: "confirmed" | "reverted"): void {
    if (at.trial === null) return;
    if (outcome === "reverted") {
      give(at, "reverted", reason.gatewaySaidNo);
      return;
    }
    confirmed = at.trial;
    options.keep(confirmed);
    give(at, "confirmed", reason.none);
  }

  function status(transferId: number): ModelStatusMessage {
    return transfer === null ? refuse(transferId, reason.unknownTransfer) : answer(transferId, transfer);
  }

  return {
    take: (request) => {
      if (request.type === "model-begin") return begin(request);
      const at = transfer;
      if (at === null || at.begin.transferId !== request.transferId)
        return refuse(request.transferId, reason.unknownTransfer);
      switch (request.type) {
        case "model-chunk":
          takeChunk(at, request);
          break;
        case "model-commit":
          commit(at);
          break;
        case "model-confirm":
          decide(at, request.outcome);
          break;
        case "model-probe": {
          const outputs = at.trial?.model.run(request.inputs);
          if (outputs !== undefined) return { ...status(request.transferId), probe: request.index, outputs };
          break;
        }
      }
      return status(request.transferId);
    },
    get running() {
      return transfer?.trial ?? confirmed;
    },
    get securityCounter() {
      return confirmed?.securityCounter ?? 0;
    },
    close: () => cancelTrial(),
  };
}

function answer(
  transferId: number,
  at: Pick<Transfer<unknown>, "state" | "received" | "reason">,
): ModelStatusMessage {
  const { state, received, reason } = at;
  return { type: "model-status", transferId, state, nextOffset: received, reason };
}

function refuse(transferId: number, why: number): ModelStatusMessage {
  return answer(transferId, { state: "refused", received: 0, reason: why });
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
