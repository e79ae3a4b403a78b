/**
 * The JSON topics of an existing SCADA bridge as a source of readings. What the broker refuses is told until it no longer does, and
 * that no message comes of a turbine, or none with a value, until one does. One value among others that is missing is set aside alone.
 */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { parseScadaPayload } from "../../core/ingest/parse-scada-payload.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { connectionSubject, createFaultNotes } from "./fault-notes.ts";
import type { ReadingSource } from "./reading-source.ts";

interface MqttSourceOptions {
  readonly topic: string;
  /** One topic may speak of several turbines; a client has one handler a topic. */
  readonly mappings: GatewayConfig["scada"];
  /** A turbine without values for so long is a fault; of values that usually come more seldom, for three times as long as that; of the first value for twelve minutes at least. */
  readonly timeoutMs: number;
  readonly mqtt: Pick<MqttClient, "subscribe" | "unsubscribe" | "connected" | "refusedFilters">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How the values of a turbine come. */
interface Heard {
  /** The last value, or when waiting for one began; monotonic. */
  sinceMs: number;
  hasValues: boolean;
  /** The longest pause between messages with values of late: what comes in bursts is silent between them. */
  usualMs: number;
  /** What the last message since then has not; null: none came. */
  missing: string | null;
}

const refusalCure = "Let this gateway's user read the topic (the broker's access list).";
const silenceCure =
  "Compare the topic's name with the bridge's, and let this gateway's user read it (the broker's access list, which `aurora fleet enrol --read` writes).";
const pathCure = "Compare timePath and the channels' paths with a message of the topic.";

const usualFactor = 3;
/** Before the first value. */
const firstFactor = 1.2;
/** Of a bridge before it is known: rows of ten minutes. */
const firstUsualMs = 10 * minuteMs;

/** Creates a source that does nothing until it is started; the client renews its subscription. */
export function createMqttSource(options: MqttSourceOptions): ReadingSource {
  const { topic, mappings, timeoutMs, mqtt, clock, logger } = options;
  const counts = { readings: 0, bad: 0 };
  const faults = createFaultNotes(logger, topic);
  const beganMs = clock.monotonicMs();
  const turbines = new Map(
    mappings.map(({ turbine }): [string, Heard] => [
      turbine,
      { sinceMs: beganMs, hasValues: false, usualMs: firstUsualMs, missing: null },
    ]),
  );
  const noteValues = (turbine: string, atMs: number): void => {
    const heard = turbines.get(turbine)!;
    const pauseMs = atMs - heard.sinceMs;
    // It falls by half in four times itself: messages of one burst say little of the pause behind it.
    if (heard.hasValues)
      heard.usualMs = Math.max(pauseMs, heard.usualMs * 2 ** (-pauseMs / (4 * heard.usualMs)));
    Object.assign(heard, { sinceMs: atMs, hasValues: true, missing: null });
    faults.clear({ code: "no-value", turbine, subject: turbine });
  };
  const findSilence = (): void => {
    const nowMs = clock.monotonicMs();
    for (const [turbine, { sinceMs, hasValues, usualMs, missing }] of turbines) {
      const factor = hasValues ? usualFactor : missing === null ? firstFactor : 0;
      if (nowMs - sinceMs <= Math.max(timeoutMs, factor * usualMs)) continue;
      if (missing === null) {
        const fault = { detail: "no message comes", cure: silenceCure };
        faults.note({ code: "no-answer", turbine, subject: turbine }, fault);
      } else {
        const detail = `messages come, none is usable: ${missing}`;
        faults.note({ code: "no-value", turbine, subject: turbine }, { detail, cure: pathCure });
      }
    }
  };
  return {
    start: (sink) =>
      mqtt.subscribe(topic, 1, (_topic, payload) => {
        const arrival = { arrivedMs: clock.nowMs(), arrivedMonotonicMs: clock.monotonicMs() };
        for (const { turbine, timePath, channels } of mappings) {
          const parsed = parseScadaPayload(payload, { deviceId: turbine, timePath, channels }, arrival);
          const { readings, quarantined } = parsed.ok
            ? parsed.value
            : { readings: [], quarantined: [parsed.error] };
          counts.readings += readings.length;
          counts.bad += quarantined.length;
          if (readings.length > 0) noteValues(turbine, arrival.arrivedMonotonicMs);
          else turbines.get(turbine)!.missing = quarantined[0]?.detail ?? null;
          for (const each of quarantined) sink.onQuality(each);
          for (const reading of readings) sink.onReading(reading);
        }
      }),
    close: () => mqtt.unsubscribe(topic),
    describe: () => {
      const isRefused = mqtt.refusedFilters.has(topic);
      if (!isRefused) faults.clear(connectionSubject);
      else {
        faults.note(connectionSubject, { detail: "the broker refuses the subscription", cure: refusalCure });
      }
      if (mqtt.connected && !isRefused) findSilence();
      // Nothing can come: waiting begins anew.
      else for (const heard of turbines.values()) heard.sinceMs = clock.monotonicMs();
      return {
        name: topic,
        kind: "mqtt",
        connected: mqtt.connected,
        connections: 0,
        ...counts,
        faults: faults.list(),
      };
    },
  };
}
