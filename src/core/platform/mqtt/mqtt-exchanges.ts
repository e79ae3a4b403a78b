/**
 * Exchanges that wait for a broker's answer. Each ends with the answer or with the loss of its connection: a broker that
 * does not answer in time is cut off, one that sends other things meanwhile later.
 */
import { AuroraError, hasErrorCode } from "../../contract/aurora-error.ts";
import type { Timers } from "../clock.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import { packetTooLarge } from "./mqtt5-packets.ts";

interface MqttExchangesOptions {
  /** The broker's address without secrets, for messages. */
  readonly subject: string;
  readonly answerTimeoutMs: number;
  readonly timers: Timers;
}

export interface MqttExchanges {
  /** Begins one; rejects with `MQTT`, without a connection at once. `done` takes the answer. */
  run(
    connection: BrokerConnection | null,
    begin: (connection: BrokerConnection, done: (error: Error | null) => void) => void,
  ): Promise<void>;
  /** The connection is lost: rejects all that wait. */
  failAll(message: string): void;
  readonly waiting: number;
  /** Resolves when nothing waits any more, or after about `maxMs`. */
  idle(maxMs: number): Promise<void>;
}

/** What envelopes and pieces of raw evidence need of a broker (src/SCALING.md). */
export const wantedPacketBytes = 140_000;
/** What helps where a broker takes less. */
export const packetSizeCure: string = `Let the broker take messages of ${wantedPacketBytes / 1_000} kB (mosquitto: message_size_limit, max_packet_size).`;

const saysTooLarge = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === packetTooLarge;

/** An error of the connection to `subject`. */
export function createMqttError(subject: string, message: string, cause?: Error): AuroraError {
  const isTooLarge = saysTooLarge(cause);
  return new AuroraError("MQTT", message, {
    op: "use broker",
    subject,
    ...(isTooLarge ? { hint: packetSizeCure } : {}),
    cause,
  });
}

/** Did the broker answer with a reason why not (MQTT 5 section 2.4)? Then the connection holds. */
export function isMqttRefusal(error: unknown): boolean {
  if (!hasErrorCode(error, "MQTT")) return false;
  const { cause } = error;
  return cause instanceof Error && "code" in cause && typeof cause.code === "number";
}

/** Does the broker not take a message so large, as it said before or when it came? Then the connection holds. */
export function isTooLargeForBroker(error: unknown): boolean {
  return hasErrorCode(error, "MQTT") && saysTooLarge(error.cause);
}

/** Answers stand behind what else the broker sends. One that goes on sending has so many times as long for each. */
const mostWaits = 12;
/** How often an idle client is looked for. */
const lookEveryMs = 15;

export function createMqttExchanges(options: MqttExchangesOptions): MqttExchanges {
  const { subject, answerTimeoutMs, timers } = options;
  const pending = new Set<(error: Error) => void>();

  return {
    run: (connection, begin) =>
      new Promise((resolve, reject) => {
        if (connection === null) {
          reject(createMqttError(subject, "not connected"));
          return;
        }
        const settle = (error: Error | null): void => {
          if (!pending.delete(fail)) return;
          cancel();
          if (error === null) resolve();
          else reject(error instanceof AuroraError ? error : createMqttError(subject, error.message, error));
        };
        const fail = (error: Error): void => settle(error);
        pending.add(fail);
        let cancel = (): void => {};
        const wait = (times: number): void => {
          const { bytesHeard } = connection;
          cancel = timers.after(answerTimeoutMs, () => {
            if (connection.bytesHeard > bytesHeard && times < mostWaits) return wait(times + 1);
            // What waits ends with the loss that follows, so that it is told from what the broker refuses.
            connection.cut({ reason: "silent", detail: `no answer within ${times * answerTimeoutMs} ms` });
          });
        };
        wait(1);
        begin(connection, settle);
      }),
    failAll: (message) => {
      for (const fail of [...pending]) fail(createMqttError(subject, message));
    },
    get waiting() {
      return pending.size;
    },
    idle: (maxMs) =>
      new Promise((resolve) => {
        let waitedMs = 0;
        const look = (): void => {
          if (pending.size === 0 || waitedMs >= maxMs) resolve();
          else {
            waitedMs += lookEveryMs;
            timers.after(lookEveryMs, look);
          }
        };
        look();
      }),
  };
}
