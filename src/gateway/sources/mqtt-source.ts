/**
 * The JSON topics of an existing SCADA bridge as a source of readings. What the broker refuses is told until it no longer does, and
 * that no message comes of a turbine, none with a value, or none with one of its channels, until one does.
 */

import { isPast } from "../../core/contract/config/operating-channels.ts";
import type { ScadaConfig } from "../../core/contract/config/scada-config.ts";
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import type { SourceFault } from "../../core/contract/source-diagnosis.ts";
import type { Reading } from "../../core/contract/stream.ts";
import { parseScadaPayload, type ScadaReadings } from "../../core/ingest/parse-scada-payload.ts";
import { formatDuration, minuteMs } from "../../core/maths/durations.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { channelSubject, connectionSubject, createFaultNotes, type FaultSubject } from "./fault-notes.ts";
import type { ReadingSource } from "./reading-source.ts";

interface Mapping extends ScadaConfig {
  /** Channels whose values are of use only when they say how the turbine is now. */
  readonly live: readonly string[];
}

interface MqttSourceOptions {
  readonly topic: string;
  /** One topic may speak of several turbines; a client has one handler a topic. */
  readonly mappings: readonly Mapping[];
  /**
   * A turbine without values for so long is a fault, and so is a channel without one in messages that have others; of values that
   * usually come more seldom, for three times as long as that; of the first message for twelve minutes at least. A value that is older
   * when it comes is not of now.
   */
  readonly timeoutMs: number;
  readonly mqtt: Pick<MqttClient, "subscribe" | "unsubscribe" | "connected" | "refusedFilters">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How the values of a turbine come, or those of one of its channels. */
interface Heard {
  /** The last value, or when waiting for one began; monotonic. */
  sinceMs: number;
  hasValues: boolean;
  /** The longest pause between values of late: what comes in bursts is silent between them. */
  usualMs: number;
  /** What is wrong with the last message since then; null: none came. */
  missing: Pick<SourceFault, "detail" | "cure"> | null;
}

interface HeardTurbine {
  readonly whole: Heard;
  readonly channels: ReadonlyMap<string, Heard>;
}

const refusalCure = "Let this gateway's user read the topic (the broker's access list).";
const silenceCure =
  "Compare the topic's name with the bridge's, and let this gateway's user read it (the broker's access list, which `aurora fleet enrol --read` writes).";
const pathCure =
  "Compare timePath and the channels' paths with a message of the topic; a value is a JSON number, and a time states its offset. What its source calls bad is mended there.";
const lateCure =
  "Set the clock that stamps the values, or this gateway's (`aurora doctor` compares it), or map a topic that tells them at once; where the messages do and bear another time, leave timePath out.";

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
  const turbines = listTurbines(mappings, clock.monotonicMs());
  const noteMessage = (
    { turbine, live }: Mapping,
    { readings, quarantined }: ScadaReadings,
    atMs: number,
  ): void => {
    const { whole, channels } = turbines.get(turbine)!;
    const isLate = (reading: Reading): boolean =>
      live.includes(reading.channel) && isPast(reading, timeoutMs);
    const lacking = [
      ...quarantined.map(({ channel, detail }) => ({ channel, detail, cure: pathCure })),
      ...readings.filter(isLate).map(describeLate),
    ];
    for (const { channel, ...missing } of lacking) {
      const heard = channels.get(channel);
      if (heard !== undefined) heard.missing = missing;
    }
    const usable = readings.filter((reading) => !isLate(reading));
    for (const { channel } of usable) {
      noteValue(channels.get(channel)!, atMs);
      faults.clear(channelSubject(turbine, channel));
    }
    if (usable.length === 0) {
      whole.missing = lacking[0] ?? null;
      return;
    }
    noteValue(whole, atMs);
    faults.clear(turbineSubject("no-value", turbine));
  };
  const findSilence = (): void => {
    const nowMs = clock.monotonicMs();
    const isLong = ({ sinceMs, hasValues, usualMs, missing }: Heard): boolean => {
      const factor = hasValues ? usualFactor : missing === null ? firstFactor : 0;
      return nowMs - sinceMs > Math.max(timeoutMs, factor * usualMs);
    };
    for (const [turbine, { whole, channels }] of turbines) {
      if (isLong(whole)) {
        if (whole.missing === null) {
          const fault = { detail: "no message comes", cure: silenceCure };
          faults.note(turbineSubject("no-answer", turbine), fault);
        } else {
          const { detail, cure } = whole.missing;
          const fault = { detail: `messages come, none is usable: ${detail}`, cure };
          faults.note(turbineSubject("no-value", turbine), fault);
        }
        continue;
      }
      for (const [channel, heard] of channels) {
        if (heard.missing === null || !isLong(heard)) continue;
        faults.note(channelSubject(turbine, channel), heard.missing);
      }
    }
  };
  return {
    start: (sink) =>
      mqtt.subscribe(topic, 1, (_topic, payload, isRetained) => {
        const arrival = { arrivedMs: clock.nowMs(), arrivedMonotonicMs: clock.monotonicMs() };
        for (const mapping of mappings) {
          const { turbine, timePath, channels } = mapping;
          // Nobody knows how long ago it was measured.
          if (isRetained && (timePath === null || arrival.arrivedMs < earliestClockMs)) continue;
          const parsed = parseScadaPayload(payload, { deviceId: turbine, timePath, channels }, arrival);
          const { readings, quarantined } = parsed.ok
            ? parsed.value
            : { readings: [], quarantined: [parsed.error] };
          counts.readings += readings.length;
          counts.bad += quarantined.length;
          // What was retained says nothing of how messages come.
          if (!isRetained) noteMessage(mapping, { readings, quarantined }, arrival.arrivedMonotonicMs);
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
      else {
        for (const { whole, channels } of turbines.values())
          for (const heard of [whole, ...channels.values()]) heard.sinceMs = clock.monotonicMs();
      }
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

function listTurbines(
  mappings: MqttSourceOptions["mappings"],
  sinceMs: number,
): ReadonlyMap<string, HeardTurbine> {
  const begin = (): Heard => ({ sinceMs, hasValues: false, usualMs: firstUsualMs, missing: null });
  return new Map(
    [...groupBy(mappings, ({ turbine }) => turbine)].map(([turbine, own]) => {
      const names = own.flatMap(({ channels }) => channels.map(({ name }) => name));
      return [turbine, { whole: begin(), channels: new Map(names.map((name) => [name, begin()])) }];
    }),
  );
}

function noteValue(heard: Heard, atMs: number): void {
  const pauseMs = atMs - heard.sinceMs;
  // It falls by half in four times itself: messages of one burst say little of the pause behind it.
  if (heard.hasValues)
    heard.usualMs = Math.max(pauseMs, heard.usualMs * 2 ** (-pauseMs / (4 * heard.usualMs)));
  Object.assign(heard, { sinceMs: atMs, hasValues: true, missing: null });
}

function describeLate({ channel, timestampMs, arrivedMs }: Reading) {
  const detail = `stamped ${formatDuration(arrivedMs - timestampMs)} before it came, which is not of now`;
  return { channel, detail, cure: lateCure };
}

function turbineSubject(code: "no-answer" | "no-value", turbine: string): FaultSubject {
  return { code, turbine, subject: turbine };
}
