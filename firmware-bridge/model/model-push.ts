/**
 * Gives a device another model: announces it, sends what is missing with a small window, lets the device check it,
 * tries every golden vector on it, and only then confirms. Goes on where it was when the device was away, and ends
 * within stated times whatever the device does. Sends nothing by itself but through the options.
 */
import type {
  ModelBeginMessage,
  ModelRequestMessage,
  ModelStatusMessage,
} from "../../src/core/contract/device/device-message.ts";
import { createBackoff } from "../../src/core/platform/backoff.ts";
import { sha256 as digest } from "../../src/core/platform/files/sha256.ts";
import { linkTiming } from "../link-timing.ts";
import { minPayloadBytes } from "../protocol.ts";
import { createModelChunks } from "./model-chunks.ts";
import { computeModelMac } from "./model-mac.ts";
import type {
  ModelImage,
  ModelPushOptions,
  ModelPushOutcome,
  ModelPushResult,
  ModelPushStage,
} from "./model-push-options.ts";
import { findModelReason, modelReasons } from "./model-reasons.ts";
import { createModelTrial, type ModelTrial } from "./model-trial.ts";
import { startPushDeadlines } from "./push-deadlines.ts";

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

/** Times that a device may start a transfer over. */
const maxStarts = 50;

/** Creates a push that waits for the device. */
export function createModelPush(options: ModelPushOptions): ModelPush {
  const { image, timers } = options;
  const sizeBytes = image.bytes.length;
  const begin = createBegin(image, options.key);
  const { transferId } = begin;
  const chunks = createModelChunks({
    bytes: image.bytes,
    transferId,
    maxPayloadBytes: options.maxPayloadBytes ?? minPayloadBytes,
    send: (chunk) => options.send(chunk),
  });
  const trial = createModelTrial(options.probes);
  const deadlines = startPushDeadlines(timers, (what) =>
    finish("failed", `${what}, at byte ${chunks.confirmedBytes} of ${sizeBytes}`),
  );
  const backoff = createBackoff({
    random: () => options.random.uniform(),
    firstMs: linkTiming.modelAnswerFirstMs,
    maxMs: linkTiming.modelAnswerMaxMs,
  });
  let stage: ModelPushStage = "waiting";
  let settled = false;
  const startOffsets: number[] = [];
  let cancelAnswer = (): void => {};
  let resolve: (result: ModelPushResult) => void = () => {};
  const ended = new Promise<ModelPushResult>((done) => {
    resolve = done;
  });

  function finish(outcome: ModelPushOutcome, reason: string, deviceReason = 0): void {
    if (settled) return;
    settled = true;
    cancelAnswer();
    deadlines.stop();
    const { sentBytes } = chunks;
    const { answered: probes, mismatches } = trial;
    resolve({ outcome, reason, deviceReason, sizeBytes, sentBytes, startOffsets, probes, mismatches });
  }

  function become(next: ModelPushStage): void {
    stage = next;
    options.onProgress?.(stage, chunks.confirmedBytes);
  }

  function moved(): void {
    backoff.reset();
    deadlines.moved();
  }

  /** Something moved, and what is due now is another thing, or more of the same. */
  function goOn(next: ModelPushStage): void {
    moved();
    become(next);
    act();
  }

  /** Sends what is due now, and again when no answer comes. */
  function act(): void {
    cancelAnswer();
    if (settled || stage === "waiting") return;
    const wasSent = stage === "sending" ? chunks.fill() : options.send(createRequest(stage, begin, trial));
    const isFlash = stage === "asking" || stage === "committing";
    // Flash takes its time; what found no room in the link is tried again soon.
    const waitMs = isFlash && wasSent ? linkTiming.modelEraseMs : backoff.nextMs();
    cancelAnswer = timers.after(waitMs, () => {
      // A commit that was lost or whose answer was: ask where it stands.
      if (stage === "committing" && wasSent) become("asking");
      chunks.repeat();
      act();
    });
  }

  /** The device says that it wants the image from `offset` on. */
  function startAt(offset: number): void {
    startOffsets.push(offset);
    if (startOffsets.length > maxStarts) {
      finish("failed", `the device lost what it had ${maxStarts} times`);
      return;
    }
    chunks.restart(offset);
    goOn(chunks.isComplete ? "committing" : "sending");
  }

  function takeOffset(offset: number): void {
    if (offset > sizeBytes) return;
    switch (stage) {
      case "asking":
        startAt(offset);
        return;
      case "sending": {
        const news = chunks.take(offset);
        if (news === "progress") goOn(chunks.isComplete ? "committing" : "sending");
        else if (news === "gap") act();
        return;
      }
      default:
        // Late news; or what was complete was given up by a reset.
        if (offset < sizeBytes) startAt(offset);
    }
  }

  function takeTrial({ probe, outputs }: ModelStatusMessage): void {
    switch (stage) {
      case "confirming":
        return;
      case "probing":
        if (outputs === undefined || !trial.take(probe, outputs)) return;
        moved();
        if (trial.isOver) become("confirming");
        act();
        return;
      default:
        chunks.restart(sizeBytes);
        trial.restart();
        goOn(trial.isOver ? "confirming" : "probing");
    }
  }

  return {
    begin: () => {
      if (settled) return;
      become("asking");
      deadlines.watchStall();
      act();
    },
    suspend: () => {
      if (settled || stage === "waiting") return;
      cancelAnswer();
      deadlines.stopStall();
      become("waiting");
    },
    receive: (status) => {
      if (settled || status.transferId !== transferId || stage === "waiting") return;
      switch (status.state) {
        case "receiving":
          takeOffset(status.nextOffset);
          return;
        case "trial":
          takeTrial(status);
          return;
        case "confirmed":
          finish(trial.hasPassed || stage === "confirming" ? "confirmed" : "already-runs", "");
          return;
        case "reverted":
          if (trial.mismatches > 0) finish("reverted", describeMismatch(trial), modelReasons.gatewaySaidNo);
          else finish("reverted", findModelReason(status.reason).text, status.reason);
          return;
        case "refused":
          finish("refused", findModelReason(status.reason).text, status.reason);
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

/** What is said to the device at a stage. */
function createRequest(
  stage: Exclude<ModelPushStage, "waiting" | "sending">,
  begin: ModelBeginMessage,
  trial: ModelTrial,
): ModelRequestMessage {
  const { transferId } = begin;
  switch (stage) {
    case "asking":
      return begin;
    case "committing":
      return { type: "model-commit", transferId };
    case "probing":
      return { type: "model-probe", transferId, ...trial.next() };
    case "confirming": {
      const outcome = trial.mismatches === 0 ? "confirmed" : "reverted";
      return { type: "model-confirm", transferId, outcome };
    }
  }
}

function describeMismatch({ answered }: ModelTrial): string {
  return `probe ${answered - 1} did not give the golden integers`;
}

/** Announces the image: its digest names the transfer, its MAC shows that we have the device's key. */
function createBegin(
  { name, version, securityCounter, bytes }: ModelImage,
  key: Uint8Array,
): ModelBeginMessage {
  const sizeBytes = bytes.length;
  const sha256 = digest(bytes);
  return {
    type: "model-begin",
    transferId: sha256.readUInt32LE() || 1,
    name,
    version,
    sizeBytes,
    sha256,
    securityCounter,
    mac: computeModelMac(key, { sizeBytes, securityCounter, sha256 }),
  };
}
