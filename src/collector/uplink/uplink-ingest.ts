/**
 * Takes envelopes of the uplink and acknowledges what is *stored*: messages are stored in batches, and the watermarks
 * are published after a batch's promise has resolved. Poison is counted and set aside; it never blocks. A message that our own
 * code stumbles over stays with its gateway, and blocks nobody else's. A full disk blocks: nothing is acknowledged, and the
 * gateways keep what they have.
 */
import type { UplinkAck } from "../../core/contract/uplink-record.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import { rest } from "../../core/platform/rest.ts";
import type { CheckedEnvelope, FleetRecord, StoredEnvelope, UplinkMessage } from "../record/fleet-record.ts";
import { recordBounds } from "../record/record-bounds.ts";
import { createAckSender } from "./ack-sender.ts";
import { createBatchLoop, lastBatchMs, pauseAfterFailure } from "./batch-loop.ts";
import { type CutBatch, cutBatches } from "./cut-batches.ts";
import { createHolePatience } from "./hole-patience.ts";
import { createIngestAccounts } from "./ingest-accounts.ts";
import type { RecordLimits } from "./read-envelope.ts";
import { createStoreFailures, type StoreFailures } from "./store-failures.ts";
import { createHalfStore, isUrgent, splitHalves } from "./store-halves.ts";
import { createUrgentQueue } from "./urgent-queue.ts";

export interface UplinkIngestOptions {
  readonly record: Pick<FleetRecord, "storeEnvelopes" | "check">;
  /** `isBehind`: this machine's own is known to be, so that it cannot say that another one is wrong. */
  readonly clock: Clock & { readonly isBehind?: boolean };
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Of whose turbines gateways may speak; default: all of any. */
  readonly sites?: RecordLimits["sites"];
  /** For how long drift is kept, ms; a report of before is set aside. Default: for ever. */
  readonly driftKeptMs?: number;
  /** Bins of each column that a model's drift reference has; undefined: the model is not known here. */
  readonly driftBinsOf?: RecordLimits["driftBinsOf"];
  /** Sends an acknowledgement; what rejects is sent again. */
  readonly acknowledge: (gateway: string, ack: UplinkAck) => Promise<void>;
  /** Keeps elsewhere what is no row of the record, before it is stored; one that could not is left without records. */
  readonly beforeStore?: (envelopes: readonly CheckedEnvelope[]) => Promise<readonly CheckedEnvelope[]>;
  /** A batch is stored when it has this many, or is {@link maxDelayMs} old. */
  readonly maxBatchMessages?: number;
  /** Messages beyond this many bytes that are not stored yet are dropped unacknowledged; the gateway sends them again. */
  readonly maxPendingBytes?: number;
}

export interface UplinkIngest {
  /**
   * Takes one message of `<base>/gateway/<gateway>/up/<lane>`; keeps `payload` until it is stored. With `settle` it is
   * kept while nothing can be stored, and what follows a hole waits a moment for another worker to fill it. `settle` is called
   * when it is stored, or left to its gateway, which sends again: what follows a hole for too long or at the end, what is too much.
   */
  accept(topic: string, payload: Uint8Array, settle?: () => void): void;
  /** What has come and waits will come again: it is dropped. What is on its way is stored. */
  forget(): void;
  /** Stores what waits, now; resolves when nothing is on its way. */
  flush(): Promise<void>;
  /**
   * What failed to be stored, and was not since: all, or, where alerts and updates are, the others alone; null: nothing. What only our
   * own code stumbles over says nothing of that.
   */
  readonly unstored: StoreFailures["unstored"];
  /** Stores what waits, for 0.7 s at most, and takes no more. */
  close(): Promise<void>;
}

/** A message that waits; with `settle` somebody is to be told that it is dealt with. */
interface WaitingMessage extends UplinkMessage {
  readonly settle: (() => void) | null;
  /** Since when it is known to follow a hole, monotonic; null: it is not. */
  readonly earlySinceMs: number | null;
}

/** A batch is stored when this old: what comes together shares a commit, and nobody notices the wait. */
const maxDelayMs = 20;
/** Of a batch: whoever comes meanwhile waits until it is stored. Messages of ordinary gateways are full in number long before. */
const maxBatchBytes = 256 * 1024;
/** Until what follows a hole is looked at again. */
const holePauseMs = 25;
/** Until what is not urgent is tried again, where it alone cannot be stored: alerts wait behind each attempt. */
const othersPauseMs = 30_000;
/** Of what may wait, of all and of a gateway, for messages that are not urgent. */
const othersShare = 7 / 8;

export function createUplinkIngest(options: UplinkIngestOptions): UplinkIngest {
  const { record, clock, logger } = options;
  const maxBatchMessages = options.maxBatchMessages ?? 500;
  const maxPendingBytes = options.maxPendingBytes ?? 64 * 1024 * 1024;
  const {
    sites = new Map(),
    driftKeptMs = Number.POSITIVE_INFINITY,
    driftBinsOf = () => undefined,
    beforeStore = async (envelopes: readonly CheckedEnvelope[]) => envelopes,
  } = options;
  const { messagesTotal, count } = createIngestAccounts(options);
  const acks = createAckSender({ ...options, send: options.acknowledge });
  const waiting = createUrgentQueue<WaitingMessage>(costOf, ({ topic }) => isUrgent(topic));
  /** Of what waits and of the batch that is on its way. */
  let pendingBytes = 0;
  let closed = false;
  /** How often what waited was dropped. */
  let timesForgotten = 0;
  /** What waits for a hole to be filled, until it is looked at again. */
  const behindHole: WaitingMessage[] = [];
  let cancelPause: (() => void) | null = null;
  const patience = createHolePatience(clock);
  const failures = createStoreFailures(options);
  /** Until then what is not urgent is left to its gateway, monotonic: it would take the broker's places from alerts. */
  let othersLeftUntilMs: number | null = null;

  /** Adds to `early` the payloads of messages that came before what stands between them and what is stored. */
  const storeMessages = async (
    messages: readonly WaitingMessage[],
    early: Set<Uint8Array>,
    lockMs?: number,
  ): Promise<void> => {
    const { isBehind = false } = clock;
    const limits = { sites, driftKeptMs, driftBinsOf, nowMs: clock.nowMs(), isBehind };
    let isFirst = true;
    for await (const read of cutBatches(messages, limits, clock)) {
      // What is large is stored in parts, and others have their turn between them.
      if (!isFirst) await rest();
      isFirst = false;
      const batch = { ...read, lockMs, envelopes: await beforeStore(read.envelopes) };
      const stored = await record.storeEnvelopes(batch);
      for (const [index, { payload }] of batch.envelopes.entries()) {
        if (stored[index]!.outcome === "hole") early.add(payload);
      }
      count(batch, stored);
      for (const { gateway, ack } of newestAcks(batch, stored)) acks.put(gateway, ack);
    }
  };
  const storeHalves = createHalfStore({
    failures,
    store: storeMessages,
    answers: () =>
      record.check().then(
        () => true,
        () => false,
      ),
  });
  const storeNext = async (): Promise<void> => {
    const taken = waiting.take(maxBatchMessages, maxBatchBytes);
    const timesForgottenBefore = timesForgotten;
    const halves = splitHalves(taken);
    // While they are tried no more of them is taken than these.
    if (othersLeftUntilMs !== null && halves.others.length > 0) othersLeftUntilMs = Number.POSITIVE_INFINITY;
    const { failed, early: found, stuck } = await storeHalves(halves);
    // No reason to say that nothing can be stored, nor to hold them, even where all of a batch is stuck: one gateway that
    // sends nothing else could then halt the others.
    for (const [{ topic }, error] of stuck) {
      messagesTotal.add(1, { outcome: "store-failed" });
      logger.error("a message makes storing fail, and is left to its gateway", { topic, error });
    }
    const isHeld = ({ topic }: WaitingMessage): boolean =>
      failed === "both" || (failed === "others" && !isUrgent(topic));
    const failedCount = failed === null ? 0 : failed === "both" ? taken.length : halves.others.length;
    if (failedCount > 0) messagesTotal.add(failedCount, { outcome: "store-failed" });
    if (taken.some((message) => message.settle !== null && isHeld(message)))
      await pauseAfterFailure(options.timers);
    const again: WaitingMessage[] = [];
    const early: WaitingMessage[] = [];
    for (const message of taken) {
      const gateway = gatewayOf(message.topic);
      if (message.earlySinceMs !== null) patience.remove(gateway);
      const isEarly = found.has(message.payload);
      const earlySinceMs = isEarly ? (message.earlySinceMs ?? clock.monotonicMs()) : null;
      const waits =
        isHeld(message) || (earlySinceMs !== null && !closed && patience.allows(gateway, earlySinceMs));
      const isKept = message.settle !== null && timesForgotten === timesForgottenBefore;
      if (isKept && !stuck.has(message) && waits) {
        if (earlySinceMs !== null) patience.add(gateway);
        const kept = { ...message, earlySinceMs, payload: ownBytes(message.payload) };
        (isHeld(message) ? again : early).push(kept);
        continue;
      }
      pendingBytes -= costOf(message);
      message.settle?.();
    }
    // Before what came meanwhile, which would follow a hole otherwise.
    for (const message of again.reverse()) waiting.putBack(gatewayOf(message.topic), message);
    if (early.length > 0) {
      behindHole.push(...early);
      cancelPause ??= options.timers.after(holePauseMs, lookAgain);
    }
    if (failed === "others alone" && halves.others.some(({ settle }) => settle !== null)) leaveOthers();
    else if (halves.others.length > 0) othersLeftUntilMs = null;
  };
  /** Leaves what waits and is not urgent to its gateways, for a while. */
  const leaveOthers = (): void => {
    othersLeftUntilMs = clock.monotonicMs() + othersPauseMs;
    const queued = splitHalves(waiting.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY));
    for (const message of queued.urgent) waiting.push(gatewayOf(message.topic), message);
    const early = splitHalves(behindHole.splice(0));
    behindHole.push(...early.urgent);
    const left = [...queued.others, ...early.others];
    drop(left, "store-failed");
    for (const { settle } of left) settle?.();
  };
  const drop = (messages: readonly WaitingMessage[], outcome: string): void => {
    for (const message of messages) {
      if (message.earlySinceMs !== null) patience.remove(gatewayOf(message.topic));
      pendingBytes -= costOf(message);
    }
    if (messages.length > 0) messagesTotal.add(messages.length, { outcome });
  };
  const lookAgain = (): void => {
    cancelPause?.();
    cancelPause = null;
    for (const message of behindHole.splice(0)) waiting.push(gatewayOf(message.topic), message);
    if (waiting.count > 0) loop.wake();
  };
  const loop = createBatchLoop({
    timers: options.timers,
    delayMs: maxDelayMs,
    countWaiting: () => waiting.count,
    isFull: () => waiting.count >= maxBatchMessages || waiting.cost >= maxBatchBytes,
    storeNext,
  });

  return {
    accept: (topic, payload, settle) => {
      if (closed) return;
      const message = { topic, payload, settle: settle ?? null, earlySinceMs: null };
      const gateway = gatewayOf(topic);
      const cost = costOf(message);
      const share = isUrgent(topic) ? 1 : othersShare;
      const isTooMuch =
        pendingBytes + cost > share * maxPendingBytes ||
        waiting.costOf(gateway) + cost > share * recordBounds.waitingBytesPerGateway;
      const isLeft =
        settle !== undefined &&
        !isUrgent(topic) &&
        othersLeftUntilMs !== null &&
        clock.monotonicMs() < othersLeftUntilMs;
      if (isLeft || isTooMuch) {
        messagesTotal.add(1, { outcome: isTooMuch ? "overload" : "store-failed" });
        settle?.();
        return;
      }
      waiting.push(gateway, message);
      pendingBytes += cost;
      loop.wake();
    },
    forget: () => {
      timesForgotten += 1;
      const queued = waiting.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
      drop([...queued, ...behindHole.splice(0)], "connection-lost");
    },
    flush: loop.flush,
    get unstored() {
      return failures.unstored;
    },
    close: async () => {
      closed = true;
      lookAgain();
      if (!(await loop.settle(lastBatchMs))) {
        logger.warn("the last batch was not stored in time; gateways send it again");
      }
      acks.close();
    },
  };
}

/** Bytes that a waiting message takes, an empty one as well. */
function costOf({ topic, payload }: UplinkMessage): number {
  return payload.length + 2 * topic.length + 64;
}

/** The same in a memory of its own: what came with it is let go. */
function ownBytes(payload: Uint8Array): Uint8Array {
  return payload.length === payload.buffer.byteLength ? payload : payload.slice();
}

/** The newest watermark of each life of a lane. */
function newestAcks(
  { envelopes }: CutBatch,
  stored: readonly StoredEnvelope[],
): Iterable<{ readonly gateway: string; readonly ack: UplinkAck }> {
  const acks = new Map<string, { readonly gateway: string; readonly ack: UplinkAck }>();
  for (const [index, { gateway, bootId, lane }] of envelopes.entries()) {
    const ack = { bootId, lane, sequence: stored[index]!.watermark };
    acks.set(`${gateway}\n${bootId}\n${lane}`, { gateway, ack });
  }
  return acks.values();
}

/** The sender's level of `<base>/gateway/<gateway>/up/<lane>`. */
function gatewayOf(topic: string): string {
  const end = topic.lastIndexOf("/", topic.lastIndexOf("/") - 1);
  return topic.slice(topic.lastIndexOf("/", end - 1) + 1, end);
}
