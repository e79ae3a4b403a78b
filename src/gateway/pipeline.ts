/**
 * The way of the data through a gateway, joined by hand: blocks → data contract → windows → features → student →
 * decision → alerts. Does no I/O: what comes out goes to a sink.
 */
import type { DeviceScore } from "../../firmware-bridge/device-score.ts";
import type { HelloMessage } from "../contract/device-message.ts";
import type { ChannelContract } from "../contract/manifest.ts";
import type { OperatingState } from "../contract/prediction.ts";
import type { Quarantine, Reading, SampleBlock } from "../contract/stream.ts";
import type { DeciderSnapshot } from "../decision/decider-snapshot.ts";
import { judgeOperatingState } from "../decision/operating-state.ts";
import { createWaveformIngest } from "../ingest/waveform-ingest.ts";
import { createEdgeScores, type EdgeScoreCounts } from "./edge-scores.ts";
import { createKnownBundles } from "./known-bundles.ts";
import type { LoadedBundle } from "./loaded-bundle.ts";
import { createMeasuringPoint } from "./measuring-point.ts";
import { createOperatingReadings, operatingChannels } from "./operating-readings.ts";
import { createPipelineBaselines, type PointStatus } from "./pipeline-baselines.ts";
import type { PipelineOptions } from "./pipeline-options.ts";
import { createPipelinePoints, type PipelinePoint } from "./pipeline-points.ts";
import { createPointJudge } from "./point-judge.ts";
import { createWorkGauge } from "./work-gauge.ts";

/** A running pipeline. */
export interface Pipeline {
  /** A device introduced itself. */
  announce(hello: HelloMessage): void;
  /** `block.counts` are valid only during the call. */
  accept(block: SampleBlock, arrivedMonotonicMs: number): void;
  /** A score of a device's own model: decided upon in mode `edge`, compared in mode `both`. */
  acceptScore(score: DeviceScore, mode: "edge" | "both", arrivedMonotonicMs: number): void;
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
  /** Where every point's baseline stands. */
  readonly conditions: readonly PointStatus[];
  /** Resolves when every window that was cut has been judged. */
  idle(): Promise<void>;
  /** Lets go of open windows (their bundles wait for that) and resolves as `idle` does. */
  close(): Promise<void>;
}

/** A turbine at or above this share of the fastest speed seen runs at full performance, where power is unknown. */
const fullPerformanceShare = 0.95;

/** Creates the pipeline of all configured points. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { config, clock, quality, sink, load = createWorkGauge() } = options;
  const timeoutMs = config.operation.dataTimeoutSeconds * 1000;

  const readings = createOperatingReadings({
    quarantine: (quarantine) => setAside(quarantine, quarantine.deviceId, 0),
    schemaDrift: (drift) => sink.onSchemaDrift(drift),
  });

  const setAside = (quarantine: Quarantine, turbine: string | null, windows: 0 | 1): void => {
    quality.quarantined(turbine, quarantine.reason, windows);
    sink.onQuarantine(quarantine, turbine);
  };

  const baselines = createPipelineBaselines(config.commissioning, options.baselines, (point, event) =>
    sink.onBaseline?.(point, event),
  );
  const points = createPipelinePoints(config, (id, pointConfig) => {
    const bundle = options.bundleOf(pointConfig.bundle);
    const judge = createPointJudge(
      id,
      bundle,
      options.register,
      {
        onDecision: (decision, window, output, owner) => {
          quality.processed(id.turbine);
          sink.onDecision(decision, { window, output, bundle: owner });
        },
        onDropped: (window, error) => {
          quality.dropped(id.turbine);
          options.logger.error("a window could not be judged", { window: window.id, error });
        },
        onAlert: (event) => sink.onAlert(event),
        onSettled: () => load.end(),
      },
      options.logger,
      options.snapshots.get(`${id.turbine}/${id.component}`),
      baselines.create(id, pointConfig, bundle),
    );
    const cutter = createMeasuringPoint<LoadedBundle>(id, pointConfig.bearing, bundle, {
      onWindow: (window, owner) => {
        point.lastUsefulMonotonicMs = window.arrivedMonotonicMs;
        point.isSilent = false;
        load.begin();
        judge.submit(window, owner, operatingState(point, window.shaftRpm));
      },
      onQuarantine: (quarantine, windows) => setAside(quarantine, id.turbine, windows),
    });
    const point: PipelinePoint = {
      id,
      config: pointConfig,
      cutter,
      judge,
      lastBlockMonotonicMs: Number.NaN,
      lastUsefulMonotonicMs: Number.NaN,
      lastDataMs: Number.NaN,
      fastestRpm: 0,
      isSilent: false,
      isStanding: false,
    };
    return point;
  });

  const known = createKnownBundles();
  const knowsScores = config.devices.some(({ mode }) => mode !== "raw");
  const know = (bundle: LoadedBundle): void => {
    if (knowsScores) known.add(bundle);
  };
  for (const point of points.all) know(options.bundleOf(point.config.bundle));
  const edge = createEdgeScores({
    pointsOf: points.ofChannel,
    findBundle: known.find,
    judge: (point, window, bundle, output) => {
      const { arrivedMonotonicMs: arrivedMs } = window;
      point.lastBlockMonotonicMs = arrivedMs;
      point.lastUsefulMonotonicMs = arrivedMs;
      point.lastDataMs = window.fromMs;
      point.isSilent = false;
      point.isStanding = false;
      if (window.shaftRpm > point.fastestRpm) point.fastestRpm = window.shaftRpm;
      load.begin();
      point.judge.submit(window, bundle, operatingState(point, window.shaftRpm), output);
    },
    setAside: (quarantine, turbine) => setAside(quarantine, turbine, 1),
    load,
    onMismatch: (score, detail) => sink.onScoreMismatch?.(score.deviceId, detail),
  });

  const operatingState = (point: PipelinePoint, shaftRpm: number): OperatingState =>
    judgeOperatingState({
      shaftRpm,
      dataAgeMs: clock.monotonicMs() - point.lastBlockMonotonicMs,
      powerKw: readings.read(point.id.turbine, "power", clock.monotonicMs(), timeoutMs),
      limits: {
        minOperatingRpm: config.operation.standbyBelowRpm,
        fullPerformanceRpm: point.fastestRpm * fullPerformanceShare,
        fullPerformancePowerKw: null,
        maxDataAgeMs: timeoutMs,
      },
    });

  const contractOf = (deviceId: string, channel: string): ChannelContract | undefined => {
    const first = points.ofChannel(deviceId, channel)[0];
    return (
      first &&
      options.bundleOf(first.config.bundle).manifest.channels.find((each) => each.kind === "waveform")
    );
  };

  const noteSilence = (point: PipelinePoint, reason: string): void => {
    const toMs = clock.nowMs();
    const fromMs = Number.isNaN(point.lastDataMs) ? toMs : Math.min(point.lastDataMs, toMs);
    point.cutter.reset(reason);
    sink.onDecision(point.judge.noteMissing(fromMs, toMs), null);
  };

  /** Why nothing is known of a point any more, or null. Data without a single good window says no more than none. */
  const findSilence = (point: PipelinePoint, nowMs: number): string | null => {
    if (nowMs - point.lastBlockMonotonicMs > timeoutMs) return "no data";
    if (point.isStanding) return null;
    const { unit, length } = options.bundleOf(point.config.bundle).manifest.window;
    const slowestRpm = Math.max(config.operation.standbyBelowRpm, 1);
    const windowMs = unit === "seconds" ? length * 1000 : (length * 60_000) / slowestRpm;
    return nowMs - point.lastUsefulMonotonicMs > timeoutMs + windowMs ? "no window could be judged" : null;
  };

  const acceptTrusted = (block: SampleBlock): void => {
    for (const point of points.ofChannel(block.deviceId, block.channel)) {
      const shaftRpm = findShaftRpm(block, point);
      point.lastBlockMonotonicMs = arrivedMonotonicMs;
      point.lastDataMs = block.timestampMs;
      if (shaftRpm < config.operation.standbyBelowRpm) {
        // A standing turbine is no bad data: it says nothing, and that is what subscribers are told.
        if (!point.isStanding) noteSilence(point, "the turbine stands by");
        point.isStanding = true;
        point.isSilent = false;
        continue;
      }
      // From here on a window is due.
      if (point.isStanding || Number.isNaN(point.lastUsefulMonotonicMs)) {
        point.lastUsefulMonotonicMs = arrivedMonotonicMs;
      }
      point.isStanding = false;
      if (shaftRpm > point.fastestRpm) point.fastestRpm = shaftRpm;
      point.cutter.accept(block.shaftRpm === shaftRpm ? block : { ...block, shaftRpm }, arrivedMonotonicMs);
    }
  };

  /** The device's own tachometer, else SCADA's, else the configured speed, else NaN (set aside by the windower). */
  const findShaftRpm = (block: SampleBlock, point: PipelinePoint): number => {
    // The sign of a speed is only the sense of rotation.
    if (Number.isFinite(block.shaftRpm)) return Math.abs(block.shaftRpm);
    const scada = readings.read(point.id.turbine, "shaft-speed", arrivedMonotonicMs, timeoutMs);
    return Number.isFinite(scada) ? scada : (point.config.shaftRpm ?? Number.NaN);
  };

  let arrivedMonotonicMs = 0;
  const ingest = createWaveformIngest({
    contractOf,
    sink: {
      accept: acceptTrusted,
      quarantine: (quarantine) => {
        const affected = points.ofChannel(quarantine.deviceId, quarantine.channel);
        if (affected.length === 0) setAside(quarantine, null, 0);
        for (const point of affected) setAside(quarantine, point.id.turbine, 0);
      },
      schemaDrift: (drift) => sink.onSchemaDrift(drift),
    },
  });

  const acceptReading = (reading: Reading): void =>
    readings.accept(reading, clock.nowMs(), clock.monotonicMs());
  const idle = async (): Promise<void> => {
    await edge.idle();
    await Promise.all(points.all.map((point) => point.judge.idle()));
  };

  return {
    announce: (hello) => {
      const channels = hello.channels
        // Scalars about the turbine belong to no bundle and come as readings.
        .filter(({ name }) => !Object.hasOwn(operatingChannels, name))
        .map(({ name, unit, sampleRateHz }) => ({ name, unit, sampleRateHz }));
      ingest.announce(hello.deviceId, channels, points.channelsOf(hello.deviceId), clock.nowMs());
    },
    accept: (block, monotonicMs) => {
      arrivedMonotonicMs = monotonicMs;
      ingest.accept(block);
    },
    acceptScore: edge.accept,
    edgeScores: edge.counts,
    acceptReading,
    acceptDeviceReading: (reading) => {
      for (const turbine of points.turbinesOf(reading.deviceId))
        acceptReading({ ...reading, deviceId: turbine });
    },
    use: (bundle) => {
      know(bundle);
      for (const point of points.all) {
        if (point.config.bundle === bundle.ref.name) point.cutter.use(bundle);
      }
    },
    tick: () => {
      const nowMs = clock.monotonicMs();
      for (const point of points.all) {
        const reason = point.isSilent ? null : findSilence(point, nowMs);
        if (reason === null) continue;
        point.isSilent = true;
        noteSilence(point, reason);
      }
    },
    snapshot: () =>
      Object.fromEntries(
        points.all.map(({ id, judge }) => [`${id.turbine}/${id.component}`, judge.snapshot()]),
      ),
    get conditions() {
      return baselines.statuses;
    },
    idle,
    close: async () => {
      for (const point of points.all) point.cutter.close();
      await idle();
      known.close();
      baselines.save();
    },
  };
}
