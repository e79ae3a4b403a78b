/**
 * The way of the data through a gateway, joined by hand: blocks → data contract → windows → features → student →
 * decision → alerts. Publishes nothing: what comes out goes to a sink.
 */
import type { DeviceScore } from "../../../firmware-bridge/messages/device-data.ts";
import { inGravities } from "../../core/contract/acceleration-units.ts";
import type { ChannelContract } from "../../core/contract/bundle/manifest.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { operatingChannels } from "../../core/contract/config/operating-channels.ts";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import type { PointId, Quarantine, Reading, SampleBlock, SchemaDrift } from "../../core/contract/stream.ts";
import type { AlarmRegister } from "../../core/decision/alarms/alarm-register.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import { createWaveformIngest } from "../../core/ingest/waveform-ingest.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import { createMeasuringPoint, type MeasuringPoint } from "../../core/serving/measuring-point.ts";
import {
  createWindowDecider,
  type DecisionSink,
  type WindowDecider,
} from "../../core/serving/window-decider.ts";
import type { PointSilence } from "../alarms/component-tracker.ts";
import type { DataQuality } from "../record/data-quality.ts";
import { createEdgeScores, type EdgeScoreCounts } from "./edge-scores.ts";
import { createOperatingReadings } from "./operating-readings.ts";
import type { KeptWatch, SiteBaselines } from "./site-baselines.ts";
import { createWorkGauge, type WorkGauge } from "./work-gauge.ts";

export interface PipelineSink extends DecisionSink {
  onQuarantine(quarantine: Quarantine, turbine: string | null): void;
  onSchemaDrift(drift: SchemaDrift): void;
  /** Nothing is known of a point any more; comes after the decision that says so. */
  onSilence?(point: PointId, silence: PointSilence): void;
  /** A device computed other integers than this gateway. */
  onScoreMismatch?(deviceId: string, detail: string): void;
}

export interface PipelineOptions {
  readonly config: GatewayConfig;
  /** Bundle that serves a name. */
  readonly bundleOf: (name: string) => LoadedBundle;
  readonly register: AlarmRegister;
  readonly quality: DataQuality;
  /** Deciders' state of the last run by `<turbine>/<component>`. */
  readonly snapshots: ReadonlyMap<string, DeciderSnapshot>;
  readonly baselines: SiteBaselines;
  /** Counts the windows and scores that wait to be decided. */
  readonly load?: WorkGauge;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sink: PipelineSink;
}

export interface Pipeline {
  /** A device introduced itself. */
  announce(hello: HelloMessage): void;
  /** `block.counts` are valid only during the call. */
  accept(block: SampleBlock): void;
  /** A score of a device's own model: decided upon in mode `edge`, compared in mode `both`. */
  acceptScore(score: DeviceScore, mode: "edge" | "both"): void;
  readonly edgeScores: EdgeScoreCounts;
  /** A scalar of a turbine; its `deviceId` is the turbine. */
  acceptReading(reading: Reading): void;
  /** A scalar of a device: it is taken for the turbines that the device sits on. */
  acceptDeviceReading(reading: Reading): void;
  /** A new bundle serves from the next windows on. */
  use(bundle: LoadedBundle): void;
  /** Looks for points without data; call it about once a second. */
  tick(): void;
  snapshot(): Readonly<Record<string, DeciderSnapshot>>;
  /** Resolves when every window that was cut has been decided. */
  idle(): Promise<void>;
  /** Lets go of open windows (their bundles wait for that) and resolves as `idle` does. */
  close(): Promise<void>;
}

/** Creates the pipeline of all configured points. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { config, clock, quality, sink, load = createWorkGauge(), baselines, bundleOf } = options;
  const setAside = (quarantine: Quarantine, turbine: string | null, windows: 0 | 1): void => {
    quality.quarantined(turbine, quarantine.reason, windows);
    sink.onQuarantine(quarantine, turbine);
  };
  const onSchemaDrift = (drift: SchemaDrift): void => sink.onSchemaDrift(drift);

  const readings = createOperatingReadings(config.operation.dataTimeoutSeconds * 1000, {
    quarantine: (quarantine) => setAside(quarantine, quarantine.deviceId, 0),
    schemaDrift: onSchemaDrift,
  });
  const points = listPoints(config, (id, pointConfig) => {
    const bundle = bundleOf(pointConfig.bundle);
    const name = `${id.turbine}/${id.component}`;
    const watch = baselines.create(id, {
      config: pointConfig,
      bundle,
      decider: options.snapshots.get(name),
    });
    const decider = createWindowDecider({
      point: id,
      bearing: pointConfig.bearing,
      watch,
      register: options.register,
      quality,
      load,
      logger: options.logger,
      sink,
    });
    const point = createMeasuringPoint({
      id,
      config: pointConfig,
      bundle,
      operation: config.operation,
      decider,
      readings,
      clock,
      onQuarantine: (quarantine, windows) => setAside(quarantine, id.turbine, windows),
      onSilence: (reason, sinceMs) => sink.onSilence?.(id, { reason, sinceMs }),
    });
    return { name, point, decider, watch };
  });
  const byChannel = groupByChannel(points.map(({ point }) => point));
  const pointsOf = (deviceId: string, channel: string): readonly MeasuringPoint[] =>
    byChannel.get(deviceId)?.get(channel) ?? none;

  const edge = createEdgeScores({
    pointsOf,
    setAside: (quarantine, turbine) => setAside(quarantine, turbine, 1),
    load,
    onMismatch: (score, detail) => sink.onScoreMismatch?.(score.deviceId, detail),
  });
  const knowsScores = config.devices.some(({ mode }) => mode !== "raw");
  if (knowsScores) for (const { point } of points) edge.know(bundleOf(point.config.bundle));

  const contractOf = (deviceId: string, channel: string): ChannelContract | undefined => {
    const first = pointsOf(deviceId, channel)[0];
    return first && bundleOf(first.config.bundle).manifest.channels.find((each) => each.kind === "waveform");
  };
  const ingest = createWaveformIngest({
    contractOf,
    sink: {
      quarantine: (quarantine) => {
        const affected = pointsOf(quarantine.deviceId, quarantine.channel);
        if (affected.length === 0) setAside(quarantine, null, 0);
        for (const point of affected) setAside(quarantine, point.id.turbine, 0);
      },
      schemaDrift: onSchemaDrift,
    },
  });

  const idle = async (): Promise<void> => {
    await edge.idle();
    await Promise.all(points.map(({ decider }) => decider.idle()));
  };

  return {
    announce: ({ deviceId, channels }) => {
      // Scalars about the turbine belong to no bundle and come as readings.
      const announced = channels
        .filter(({ name }) => !Object.hasOwn(operatingChannels, name))
        .map(inGravities);
      const expected = [...(byChannel.get(deviceId)?.keys() ?? [])];
      ingest.announce({ deviceId, channels: announced, expected, timestampMs: clock.nowMs() });
    },
    accept: (block) => {
      if (!ingest.accept(block)) return;
      for (const point of pointsOf(block.deviceId, block.channel)) point.accept(block);
    },
    acceptScore: edge.accept,
    edgeScores: edge.counts,
    acceptReading: readings.accept,
    acceptDeviceReading: (reading) => {
      const fed = [...(byChannel.get(reading.deviceId)?.values() ?? [])].flat();
      for (const turbine of new Set(fed.map(({ id }) => id.turbine)))
        readings.accept({ ...reading, deviceId: turbine });
    },
    use: (bundle) => {
      if (knowsScores) edge.know(bundle);
      for (const { point } of points) {
        if (point.config.bundle === bundle.ref.name) point.use(bundle);
      }
    },
    tick: () => {
      for (const { point } of points) point.tick();
    },
    snapshot: () => Object.fromEntries(points.map(({ name, watch }) => [name, watch.snapshot()])),
    idle,
    close: async () => {
      for (const { point } of points) point.close();
      await idle();
      edge.close();
      baselines.save();
    },
  };
}

interface PipelinePoint {
  /** `<turbine>/<component>`. */
  readonly name: string;
  readonly point: MeasuringPoint;
  readonly decider: WindowDecider;
  readonly watch: KeptWatch;
}

const none: readonly MeasuringPoint[] = [];

/** A point for every entry of the configuration. */
function listPoints(
  { gateway, turbines }: GatewayConfig,
  create: (id: MeasuringPoint["id"], config: MeasuringPoint["config"]) => PipelinePoint,
): readonly PipelinePoint[] {
  return turbines.flatMap((turbine) =>
    turbine.points.map((point) =>
      create({ site: gateway.site, turbine: turbine.id, component: point.component }, point),
    ),
  );
}

/** By device, then by channel: several points may share one. */
function groupByChannel(
  points: readonly MeasuringPoint[],
): ReadonlyMap<string, ReadonlyMap<string, readonly MeasuringPoint[]>> {
  const byDevice = new Map<string, Map<string, MeasuringPoint[]>>();
  for (const point of points) {
    const { device, channel } = point.config;
    const channels = byDevice.get(device) ?? new Map<string, MeasuringPoint[]>();
    byDevice.set(device, channels);
    channels.set(channel, [...(channels.get(channel) ?? []), point]);
  }
  return byDevice;
}
