/** Puts envelopes on the wire and counts them, repetitions included. What is not published is sent again by its owner. */
import type { Lane, Topics } from "../../core/contract/topics.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import { assembleEnvelope } from "../../core/wire/envelope-codec.ts";
import { eachLane } from "./lane-policy.ts";
import type { OutboxBatch } from "./outbox-ledger.ts";

/** PUBLISH: type, up to 3 bytes of length, topic length, packet id (MQTT 3.1.1 section 3.3). */
const publishOverheadBytes = 8;

/** What publishing needs of an MQTT client. */
export interface EnvelopeTransport {
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
}

interface EnvelopePublisher {
  /** Gives the bytes of the packet. */
  send(lane: Lane, batch: OutboxBatch): number;
  counts(): EnvelopeCounts;
}

export function createEnvelopePublisher(options: EnvelopePublisherOptions): EnvelopePublisher {
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
      return bytes;
    },
    counts: () => ({ envelopesSent, recordsSent, bytesSent, bytesByLane: { ...bytesByLane } }),
  };
}
