/**
 * Sends acknowledgements as the connection has room. They are cumulative: of what waits, the newest of each gateway and
 * lane takes the place of the ones before, so that nothing is thrown away and nothing grows but with the fleet.
 */
import type { UplinkAck } from "../../core/contract/uplink-record.ts";
import type { Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";

/** What is waiting to be sent, and what sends it. */
export interface AckSender {
  /** Takes the newest acknowledgement of a gateway's lane. */
  put(gateway: string, ack: UplinkAck): void;
  /** Sends nothing more. */
  close(): void;
}

interface AckSenderOptions {
  /** Sends one; what is rejected is sent again, unless a newer one has come. */
  readonly send: (gateway: string, ack: UplinkAck) => Promise<void>;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Under way at once; below what a connection takes (`maxInFlight` of the client, 1,000). Default 500. */
  readonly maxUnderWay?: number;
}

interface WaitingAck {
  readonly gateway: string;
  readonly ack: UplinkAck;
}

/**
 * Gateways times lanes that may wait, more than any fleet has; beyond, the one that waited longest goes, and its gateway asks again: ids
 * that nobody knows must not fill the memory.
 */
const maxWaiting = 1_000_000;
/** After one was rejected. */
const pauseMs = 250;

/** Creates a sender at rest. */
export function createAckSender(options: AckSenderOptions): AckSender {
  const { send, timers, logger, maxUnderWay = 500 } = options;
  const sentTotal = options.metrics.counter({
    name: "uplink_acks_total",
    help: "Acknowledgements by what became of them",
    labels: ["outcome"],
  });
  const waiting = new Map<string, WaitingAck>();
  const underWay = new Set<string>();
  let cancelPause: (() => void) | null = null;
  let closed = false;

  const pump = (): void => {
    if (closed || cancelPause !== null) return;
    for (const [key, next] of waiting) {
      if (underWay.size >= maxUnderWay) return;
      // One after the other: a gateway never hears an older watermark after a newer one.
      if (underWay.has(key)) continue;
      waiting.delete(key);
      underWay.add(key);
      void attempt(key, next);
    }
  };
  const attempt = async (key: string, next: WaitingAck): Promise<void> => {
    try {
      await send(next.gateway, next.ack);
      sentTotal.add(1, { outcome: "sent" });
    } catch (error) {
      sentTotal.add(1, { outcome: "rejected" });
      if (!waiting.has(key)) waiting.set(key, next);
      if (cancelPause === null && !closed) {
        logger.debug("acknowledgements wait for the connection", { waiting: waiting.size, error });
        cancelPause = timers.after(pauseMs, () => {
          cancelPause = null;
          pump();
        });
      }
    }
    underWay.delete(key);
    pump();
  };
  return {
    put: (gateway, ack) => {
      if (closed) return;
      const key = `${gateway}\n${ack.lane}`;
      const before = waiting.get(key);
      if (before !== undefined) sentTotal.add(1, { outcome: "overtaken" });
      else if (waiting.size >= maxWaiting) {
        waiting.delete(waiting.keys().next().value ?? "");
        sentTotal.add(1, { outcome: "dropped" });
      }
      waiting.set(key, { gateway, ack });
      pump();
    },
    close: () => {
      closed = true;
      cancelPause?.();
      cancelPause = null;
      waiting.clear();
    },
  };
}
