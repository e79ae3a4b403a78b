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
import { createBatchLoop, lastBatchMs, pauseAfterFailure, storeTogether } from "./batch-loop.ts";
import { type CutBatch, cutBatches } from "./cut-batches.ts";
import { createIngestAccounts } from "./ingest-accounts.ts";
import type { RecordLimits } from "./read-envelope.ts";
import { createUrgentQueue } from "./urgent-queue.ts";

export interface UplinkIngestOptions {
  readonly record: Pick<FleetRecord, "storeEnvelopes">;
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
  /** Has the storage failed, and stored nothing since? What only our own code stumbles over says nothing of that. */
  readonly storeFails: boolean;
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
/** For how long what follows a hole waits for another worker to fill it; its gateway sends again, after that or later (`src/gateway/record/lane-sender.ts`). */
const holeWaitMs = 10_000;
/** Until it is looked at again. */
const holePauseMs = 25;
/** Of what may wait, of all and of a gateway, for messages that are not urgent. */
const othersShare = 7 / 8;
/** Of a gateway: more than it has under way by itself. What waits takes a place among those that the broker gives out before they are stored. */
const mostEarlyPerGateway = 32;

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
  let storeFails = false;
  /** How often what waited was dropped. */
  let timesForgotten = 0;
  /** What waits for a hole to be filled, until it is looked at again. */
  const behindHole: WaitingMessage[] = [];
  let cancelPause: (() => void) | null = null;
  /** Of each gateway how many wait for a hole to be filled. */
  const earlyCounts = new Map<string, number>();
  const countEarly = (topic: string, change: 1 | -1): void => {
    const gateway = gatewayOf(topic);
    const many = (earlyCounts.get(gateway) ?? 0) + change;
    if (many > 0) earlyCounts.set(gateway, many);
    else earlyCounts.delete(gateway);
  };
  /** May what follows a hole since then wait on? */
  const mayWait = (topic: string, earlySinceMs: number): boolean =>
    !closed &&
    clock.monotonicMs() - earlySinceMs < holeWaitMs &&
    (earlyCounts.get(gatewayOf(topic)) ?? 0) < mostEarlyPerGateway;

  /** Adds to `early` the payloads of messages that came before what stands between them and what is stored. */
  const storeMessages = async (
    messages: readonly WaitingMessage[],
    early: Set<Uint8Array>,
  ): Promise<void> => {
    const { isBehind = false } = clock;
    const limits = { sites, driftKeptMs, driftBinsOf, nowMs: clock.nowMs(), isBehind };
    let isFirst = true;
    for await (const read of cutBatches(messages, limits, clock)) {
      // What is large is stored in parts, and others have their turn between them.
      if (!isFirst) await rest();
      isFirst = false;
      const batch = { ...read, envelopes: await beforeStore(read.envelopes) };
      const stored = await record.storeEnvelopes(batch);
      if (storeFails) logger.info("storing works again");
      storeFails = false;
      for (const [index, { payload }] of batch.envelopes.entries()) {
        if (stored[index]!.outcome === "hole") early.add(payload);
      }
      count(batch, stored);
      for (const { gateway, ack } of newestAcks(batch, stored)) acks.put(gateway, ack);
    }
  };
  const storeNext = async (): Promise<void> => {
    const taken = waiting.take(maxBatchMessages, maxBatchBytes);
    const timesForgottenBefore = timesForgotten;
    const early = new Set<Uint8Array>();
    let stuck: ReadonlyMap<WaitingMessage, unknown> = new Map();
    try {
      stuck = await storeTogether(taken, (messages) => storeMessages(messages, early));
      // No reason to say that nothing can be stored, nor to hold them, even where all of a batch is stuck: one gateway that
      // sends nothing else could then halt the others.
      for (const [{ topic }, error] of stuck) {
        messagesTotal.add(1, { outcome: "store-failed" });
        logger.error("a message makes storing fail, and is left to its gateway", { topic, error });
      }
    } catch (error) {
      messagesTotal.add(taken.length, { outcome: "store-failed" });
      // Once until it works again: every batch fails while a disk is full.
      if (!storeFails) logger.error("nothing can be stored; gateways keep their records", { error });
      storeFails = true;
      if (taken.some(({ settle }) => settle !== null)) await pauseAfterFailure(options.timers);
    }
    const again: WaitingMessage[] = [];
    for (const message of taken) {
      const { topic } = message;
      if (message.earlySinceMs !== null) countEarly(topic, -1);
      const earlySinceMs = early.has(message.payload) ? (message.earlySinceMs ?? clock.monotonicMs()) : null;
      const waits = storeFails || (earlySinceMs !== null && mayWait(topic, earlySinceMs));
      const isKept = message.settle !== null && timesForgotten === timesForgottenBefore;
      if (isKept && !stuck.has(message) && waits) {
        if (earlySinceMs !== null) countEarly(topic, 1);
        again.push({ ...message, earlySinceMs, payload: ownBytes(message.payload) });
        continue;
      }
      pendingBytes -= costOf(message);
      message.settle?.();
    }
    if (storeFails) {
      // Before what came meanwhile, which would follow a hole otherwise.
      for (const message of again.reverse()) waiting.putBack(gatewayOf(message.topic), message);
    } else if (again.length > 0) {
      behindHole.push(...again);
      cancelPause ??= options.timers.after(holePauseMs, lookAgain);
    }
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
      if (isTooMuch) {
        messagesTotal.add(1, { outcome: "overload" });
        settle?.();
        return;
      }
      waiting.push(gateway, message);
      pendingBytes += cost;
      loop.wake();
    },
    forget: () => {
      timesForgotten += 1;
      const dropped = [
        ...waiting.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
        ...behindHole.splice(0),
      ];
      for (const message of dropped) {
        if (message.earlySinceMs !== null) countEarly(message.topic, -1);
        pendingBytes -= costOf(message);
      }
      if (dropped.length > 0) messagesTotal.add(dropped.length, { outcome: "connection-lost" });
    },
    flush: loop.flush,
    get storeFails() {
      return storeFails;
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

/** Alerts, and the events beside them, come before what else waits. */
function isUrgent(topic: string): boolean {
  return topic.endsWith("/alert") || topic.endsWith("/update");
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
