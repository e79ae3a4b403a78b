/**
 * Puts envelopes on the wire and counts them, repetitions included, and knows how large the broker takes them: by what it states, or
 * by what it refuses. What is not published is sent again by its owner.
 */
import type { Lane, Topics } from "../../core/contract/topics.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import { isTooLargeForBroker } from "../../core/platform/mqtt/mqtt-exchanges.ts";
import { assembleEnvelope } from "../../core/wire/envelope-codec.ts";
import { eachLane, maxRecordsOfEnvelope } from "./lane-policy.ts";
import type { OutboxBatch } from "./outbox-ledger.ts";

/** PUBLISH: type, up to 3 bytes of length, topic length, packet id (MQTT 3.1.1 section 3.3). */
const publishOverheadBytes = 8;
/** Bytes of the records in one envelope. */
const maxRecordBytes = 128 * 1024;
/** More of a packet than its records: headers, and the fields of an envelope before them. */
const envelopeOverheadBytes = 256;
/** Tag and length of a record in an envelope. */
const recordOverheadBytes = 4;

/** What publishing needs of an MQTT client. */
export interface EnvelopeTransport {
  /** That the broker says it takes; null: it states none. */
  readonly largestPacketBytes: number | null;
  publish(
    topic: string,
    payload: Uint8Array,
    options: { readonly qos: 1; readonly retain: false },
  ): Promise<void>;
}

export interface EnvelopeCounts {
  readonly envelopesSent: number;
  /** Records sent, repetitions included. */
  readonly recordsSent: number;
  /** Bytes of MQTT PUBLISH packets: payload, topic and headers; without TCP, TLS and acknowledgements. */
  readonly bytesSent: number;
  readonly bytesByLane: Readonly<Record<Lane, number>>;
}

interface EnvelopePublisherOptions {
  readonly gateway: string;
  readonly topics: Topics;
  readonly transport: EnvelopeTransport;
  readonly logger?: Logger;
  /** Of one envelope; default {@link maxRecordsOfEnvelope}. */
  readonly maxRecords?: number;
}

/**
 * What became of an envelope at the broker: it has it, it does not take one so large and would take its records in smaller ones, or it
 * did not say.
 */
export type EnvelopeFate = "carried" | "too-large" | "unknown";

interface EnvelopePublisher {
  readonly maxRecords: number;
  /** Bytes of records in one envelope that the broker takes, as far as is known. A single record may be larger, and goes alone. */
  readonly maxRecordBytes: number;
  /** Gives the bytes of the packet, and its fate: within the client's time limit. */
  send(lane: Lane, batch: OutboxBatch): { readonly bytes: number; readonly fate: Promise<EnvelopeFate> };
  /** The connection is new: perhaps it is another broker. */
  renew(): void;
  counts(): EnvelopeCounts;
}

export function createEnvelopePublisher(options: EnvelopePublisherOptions): EnvelopePublisher {
  const { gateway, topics, transport, maxRecords = maxRecordsOfEnvelope } = options;
  const logger = options.logger ?? silentLogger;
  const bytesByLane = eachLane(() => 0);
  let envelopesSent = 0;
  let recordsSent = 0;
  let bytesSent = 0;
  let refusedFrom = Number.POSITIVE_INFINITY;
  let isTold = false;

  const judge = (error: unknown, { records }: OutboxBatch): EnvelopeFate => {
    if (!isTooLargeForBroker(error)) return "unknown";
    if (!isTold) logger.warn("the broker refuses an envelope for its size; smaller ones are sent", { error });
    isTold = true;
    refusedFrom = Math.min(
      refusedFrom,
      records.reduce((sum, { length }) => sum + length, 0),
    );
    return records.length > 1 ? "too-large" : "unknown";
  };

  return {
    maxRecords,
    get maxRecordBytes() {
      const overhead =
        envelopeOverheadBytes + maxRecords * recordOverheadBytes + topics.up(gateway, "prediction").length;
      const stated = (transport.largestPacketBytes ?? Number.POSITIVE_INFINITY) - overhead;
      return Math.max(1, Math.min(maxRecordBytes, stated, Math.floor(refusedFrom / 2)));
    },
    send(lane, batch) {
      const payload = assembleEnvelope({ gateway, lane, ...batch }, batch.records);
      const topic = topics.up(gateway, lane);
      envelopesSent += 1;
      recordsSent += batch.records.length;
      const bytes = payload.length + topic.length + publishOverheadBytes;
      bytesSent += bytes;
      bytesByLane[lane] += bytes;
      const fate = transport.publish(topic, payload, { qos: 1, retain: false }).then(
        (): EnvelopeFate => "carried",
        (error: unknown) => {
          // Unless it was too large, the timeout or the next connection sends it again.
          logger.debug("an envelope was not published", { lane, error });
          return judge(error, batch);
        },
      );
      return { bytes, fate };
    },
    renew() {
      refusedFrom = Number.POSITIVE_INFINITY;
    },
    counts: () => ({ envelopesSent, recordsSent, bytesSent, bytesByLane: { ...bytesByLane } }),
  };
}
