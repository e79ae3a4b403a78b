/**
 * Joins the watch over SCADA values to where they come from: rows of a bridge go to it as they are, what a field bus is asked for
 * as means over a row's interval. What measuring points go by as well is told to them.
 */
import type { Manifest } from "../core/contract/bundle/manifest.ts";
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import { isOperatingChannel, isPast } from "../core/contract/config/operating-channels.ts";
import type { Quarantine, Reading, SchemaDrift } from "../core/contract/stream.ts";
import type { AlarmRegister } from "../core/decision/alarms/alarm-register.ts";
import { describeSource } from "../core/ingest/schema-watch.ts";
import { formatDuration } from "../core/maths/durations.ts";
import type { Clock } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { LoadedBundle } from "../core/serving/loaded-bundle.ts";
import type { ServedModels } from "../core/serving/served-models.ts";
import { describeDriftRow, scadaComponent } from "./compose-drift.ts";
import type { Sources } from "./compose-sources.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import { createBusReadings } from "./points/bus-readings.ts";
import { createScadaWatch, type ScadaWatchSink } from "./points/scada-watch.ts";
import type { DataQuality } from "./record/data-quality.ts";

interface ScadaSurroundings {
  readonly config: GatewayConfig;
  readonly record: Pick<GatewayRecord, "state" | "telemetry">;
  readonly models: Pick<ServedModels, "current">;
  readonly quality: DataQuality;
  readonly register: AlarmRegister;
  readonly sources: Pick<Sources, "start" | "refuse" | "tick">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where it goes, beside the record and the log. */
interface ScadaSink extends Pick<ScadaWatchSink, "onDecision" | "onAlert"> {
  /** `rowMs`: how often a row of its turbine's bundle comes; null: the bundle does not need it, or there is none. */
  onQuarantine(quarantine: Quarantine, rowMs: number | null): void;
  /** Of a channel that no bundle of the turbine knows, or that says how it operates. */
  onReading(reading: Reading): void;
}

interface GatewayScada {
  /** Begins to read. @throws AuroraError CONFIG_INVALID where a package is missing that a source needs. */
  start(): Promise<void>;
  use(bundle: LoadedBundle): void;
  /** Ended rows and what is news of the sources; call it about once a second. */
  tick(): void;
  /** Writes down how far everything is. */
  close(): Promise<void>;
}

/** Creates both, at rest. */
export function composeScada(surroundings: ScadaSurroundings, sink: ScadaSink): GatewayScada {
  const { config, record, models, quality, register, sources, clock, logger } = surroundings;
  const { state, telemetry } = record;
  const bundleOf = (name: string): LoadedBundle => models.current(name);
  const onSchemaDrift = (drift: SchemaDrift): void => {
    logger.warn("a turbine's SCADA schema changed", { ...drift });
    telemetry.schemaDrift(drift);
  };
  const bundles = new Map(config.turbines.map(({ id, scadaBundle }) => [id, scadaBundle]));
  const manifestOfTurbine = (turbine: string): Manifest | undefined => {
    const name = bundles.get(turbine) ?? null;
    return name === null ? undefined : bundleOf(name).manifest;
  };
  const onQuarantine = (quarantine: Quarantine): void => {
    const { deviceId: turbine, channel } = quarantine;
    const { channels = [], window } = manifestOfTurbine(turbine) ?? {};
    // A message that cannot be read at all is of no channel.
    const isNeeded = channel === "" || channels.some(({ name }) => name === channel);
    sink.onQuarantine(quarantine, window !== undefined && isNeeded ? window.hop * 1000 : null);
  };
  const onSetAside = (quarantine: Quarantine): void => {
    quality.quarantined(quarantine.deviceId, quarantine.reason, 0);
    onQuarantine(quarantine);
  };
  /** Of a bundle's contract. */
  const onRefused = (quarantine: Quarantine): void => {
    sources.refuse(quarantine);
    onQuarantine(quarantine);
  };
  const watch = createScadaWatch({
    config,
    bundleOf,
    register,
    quality,
    state,
    logger,
    sink: {
      onDecision: (decision) => {
        telemetry.decision(decision, null);
        sink.onDecision(decision);
      },
      onAlert: sink.onAlert,
      onQuarantine: onRefused,
      onSchemaDrift,
      onEvent: (subject, name, detail) => {
        logger.info(name, { subject, detail });
        telemetry.event(name, subject, detail);
      },
      onRow: (turbine, scored) => {
        const window = describeDriftRow(scored, scored.bundle);
        const point = { site: config.gateway.site, turbine, component: scadaComponent };
        if (window !== null) telemetry.drift(point, scored.bundle, window);
      },
    },
  });
  const bus = createBusReadings({
    manifestOfTurbine,
    onMean: (reading) => void watch.accept(reading),
    onQuarantine: (quarantine) => {
      sources.refuse(quarantine);
      onSetAside(quarantine);
    },
    onSchemaDrift,
  });
  const tellPoints = (reading: Reading, isScored: boolean): void => {
    if (!isScored || isOperatingChannel(reading.channel)) sink.onReading(reading);
  };
  const maxAgeMs = config.operation.dataTimeoutSeconds * 1000;
  const acceptRow = (reading: Reading): void => {
    const isScored = watch.accept(reading);
    if (!isPast(reading, maxAgeMs)) {
      tellPoints(reading, isScored);
      return;
    }
    const detail = `stamped ${formatDuration(reading.arrivedMs - reading.timestampMs)} before its arrival`;
    if (!isScored) onSetAside({ ...describeSource(reading), reason: "time-jump", detail, samples: 1 });
  };
  return {
    start: () =>
      sources.start({
        onRow: acceptRow,
        onPoll: (reading, everyMs) => tellPoints(reading, bus.accept(reading, everyMs)),
        onQuality: onSetAside,
      }),
    use: (bundle) => watch.use(bundle),
    tick: () => {
      sources.tick();
      bus.tick(clock.nowMs());
      watch.tick(clock.nowMs());
    },
    close: () => watch.close(),
  };
}
