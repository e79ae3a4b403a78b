/**
 * Brings the outbox to the collector: envelopes lane by lane in the order of their policies, again and again until the collector says
 * *stored*. A broker's own acknowledgement means nothing here. Stores nothing and decides nothing about records.
 */
import { type Lane, lanes, type Topics } from "../../core/contract/topics.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import { assembleEnvelope } from "../../core/wire/envelope-codec.ts";
import { type AckGuardOptions, createAckGuard } from "./ack-guard.ts";
import { eachLane, lanePolicies, sendingOrder } from "./lane-policy.ts";
import { createLaneSender, type LaneSender } from "./lane-sender.ts";

/** Records of a lane, oldest first. */
interface UplinkBatch {
  readonly bootId: string;
  readonly firstSequence: number;
  readonly oldestSequence: number;
  readonly records: readonly Uint8Array[];
}

/** What the uplink needs of the outbox. */
export interface UplinkOutbox {
  readonly bootId: string | null;
  peek(
    lane: Lane,
    options: { readonly after: number; readonly maxRecords: number; readonly maxBytes: number },
  ): UplinkBatch | null;
  acknowledge(bootId: string, lane: Lane, sequence: number): void;
  onCommit(callback: (lane: Lane) => void): () => void;
}

/** What the uplink needs of an MQTT client. */
export interface UplinkTransport {
  readonly connected: boolean;
  publish(
    topic: string,
    payload: Uint8Array,
    options: { readonly qos: 1; readonly retain: false },
  ): Promise<void>;
  subscribe(filter: string, qos: 1, handler: (topic: string, payload: Uint8Array) => void): Promise<void>;
  onConnect(callback: () => void): () => void;
}

export interface UplinkOptions {
  readonly gateway: string;
  readonly outbox: UplinkOutbox;
  readonly transport: UplinkTransport;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: Logger;
  /** Of an acknowledgement; absent: whoever may write to the topic is believed. */
  readonly isAuthentic?: AckGuardOptions["isAuthentic"];
  /** Envelopes of one lane under way at once; default 4. */
  readonly windowEnvelopes?: number;
  /** Bounds of one envelope; default 200 records and 128 KiB of them. */
  readonly maxRecords?: number;
  readonly maxBytes?: number;
  /** How long the collector may take to store an envelope; default 10 s. */
  readonly ackTimeoutMs?: number;
  /** Upper bounds of the first and any wait before sending again; default 2 s and 2 min. */
  readonly resend?: { readonly firstMs: number; readonly maxMs: number };
  /** How long records of a lane wait for company after their commit; default none for alerts up to 10 s for predictions. */
  readonly gatherMs?: Partial<Readonly<Record<Lane, number>>>;
  /** Uniform in [0, 1), for jitter. */
  readonly random?: () => number;
}

export interface UplinkCounts {
  readonly envelopesSent: number;
  /** Records sent, repetitions included. */
  readonly recordsSent: number;
  /** Bytes of MQTT PUBLISH packets: payload, topic and headers; without TCP, TLS and acknowledgements. */
  readonly bytesSent: number;
  readonly bytesByLane: Readonly<Record<Lane, number>>;
  /** Times that a lane had to go back because the collector did not answer. */
  readonly timeouts: number;
  readonly acksReceived: number;
  /** Acknowledgements that could not be read, belong to another life of the outbox, or say less than one before. */
  readonly acksIgnored: number;
  /** Acknowledgements that are not of the collector of this gateway's enrolment. */
  readonly acksRefused: number;
}

export interface Uplink {
  counts(): UplinkCounts;
  /** Sends what waits for company now, for example before a shutdown. */
  hurry(): void;
  close(): void;
}

const defaultGatherMs: Readonly<Record<Lane, number>> = {
  alert: 0,
  update: 500,
  drift: 2_000,
  prediction: 10_000,
  raw: 10_000,
};

/** Timeouts in a row after which it is said aloud, once. */
const worryingTimeouts = 3;
/** PUBLISH: type, up to 3 bytes of length, topic length, packet id (MQTT 3.1.1 section 3.3). */
const publishOverheadBytes = 8;

/** Starts to send; subscribes to the acknowledgements first. */
export function createUplink(options: UplinkOptions): Uplink {
  const { gateway, outbox, transport, topics, clock, timers } = options;
  const logger = options.logger ?? silentLogger;
  const order = sendingOrder(lanePolicies);
  const senders = eachLane(() => openSender(options));
  const gathering = createGathering(options.gatherMs);
  const publisher = createEnvelopePublisher(options);
  const guard = createAckGuard(options);
  let timeouts = 0;
  let bootId: string | null = null;
  let closed = false;
  let cancelTimer = (): void => {};

  const pump = (): void => {
    if (closed) return;
    if (outbox.bootId !== bootId) {
      bootId = outbox.bootId;
      for (const lane of lanes) senders[lane].forget();
      guard.forget();
    }
    // Without a connection there is nothing to wait for: the next one begins by sending everything again.
    if (!transport.connected) return;
    const nowMs = clock.monotonicMs();
    for (const lane of lanes) {
      if (senders[lane].expire(nowMs)) worry(lane);
    }
    for (const lane of order) sendLane(lane, nowMs);
    wakeLater(nowMs);
  };

  const worry = (lane: Lane): void => {
    timeouts += 1;
    if (senders[lane].timeouts !== worryingTimeouts) return;
    logger.warn("the collector does not acknowledge; records stay here and are sent again", { lane });
  };

  const sendLane = (lane: Lane, nowMs: number): void => {
    if (gathering.isUnderWay(lane, nowMs)) return;
    const sender = senders[lane];
    while (sender.maySend(nowMs)) {
      const batch = outbox.peek(lane, {
        after: sender.sentUpTo,
        maxRecords: options.maxRecords ?? 200,
        maxBytes: options.maxBytes ?? 128 * 1024,
      });
      // Another life of the outbox begins with the next pump.
      if (batch === null || batch.bootId !== bootId) return;
      publisher.send(lane, batch);
      const last = batch.firstSequence + batch.records.length - 1;
      guard.gaveOut(lane, last);
      sender.sent(last, nowMs);
    }
  };

  const wakeLater = (nowMs: number): void => {
    cancelTimer();
    const times = lanes.flatMap((lane) => [senders[lane].wakeAtMs(), gathering.endsAtMs(lane)]);
    const wakeAtMs = Math.min(...times.filter((time) => time !== null && time > nowMs).map(Number));
    if (Number.isFinite(wakeAtMs)) cancelTimer = timers.after(wakeAtMs - nowMs, pump);
  };

  const onAck = (_topic: string, payload: Uint8Array): void => {
    if (closed) return;
    const nowMs = clock.monotonicMs();
    const ack = guard.admit(payload, { bootId: outbox.bootId, nowMs });
    if (ack === null) return;
    const { lane, sequence } = ack;
    outbox.acknowledge(ack.bootId, lane, sequence);
    // The outbox may have begun a new life on hearing of records that it does not know.
    if (outbox.bootId !== ack.bootId) guard.renewed(nowMs);
    if (outbox.bootId !== bootId || senders[lane].acknowledge(sequence)) pump();
  };

  const gather = (lane: Lane): void => {
    gathering.begin(lane, clock.monotonicMs());
    pump();
  };

  const stopListening = [
    outbox.onCommit(gather),
    transport.onConnect(() => {
      for (const lane of lanes) senders[lane].restart();
      pump();
    }),
  ];
  transport.subscribe(topics.ack(gateway), 1, onAck).catch((error: unknown) => {
    logger.error("the broker refuses the acknowledgements' topic", { topic: topics.ack(gateway), error });
  });

  return {
    counts: () => ({ timeouts, ...guard.counts(), ...publisher.counts() }),
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

function openSender(options: UplinkOptions): LaneSender {
  const { firstMs, maxMs } = options.resend ?? { firstMs: 2_000, maxMs: 120_000 };
  const backoff = createBackoff({
    firstMs,
    maxMs,
    ...(options.random === undefined ? {} : { random: options.random }),
  });
  return createLaneSender({
    windowEnvelopes: options.windowEnvelopes ?? 4,
    ackTimeoutMs: options.ackTimeoutMs ?? 10_000,
    nextWaitMs: () => backoff.nextMs(),
    resetWait: () => backoff.reset(),
  });
}

/** Which lanes' fresh records wait for company, and until when (monotonic ms). */
interface Gathering {
  /** Records of the lane were committed at `nowMs`: they wait, unless older ones do already. */
  begin(lane: Lane, nowMs: number): void;
  /** Whether the lane still waits; when its time is over it no longer does. */
  isUnderWay(lane: Lane, nowMs: number): boolean;
  /** Null when nothing of the lane waits. */
  endsAtMs(lane: Lane): number | null;
  endAll(): void;
}

function createGathering(gatherMs: UplinkOptions["gatherMs"] = {}): Gathering {
  const ends = new Map<Lane, number>();
  return {
    begin(lane, nowMs) {
      const waitMs = gatherMs[lane] ?? defaultGatherMs[lane];
      if (waitMs > 0 && !ends.has(lane)) ends.set(lane, nowMs + waitMs);
    },
    isUnderWay(lane, nowMs) {
      if ((ends.get(lane) ?? 0) > nowMs) return true;
      ends.delete(lane);
      return false;
    },
    endsAtMs: (lane) => ends.get(lane) ?? null,
    endAll: () => ends.clear(),
  };
}

/** Puts envelopes on the wire and counts them, repetitions included. */
interface EnvelopePublisher {
  send(lane: Lane, batch: UplinkBatch): void;
  counts(): Pick<UplinkCounts, "envelopesSent" | "recordsSent" | "bytesSent" | "bytesByLane">;
}

function createEnvelopePublisher(options: UplinkOptions): EnvelopePublisher {
  const { gateway, topics, transport } = options;
  const logger = options.logger ?? silentLogger;
  const bytesByLane = eachLane(() => 0);
  let envelopesSent = 0;
  let recordsSent = 0;
  let bytesSent = 0;
  return {
    send(lane, batch) {
      const payload = assembleEnvelope({ gateway, lane, ...batch }, batch.records);
      const topic = topics.up(gateway, lane);
      envelopesSent += 1;
      recordsSent += batch.records.length;
      const bytes = payload.length + topic.length + publishOverheadBytes;
      bytesSent += bytes;
      bytesByLane[lane] += bytes;
      transport.publish(topic, payload, { qos: 1, retain: false }).catch((error: unknown) => {
        // The timeout, or the next connection, sends it again.
        logger.debug("an envelope was not published", { lane, error });
      });
    },
    counts: () => ({ envelopesSent, recordsSent, bytesSent, bytesByLane: { ...bytesByLane } }),
  };
}
