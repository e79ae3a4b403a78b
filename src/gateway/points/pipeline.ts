/**
 * The way of the data through a gateway, joined by hand: blocks → data contract → windows → features → student →
 * decision → alerts. Does no I/O: what comes out goes to a sink.
 */
import type { DeviceScore } from "../../../firmware-bridge/device-score.ts";
import type { ChannelContract } from "../../core/contract/bundle/manifest.ts";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import type { Quarantine, Reading, SampleBlock } from "../../core/contract/stream.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import { createWaveformIngest } from "../../core/ingest/waveform-ingest.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import { createEdgeScores, type EdgeScoreCounts } from "./edge-scores.ts";
import { createKnownBundles } from "./known-bundles.ts";
import { createOperatingReadings, operatingChannels } from "./operating-readings.ts";
import { createPipelineBaselines, type PointStatus } from "./pipeline-baselines.ts";
import type { PipelineOptions } from "./pipeline-options.ts";
import { createPipelinePoint } from "./pipeline-point.ts";
import { createPipelinePoints } from "./pipeline-points.ts";
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

/** Creates the pipeline of all configured points. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { config, clock, quality, sink, load = createWorkGauge() } = options;

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
  const points = createPipelinePoints(config, (id, pointConfig) =>
    createPipelinePoint(id, pointConfig, options, { readings, baselines, load, setAside }),
  );

  const known = createKnownBundles();
  const knowsScores = config.devices.some(({ mode }) => mode !== "raw");
  const know = (bundle: LoadedBundle): void => {
    if (knowsScores) known.add(bundle);
  };
  for (const point of points.all) know(options.bundleOf(point.config.bundle));
  const edge = createEdgeScores({
    pointsOf: points.ofChannel,
    findBundle: known.find,
    judge: (point, window, bundle, output) => point.acceptScore(window, bundle, output),
    setAside: (quarantine, turbine) => setAside(quarantine, turbine, 1),
    load,
    onMismatch: (score, detail) => sink.onScoreMismatch?.(score.deviceId, detail),
  });

  const contractOf = (deviceId: string, channel: string): ChannelContract | undefined => {
    const first = points.ofChannel(deviceId, channel)[0];
    return (
      first &&
      options.bundleOf(first.config.bundle).manifest.channels.find((each) => each.kind === "waveform")
    );
  };

  let arrivedMonotonicMs = 0;
  const ingest = createWaveformIngest({
    contractOf,
    sink: {
      accept: (block) => {
        for (const point of points.ofChannel(block.deviceId, block.channel))
          point.accept(block, arrivedMonotonicMs);
      },
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
    await Promise.all(points.all.map((point) => point.idle()));
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
        if (point.config.bundle === bundle.ref.name) point.use(bundle);
      }
    },
    tick: () => {
      const nowMs = clock.monotonicMs();
      for (const point of points.all) point.tick(nowMs);
    },
    snapshot: () =>
      Object.fromEntries(
        points.all.map((point) => [`${point.id.turbine}/${point.id.component}`, point.snapshot()]),
      ),
    get conditions() {
      return baselines.statuses;
    },
    idle,
    close: async () => {
      for (const point of points.all) point.close();
      await idle();
      known.close();
      baselines.save();
    },
  };
}
