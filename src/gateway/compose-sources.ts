/** Puts the sources of SCADA values together that a configuration names, and leads what comes of them to the points. */
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { joinFieldBuses } from "../core/contract/config/mapped-channels.ts";
import { isOperatingChannel } from "../core/contract/config/operating-channels.ts";
import type { DeviceDiagnosis } from "../core/contract/device/device-diagnosis.ts";
import { type DiagnosedSource, maxSourceName } from "../core/contract/source-diagnosis.ts";
import type { Quarantine, Reading } from "../core/contract/stream.ts";
import { groupBy } from "../core/maths/group-by.ts";
import type { Clock, Timers } from "../core/platform/clock.ts";
import type { Closers } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { MqttClient } from "../core/platform/mqtt/mqtt-reconnect.ts";
import { describeNews } from "./diagnosis/diagnosis-ledger.ts";
import { createHeardChannels, type HeardChannel, type HeardChannels } from "./diagnosis/heard-channels.ts";
import { createSourceClock } from "./diagnosis/source-clock.ts";
import { createSourceDiagnoses, type SourceDiagnoses } from "./diagnosis/source-diagnoses.ts";
import type { Telemetry } from "./record/telemetry.ts";
import { channelSubject, createFaultNotes, type FaultNotes } from "./sources/fault-notes.ts";
import { loadModbus } from "./sources/modbus-client.ts";
import { createModbusSource } from "./sources/modbus-source.ts";
import { createMqttSource } from "./sources/mqtt-source.ts";
import { loadOpcUa } from "./sources/opcua-client.ts";
import { createOpcUaSource } from "./sources/opcua-source.ts";
import type { ReadingSource, SourceCondition } from "./sources/reading-source.ts";

interface SourceSurroundings {
  readonly config: GatewayConfig;
  readonly mqtt: MqttClient;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly record: { readonly telemetry: Pick<Telemetry, "event"> };
}

/** A source, for whoever looks after the gateway. */
export interface DescribedSource extends Omit<SourceCondition, "faults"> {
  /** What was last wrong and still is, one sentence a fault. */
  readonly faults: readonly string[];
  /** Readings that were dated by their arrival, since the clock that stamps them is ahead of the gateway's. */
  readonly redated: number;
  /** The same, summed up, with what to do; a finding stands for a minute longer than its fault. */
  readonly diagnoses: readonly DeviceDiagnosis[];
  /** The last value of each channel, as it was read. */
  readonly values: readonly HeardChannel[];
}

/** Where readings go to. */
interface SourceOutlets {
  /** As a SCADA bridge sends them: a row each. */
  onRow(reading: Reading): void;
  /** As a field bus is asked for them: one every `everyMs`. */
  onPoll(reading: Reading, everyMs: number): void;
  onQuality(quarantine: Quarantine): void;
}

export interface Sources {
  start(outlets: SourceOutlets): Promise<void>;
  /** The contract of a bundle refuses a reading that an outlet was given; call it before the next one of its channel. */
  refuse(quarantine: Quarantine): void;
  conditions(): readonly DescribedSource[];
  /** Sources of a turbine's values that something is wrong with, {@link maxToldSources} of them at most. */
  diagnosed(turbine: string): readonly DiagnosedSource[];
  /** Tells the collector what is news of what is wrong; call it about once a second. */
  tick(): void;
}

/** A state of a turbine that is longer than 256 KiB is read by nobody. */
const maxToldSources = 16;

/** Creates them; `closers` close those that were started. */
export function composeSources(surroundings: SourceSurroundings, closers: Pick<Closers, "add">): Sources {
  const { config, mqtt, clock, timers, logger } = surroundings;
  const { stateDir } = config.gateway;
  const timeoutMs = config.operation.dataTimeoutSeconds * 1000;
  const judged = { timeoutMs, logger };
  const { telemetry } = surroundings.record;
  const topics = [...new Set(config.scada.map(({ topic }) => topic))];
  const mapped = config.scada.map((mapping) => ({ ...mapping, live: listLive(config, mapping) }));
  const bridges = topics.map((topic) => {
    const mappings = mapped.filter((mapping) => mapping.topic === topic);
    const source = createMqttSource({ topic, mappings, timeoutMs, mqtt, clock, logger });
    return diagnosable(source, mappings, judged);
  });
  const buses = joinFieldBuses({
    modbus: config.modbus.map((server) => {
      const source = createModbusSource({ config: server, load: loadModbus, clock, timers, logger });
      return { ...diagnosable(source, server.units, judged), everyMs: server.pollSeconds * 1000 };
    }),
    opcua: config.opcua.map((server) => {
      const source = createOpcUaSource({ config: server, load: loadOpcUa, stateDir, clock, timers, logger });
      return { ...diagnosable(source, server.turbines, judged), everyMs: server.everySeconds * 1000 };
    }),
  });
  const all = [...bridges, ...buses];
  // The state of every turbine asks each second: not through all sources.
  const byTurbine = groupBy(
    all.flatMap((own) => own.turbines.map((turbine) => ({ own, turbine }))),
    ({ turbine }) => turbine,
  );
  return {
    start: async ({ onRow, onPoll, onQuality }) => {
      for (const { source } of bridges) await source.start({ onReading: onRow, onQuality });
      // All at once: others wait for the end of each.
      closers.add(
        "field buses",
        async () => void (await Promise.all(buses.map(({ source }) => source.close()))),
      );
      for (const { source, everyMs } of buses) {
        await source.start({ onReading: (reading) => onPoll(reading, everyMs), onQuality });
      }
    },
    refuse: (quarantine) => {
      for (const { own } of byTurbine.get(quarantine.deviceId) ?? []) own.heard.refuse(quarantine);
    },
    conditions: () =>
      all.map(({ source, clocks, heard, diagnoses }) => {
        const { faults, ...condition } = source.describe();
        const sentences = faults.map(({ subject, detail }) => `${subject}: ${detail}`);
        const values = heard.list(clock.monotonicMs());
        return { ...condition, faults: sentences, redated: clocks.redated, diagnoses: diagnoses.all, values };
      }),
    diagnosed: (turbine) =>
      (byTurbine.get(turbine) ?? [])
        .flatMap(({ own: { source, diagnoses } }) => {
          const mine = diagnoses.of(turbine);
          return mine.length === 0 ? [] : [{ source: nameOf(source), diagnoses: mine }];
        })
        .slice(0, maxToldSources),
    tick: () => {
      const now = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
      for (const { source, diagnoses } of all) {
        for (const news of diagnoses.update(source.describe().faults, now)) {
          const whose = news.turbine === null ? "" : `${news.turbine}: `;
          const detail = `${whose}${describeNews(news)}`;
          telemetry.event(`source-diagnosis.${news.kind}`, nameOf(source), detail);
        }
      }
    },
  };
}

interface DiagnosableSource {
  readonly source: ReadingSource;
  /** That it speaks of. */
  readonly turbines: readonly string[];
  readonly clocks: SourceClocks;
  readonly heard: HeardChannels;
  readonly diagnoses: SourceDiagnoses;
}

function diagnosable(
  source: ReadingSource,
  mapped: readonly { readonly turbine: string }[],
  { timeoutMs, logger }: { readonly timeoutMs: number; readonly logger: Logger },
): DiagnosableSource {
  const turbines = [...new Set(mapped.map(({ turbine }) => turbine))];
  const notes = createFaultNotes(logger, source.describe().name);
  const clocks = createSourceClocks(turbines, timeoutMs, notes);
  const heard = createHeardChannels(timeoutMs);
  const dated: ReadingSource = {
    start: ({ onReading, onQuality }) =>
      source.start({
        onReading: (reading) => {
          heard.hear(reading);
          onReading(clocks.date(reading));
        },
        onQuality,
      }),
    close: () => source.close(),
    describe: () => {
      const condition = source.describe();
      clocks.judge();
      judgeValues(heard, notes);
      return { ...condition, faults: [...condition.faults, ...notes.list()] };
    },
  };
  return { source: dated, turbines, clocks, heard, diagnoses: createSourceDiagnoses(turbines) };
}

const refusalCure =
  "Compare the channel's unit, scale, type and word order, and the clock that stamps it, with what the source sends.";

/** Values that were read without a fault, and that no bundle takes. */
function judgeValues(heard: HeardChannels, notes: FaultNotes): void {
  for (const { turbine, channel, refusal } of heard.judge()) {
    const subject = channelSubject(turbine, channel);
    if (refusal === null) notes.clear(subject);
    else notes.note(subject, { detail: `each value is refused: ${refusal}`, cure: refusalCure });
  }
}

/** The clocks that stamp a source's values: each turbine's controller may have its own. */
interface SourceClocks {
  date(reading: Reading): Reading;
  readonly redated: number;
  /** Notes whose clock is wrong. */
  judge(): void;
}

function createSourceClocks(turbines: readonly string[], timeoutMs: number, notes: FaultNotes): SourceClocks {
  const clocks = new Map(turbines.map((turbine) => [turbine, createSourceClock(timeoutMs)]));
  return {
    date: (reading) => clocks.get(reading.deviceId)?.date(reading) ?? reading,
    get redated() {
      return [...clocks.values()].reduce((sum, { redated }) => sum + redated, 0);
    },
    judge: () => {
      for (const [turbine, { finding }] of clocks) {
        const subject = { code: "clock", turbine, subject: turbine } as const;
        if (finding === null) notes.clear(subject);
        else notes.note(subject, { detail: finding.text, cure: finding.cure });
      }
    },
  };
}

/** Channels of a mapping that measuring points go by, unless they are of rows as well, which may be late. */
function listLive(
  { turbines }: GatewayConfig,
  { turbine, channels }: GatewayConfig["scada"][number],
): readonly string[] {
  const { points, scadaBundle } = turbines.find(({ id }) => id === turbine)!;
  if (points.length === 0) return [];
  const names = channels.map(({ name }) => name).filter(isOperatingChannel);
  return scadaBundle === null ? names : names.filter((name) => name !== "power");
}

function nameOf(source: ReadingSource): string {
  return source.describe().name.slice(0, maxSourceName);
}
