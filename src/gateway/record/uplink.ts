/**
 * Brings the outbox to the collector: envelopes lane by lane in the order of their policies, again and again until the collector says
 * *stored*. A broker's own acknowledgement means nothing here. Stores nothing and decides nothing about records.
 */
import { type Lane, lanes, type Topics } from "../../core/contract/topics.ts";
import type { UplinkAck } from "../../core/contract/uplink-record.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import { decodeUplinkAck } from "../../core/wire/uplink-ack.ts";
import { type AckCounts, type AckGuard, type AckGuardOptions, createAckGuard, sumAcks } from "./ack-guard.ts";
import { createBacklogPace } from "./backlog-pace.ts";
import type { ClockSample } from "./clock-watch.ts";
import {
  createEnvelopePublisher,
  type EnvelopeCounts,
  type EnvelopeTransport,
} from "./envelope-publisher.ts";
import { createLaneGathering } from "./lane-gathering.ts";
import { eachLane, type LanePolicies, lanePolicies, sendingOrder, windowEnvelopes } from "./lane-policy.ts";
import { createLaneSender, type LaneSender } from "./lane-sender.ts";
import type { OutboxBatch } from "./outbox-ledger.ts";

/** What the uplink needs of the outbox. */
interface UplinkOutbox {
  readonly bootId: string | null;
  peek(
    lane: Lane,
    options: { readonly after: number; readonly maxRecords: number; readonly maxBytes: number },
  ): OutboxBatch | null;
  /** Up to which sequence that acknowledges what is held; null: nothing of it, it is of another outbox. */
  readAck(ack: Pick<UplinkAck, "bootId" | "lane" | "sequence">): number | null;
  acknowledge(bootId: string, lane: Lane, sequence: number): void;
  onCommit(callback: (lane: Lane) => void): () => void;
}

/** What the uplink needs of an MQTT client. */
export interface UplinkTransport extends EnvelopeTransport {
  readonly connected: boolean;
  subscribe(filter: string, qos: 1, handler: (topic: string, payload: Uint8Array) => void): Promise<void>;
  onConnect(callback: () => void): () => void;
}

export interface UplinkOptions {
  readonly gateway: string;
  readonly outbox: UplinkOutbox;
  /** Records that could not be written, sent from memory; default none. */
  readonly unwritten?: UplinkOutbox;
  /** What is sent first; default {@link lanePolicies}. */
  readonly policies?: LanePolicies;
  /** Upper bound of what is sent of all lanes but the first, bytes a second; default 256 KiB. */
  readonly backlogBytesPerSecond?: number;
  /** Told of the collector's clock with acknowledgements that carry it. */
  readonly onCollectorTime?: (sample: ClockSample) => void;
  readonly transport: UplinkTransport;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: Logger;
  /** Of an acknowledgement; absent: whoever may write to the topic is believed. */
  readonly isAuthentic?: AckGuardOptions["isAuthentic"];
  /** Of one envelope, at most; default 200. */
  readonly maxRecords?: number;
  /** How long the collector may take to store an envelope, at first and at least; default 10 s. */
  readonly ackTimeoutMs?: number;
  /** Upper bounds of the first and any wait before sending again; default 2 s and 2 min. */
  readonly resend?: { readonly firstMs: number; readonly maxMs: number };
  /** Uniform in [0, 1), for jitter. */
  readonly random?: () => number;
}

interface UplinkCounts extends EnvelopeCounts, AckCounts {
  /** Times that a lane had to go back because the collector did not answer. */
  readonly timeouts: number;
}

export interface Uplink {
  counts(): UplinkCounts;
  /** Sends what waits for company now, for example before a shutdown. */
  hurry(): void;
  close(): void;
}

/** Of records, where as many wait. */
const leastEnvelopeBytes = 2_048;
/** Timeouts in a row after which it is said aloud, once. */
const worryingTimeouts = 3;

/** Starts to send; subscribes to the acknowledgements first. */
export function createUplink(options: UplinkOptions): Uplink {
  const { gateway, transport, topics, clock, timers } = options;
  const logger = options.logger ?? silentLogger;
  const policies = options.policies ?? lanePolicies;
  const order = sendingOrder(policies);
  const lives = [options.outbox, ...(options.unwritten === undefined ? [] : [options.unwritten])].map(
    (outbox) => openLife(outbox, options),
  );
  const gathering = createLaneGathering();
  const publisher = createEnvelopePublisher(options);
  const pace = createBacklogPace({ maxBytesPerSecond: options.backlogBytesPerSecond ?? 256 * 1024 });
  let timeouts = 0;
  let closed = false;
  let cancelTimer = (): void => {};

  const pump = (): void => {
    if (closed) return;
    for (const life of lives) life.renew();
    // Without a connection there is nothing to wait for: the next one begins by sending everything again.
    if (!transport.connected) return;
    const nowMs = clock.monotonicMs();
    for (const life of lives) {
      for (const lane of lanes) if (life.senders[lane].expire(nowMs)) worry(life.senders[lane], lane);
    }
    for (const lane of order) {
      for (const life of lives) sendLane(life, lane, nowMs);
    }
    wakeLater(nowMs);
  };

  const worry = (sender: LaneSender, lane: Lane): void => {
    timeouts += 1;
    if (isPaced(lane)) pace.lost();
    if (sender.timeouts !== worryingTimeouts) return;
    logger.warn("the collector does not acknowledge; records stay here and are sent again", { lane });
  };

  /** Whatever is not the most urgent waits for room, so that the most urgent does not wait for it. */
  const isPaced = (lane: Lane): boolean => lane !== order[0];
  const pacedBytes = (): number =>
    lives.reduce(
      (sum, { senders }) => order.slice(1).reduce((part, lane) => part + senders[lane].bytesUnderWay, sum),
      0,
    );

  const sendLane = (life: UplinkLife, lane: Lane, nowMs: number): void => {
    if (gathering.isUnderWay(lane, nowMs)) return;
    const sender = life.senders[lane];
    while (sender.maySend(nowMs)) {
      const underWay = isPaced(lane) ? pacedBytes() : sender.bytesOnLine;
      const room = isPaced(lane) ? pace.room(nowMs) : sender.limitBytes;
      if (room <= underWay) return;
      // Several small ones rather than one: answers then say sooner how the way is.
      const wanted = !isPaced(lane) && sender.isUntried ? 0 : Math.min(room / 2, room - underWay);
      const batch = life.outbox.peek(lane, {
        after: sender.sentUpTo,
        maxRecords: publisher.maxRecords,
        maxBytes: Math.min(publisher.maxRecordBytes, Math.max(leastEnvelopeBytes, wanted)),
      });
      // Another life of the outbox begins with the next pump.
      if (batch === null || life.outbox.bootId !== life.bootId) return;
      // What is larger than what is left of the room waits until nothing is ahead of it.
      if (!isPaced(lane) && underWay > 0 && bytesOf(batch) > room - underWay) return;
      const { bytes, fate } = publisher.send(lane, batch);
      if (isPaced(lane)) pace.sent(bytes, nowMs);
      const last = batch.firstSequence + batch.records.length - 1;
      life.guard.gaveOut(lane, last);
      const flight = sender.sent(last, nowMs, bytes);
      void fate.then((how) => {
        const isFree = sender.settle(flight, how, clock.monotonicMs());
        // Room of a paced lane comes with the collector's acknowledgements.
        if (isFree && (how !== "carried" || !isPaced(lane))) pump();
      });
    }
  };

  const wakeLater = (nowMs: number): void => {
    cancelTimer();
    const senders = lives.flatMap((life) => lanes.map((lane) => life.senders[lane]));
    const times = [
      ...senders.map((sender) => sender.wakeAtMs()),
      ...lanes.map((lane) => gathering.endsAtMs(lane)),
      pace.wakeAtMs(nowMs),
    ];
    const wakeAtMs = Math.min(...times.filter((time) => time !== null && time > nowMs).map(Number));
    if (Number.isFinite(wakeAtMs)) cancelTimer = timers.after(wakeAtMs - nowMs, pump);
  };

  /** What an acknowledgement says of the way and of the clock. */
  const learn = ({ lane, sequence, timeMs }: UplinkAck, sender: LaneSender): void => {
    const landed = sender.covered(sequence);
    const newest = landed.at(-1);
    if (newest === undefined) return;
    const nowMs = clock.monotonicMs();
    const tookMs = nowMs - newest.sentMs;
    if (isPaced(lane)) {
      const bytes = landed.reduce((sum, flight) => sum + flight.bytes, 0);
      pace.landed(bytes, tookMs, nowMs);
    }
    if (timeMs === undefined) return;
    const receivedMs = clock.nowMs();
    options.onCollectorTime?.({ sentMs: receivedMs - tookMs, receivedMs, collectorMs: timeMs });
  };

  const onAck = (_topic: string, payload: Uint8Array): void => {
    if (closed) return;
    const nowMs = clock.monotonicMs();
    const read = decodeUplinkAck(payload);
    const own = lives.find(({ outbox }) => read.ok && outbox.readAck(read.value) !== null);
    const life = own ?? lives[0]!;
    const { bootId } = own !== undefined && read.ok ? read.value : life.outbox;
    const ack = life.guard.admit(payload, { bootId, nowMs });
    const sequence = ack === null ? null : life.outbox.readAck(ack);
    if (ack === null || sequence === null) return;
    const { lane } = ack;
    learn(ack, life.senders[lane]);
    const before = life.outbox.bootId;
    life.outbox.acknowledge(ack.bootId, lane, sequence);
    // The outbox may have begun a new life on hearing of records that it does not know.
    if (life.outbox.bootId !== before) life.guard.renewed(nowMs);
    if (life.outbox.bootId !== life.bootId || life.senders[lane].acknowledge(sequence, nowMs)) pump();
  };

  const gather = (lane: Lane): void => {
    gathering.begin(lane, clock.monotonicMs());
    pump();
  };

  // Before anything is sent: an acknowledgement may come at once.
  void transport.subscribe(topics.ack(gateway), 1, onAck);
  const stopListening = [
    ...lives.map(({ outbox }) => outbox.onCommit(gather)),
    transport.onConnect(() => {
      publisher.renew();
      // What the last connection had not carried when it ended may have been its end.
      if (pacedBytes() > 0) pace.lost();
      for (const { senders } of lives) for (const lane of lanes) senders[lane].restart();
      pump();
    }),
  ];
  return {
    counts: () => ({ timeouts, ...sumAcks(lives.map(({ guard }) => guard.counts())), ...publisher.counts() }),
    hurry() {
      gathering.endAll();
      pump();
    },
    close() {
      closed = true;
      cancelTimer();
      for (const stop of stopListening) stop();
    },
  };
}

const bytesOf = ({ records }: OutboxBatch): number => records.reduce((sum, { length }) => sum + length, 0);

/** One outbox, and what of it is under way. */
interface UplinkLife {
  readonly outbox: UplinkOutbox;
  readonly senders: Readonly<Record<Lane, LaneSender>>;
  readonly guard: AckGuard;
  /** That the senders' sequences belong to. */
  readonly bootId: string | null;
  /** Forgets what was sent of an outbox that is no longer the same. */
  renew(): void;
}

function openLife(outbox: UplinkOutbox, options: UplinkOptions): UplinkLife {
  const senders = eachLane((lane) => openSender(options, patience[lane]));
  const guard = createAckGuard(options);
  let bootId: string | null = null;
  return {
    outbox,
    senders,
    guard,
    get bootId() {
      return bootId;
    },
    renew() {
      if (outbox.bootId === bootId) return;
      bootId = outbox.bootId;
      for (const lane of lanes) senders[lane].forget();
      guard.forget();
    },
  };
}

/**
 * How many times longer than at first an acknowledgement may take. Of an alert a copy too many costs a record or two, and one that is
 * lost must not wait for minutes; a piece of raw samples that is lost soon shrinks to what the broker takes.
 */
const patience: Readonly<Record<Lane, number>> = { alert: 3, update: 12, drift: 12, prediction: 12, raw: 1 };

function openSender(options: UplinkOptions, patienceTimes: number): LaneSender {
  const { ackTimeoutMs = 10_000 } = options;
  const { firstMs, maxMs } = options.resend ?? { firstMs: 2_000, maxMs: 120_000 };
  const backoff = createBackoff({
    firstMs,
    maxMs,
    ...(options.random === undefined ? {} : { random: options.random }),
  });
  return createLaneSender({
    windowEnvelopes,
    ackTimeoutMs,
    maxAckTimeoutMs: patienceTimes * ackTimeoutMs,
    nextWaitMs: () => backoff.nextMs(),
    resetWait: () => backoff.reset(),
  });
}
