/**
 * Gives a device another model: announces it, sends what is missing with a small window, lets the device check it,
 * tries every golden vector on it, and only then confirms. Goes on where it was when the device was away, and ends
 * within stated times whatever the device does. Sends nothing by itself but through the options.
 */
import type { ModelRequestMessage, ModelStatusMessage } from "../src/contract/device-model-message.ts";
import { createBackoff } from "../src/platform/backoff.ts";
import { sha256 as digest } from "../src/platform/sha256.ts";
import { linkTiming } from "./link-timing.ts";
import { computeModelMac } from "./model-mac.ts";
import {
  describeModelReason,
  type ModelPushOptions,
  type ModelPushOutcome,
  type ModelPushResult,
  type ModelPushStage,
} from "./model-push-options.ts";
import { minPayloadBytes, modelChunkBytes, modelWindowChunks } from "./protocol.ts";

/** A push under way. */
export interface ModelPush {
  /** The device is in contact: it was introduced, perhaps after a reset. */
  begin(): void;
  /** The device is out of contact. */
  suspend(): void;
  /** Takes what the device says of its transfers. */
  receive(status: ModelStatusMessage): void;
  /** Calls it off; the device goes back by itself. */
  cancel(reason: string): void;
  readonly stage: ModelPushStage;
  /** Settles once, and never rejects. */
  readonly ended: Promise<ModelPushResult>;
}

/** So often a device may begin a transfer anew. */
const maxStarts = 50;
/** Chunk header: transfer (5), offset (6), data's tag and length (3). */
const chunkOverheadBytes = 14;

/** Creates a push that waits for the device. */
export function createModelPush(options: ModelPushOptions): ModelPush {
  const { image, timers, probes } = options;
  const { bytes } = image;
  const sha256 = digest(bytes);
  const transferId = sha256.readUInt32LE() || 1;
  const room = Math.min(modelChunkBytes, (options.maxPayloadBytes ?? minPayloadBytes) - chunkOverheadBytes);
  const chunkBytes = room - (room % 16);
  const backoff = createBackoff({
    random: () => options.random.uniform(),
    firstMs: linkTiming.modelAnswerFirstMs,
    maxMs: linkTiming.modelAnswerMaxMs,
  });
  const { securityCounter } = image;
  const sizeBytes = bytes.length;
  const begin: ModelRequestMessage = {
    type: "model-begin",
    transferId,
    name: image.name,
    version: image.version,
    sizeBytes,
    sha256,
    securityCounter,
    mac: computeModelMac(options.key, { sizeBytes, securityCounter, sha256 }),
  };
  let stage: ModelPushStage = "waiting";
  /** Bytes that the device has, and bytes that were sent. */
  let confirmed = 0;
  let next = 0;
  /** Where the window was opened anew for an answer that showed a gap: once, then the timer decides. */
  let wentBackAt = -1;
  let probe = 0;
  let sentBytes = 0;
  let mismatches = 0;
  let settled = false;
  let passed = false;
  const startOffsets: number[] = [];
  let cancelAnswer = (): void => {};
  let cancelStall = (): void => {};
  let cancelContact = (): void => {};
  let resolve: (result: ModelPushResult) => void = () => {};
  const ended = new Promise<ModelPushResult>((done) => {
    resolve = done;
  });

  function finish(outcome: ModelPushOutcome, reason: string): void {
    if (settled) return;
    settled = true;
    cancelAnswer();
    cancelStall();
    cancelContact();
    resolve({
      outcome,
      reason,
      sizeBytes,
      sentBytes,
      startOffsets,
      probes: probe,
      mismatches,
    });
  }

  function become(next: ModelPushStage): void {
    stage = next;
    options.onProgress?.(stage, confirmed);
  }

  function failAfter(limitMs: number, what: string): () => void {
    return timers.after(limitMs, () =>
      finish("failed", `${what} for ${limitMs / 1000} s, at byte ${confirmed} of ${bytes.length}`),
    );
  }

  /** The device is in contact, and has so long to let something move. */
  function watchStall(): void {
    cancelStall();
    cancelStall = failAfter(linkTiming.modelStallMs, "nothing moved");
  }

  /** Something moved. Contact alone is none: a device that comes and goes does not hold a push up for ever. */
  function moved(): void {
    backoff.reset();
    watchStall();
    cancelContact();
    cancelContact = failAfter(linkTiming.modelContactMs, "the device was out of contact, or nothing moved");
  }

  /** Sends what is due now, and again when no answer comes. */
  function act(): void {
    cancelAnswer();
    if (settled || stage === "waiting") return;
    const wasSent = stage === "sending" ? fillWindow() : options.send(createRequest(stage));
    const isFlash = stage === "asking" || stage === "committing";
    // Flash takes its time; what found no room in the link is tried again soon.
    const waitMs = isFlash && wasSent ? linkTiming.modelEraseMs : backoff.nextMs();
    cancelAnswer = timers.after(waitMs, () => {
      // A commit that was lost or whose answer was: ask where it stands.
      if (stage === "committing" && wasSent) become("asking");
      next = confirmed;
      wentBackAt = -1;
      act();
    });
  }

  function createRequest(at: Exclude<ModelPushStage, "waiting" | "sending">): ModelRequestMessage {
    switch (at) {
      case "asking":
        return begin;
      case "committing":
        return { type: "model-commit", transferId };
      case "probing":
        return { type: "model-probe", transferId, index: probe, inputs: probes[probe]!.inputs };
      case "confirming":
        return { type: "model-confirm", transferId, outcome: mismatches === 0 ? "confirmed" : "reverted" };
    }
  }

  function fillWindow(): boolean {
    while (next < bytes.length && next - confirmed < modelWindowChunks * chunkBytes) {
      const data = bytes.subarray(next, Math.min(next + chunkBytes, bytes.length));
      if (!options.send({ type: "model-chunk", transferId, offset: next, data })) return false;
      next += data.length;
      sentBytes += data.length;
    }
    return true;
  }

  /** The device says that it wants the image from `offset` on. */
  function startAt(offset: number): void {
    startOffsets.push(offset);
    if (startOffsets.length > maxStarts) {
      finish("failed", `the device lost what it had ${maxStarts} times`);
      return;
    }
    confirmed = offset;
    next = offset;
    wentBackAt = -1;
    become(offset === bytes.length ? "committing" : "sending");
    moved();
    act();
  }

  function takeOffset(offset: number): void {
    if (offset > bytes.length) return;
    if (stage === "asking") {
      startAt(offset);
      return;
    }
    if (stage !== "sending") {
      // Late news; or what was complete was given up by a reset.
      if (offset < bytes.length) startAt(offset);
      return;
    }
    if (offset > confirmed) {
      confirmed = offset;
      next = Math.max(next, offset);
      moved();
      become(confirmed === bytes.length ? "committing" : "sending");
      act();
      return;
    }
    if (offset === wentBackAt) return;
    // A gap, or a device that lost what it had: once from there again, then by the timer.
    confirmed = offset;
    next = offset;
    wentBackAt = offset;
    act();
  }

  function takeTrial({ probe: answered, outputs }: ModelStatusMessage): void {
    if (stage === "confirming") return;
    if (stage !== "probing") {
      confirmed = bytes.length;
      if (mismatches === 0) probe = 0;
      become(mismatches > 0 || probes.length === 0 ? "confirming" : "probing");
      moved();
      act();
      return;
    }
    if (outputs === undefined || answered !== probe) return;
    const expected = probes[probe]!.outputs;
    if (outputs.length !== expected.length || outputs.some((value, index) => value !== expected[index]))
      mismatches++;
    probe++;
    passed = probe === probes.length && mismatches === 0;
    // One wrong integer is enough.
    if (passed || mismatches > 0) become("confirming");
    moved();
    act();
  }

  cancelContact = failAfter(linkTiming.modelContactMs, "the device was out of contact");

  return {
    begin: () => {
      if (settled) return;
      become("asking");
      watchStall();
      act();
    },
    suspend: () => {
      if (settled || stage === "waiting") return;
      cancelAnswer();
      cancelStall();
      become("waiting");
    },
    receive: (status) => {
      if (settled || status.transferId !== transferId || stage === "waiting") return;
      const { state, reason } = status;
      switch (state) {
        case "receiving":
          takeOffset(status.nextOffset);
          return;
        case "trial":
          takeTrial(status);
          return;
        case "confirmed":
          finish(passed || stage === "confirming" ? "confirmed" : "already-runs", "");
          return;
        case "reverted":
          finish(
            "reverted",
            mismatches > 0
              ? `probe ${probe - 1} did not give the golden integers`
              : describeModelReason(reason),
          );
          return;
        case "refused":
          finish("refused", describeModelReason(reason));
          return;
      }
    },
    cancel: (reason) => finish("failed", reason),
    get stage() {
      return stage;
    },
    ended,
  };
}
