/**
 * The way of the data through a gateway, joined by hand: blocks → data contract → windows → features → student →
 * decision → alerts. Publishes nothing: what comes out goes to a sink.
 */
import type { DeviceScore } from "../../../firmware-bridge/messages/device-data.ts";
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import type {
  FeatureWindow,
  PointId,
  Quarantine,
  Reading,
  SampleBlock,
  SchemaDrift,
} from "../../core/contract/stream.ts";
import type { PointSilence } from "../../core/contract/turbine-state.ts";
import type { AlarmRegister } from "../../core/decision/alarms/alarm-register.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import {
  createWindowDecider,
  type DecisionSink,
  type WindowDeciderOptions,
} from "../../core/serving/window-decider.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";
import type { DataQuality } from "../record/data-quality.ts";
import { nameComponent } from "../record/read-kept.ts";
import { groupTurbines, listConfiguredPoints } from "./configured-points.ts";
import { createEdgeScores, type EdgeScoreCounts } from "./edge-scores.ts";
import type { LatestReadings } from "./latest-readings.ts";
import {
  createPointChains,
  type PointChainsOptions,
  type PressureWatcher,
  type WorkerCounts,
} from "./point-chains.ts";
import { createReadingIntake } from "./reading-intake.ts";
import { shareDevices } from "./share-devices.ts";
import type { SiteBaselines } from "./site-baselines.ts";
import { createWorkGauge, type WorkGauge } from "./work-gauge.ts";

export interface PipelineSink extends DecisionSink {
  onQuarantine(quarantine: Quarantine, turbine: string | null): void;
  onSchemaDrift(drift: SchemaDrift): void;
  /** The contract refuses a reading of SCADA's, before the next one comes; it is set aside as well. */
  onReadingRefused?(quarantine: Quarantine): void;
  /** Nothing is known of a point any more; comes after the decision that says so. */
  onSilence?(point: PointId, silence: PointSilence): void;
  /** A device computed other integers than this gateway. */
  onScoreMismatch?(deviceId: string, detail: string): void;
  /** A worker ended unasked; what was on its way to it is set aside, and it is begun again. */
  onWorkerEnded?(worker: number, lostSamples: number): void;
}

/** Who says what a kill would lose, and what is lost. */
export interface LossSink {
  /** A window was cut and waits to be decided: a kill would lose more than before. */
  workDue(): void;
  /** Samples came of a time that is not said yet to be lost by a kill; whoever sent them is told afterwards that they came. */
  samplesDue(): void;
  /** Data, or a window of them, was set aside or could not be decided, and was counted; until that is told, a kill takes it. */
  setAside(span: Pick<Quarantine, "timestampMs" | "endMs">, windows: 0 | 1): void;
  /** A worker was killed, or the pipeline stopped, with samples of this time, whose windows nobody will decide. */
  lost(span: OpenWindows, reason: "killed" | "stopped"): void;
  /** So many samples of this time found no room where windows are cut. */
  overload(span: OpenWindows, samples: number): void;
}

export interface PipelineOptions {
  readonly config: GatewayConfig;
  /** Bundle that serves a name. */
  readonly bundleOf: (name: string) => LoadedBundle;
  /** Bundle that served a name before, which a device may still infer with; null: none. Default: none of any name. */
  readonly formerOf?: (name: string) => LoadedBundle | null;
  readonly register: AlarmRegister;
  readonly quality: DataQuality;
  /** Deciders' state of the last run by `<turbine>/<component>`. */
  readonly snapshots: ReadonlyMap<string, DeciderSnapshot>;
  readonly baselines: SiteBaselines;
  /** Counts the windows and scores that wait to be decided. */
  readonly load?: WorkGauge;
  /** Threads that windows are cut in beside this one; default 0. */
  readonly workers?: number;
  /** For tests that end a worker. */
  readonly beginWorker?: PointChainsOptions["beginWorker"];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sink: PipelineSink;
  /** Default: nobody. */
  readonly losses?: LossSink;
  /** Why windows of a point's device are no evidence of its machine now; null: they are. Default: they always are. */
  readonly doubtOf?: (turbine: string, deviceId: string) => string | null;
}

export interface Pipeline {
  /** A device introduced itself. */
  announce(hello: HelloMessage): void;
  /** `block.counts` are valid only during the call. */
  accept(block: SampleBlock): void;
  /** A score of a device's own model: decided upon in mode `edge`, compared in mode `both`. */
  acceptScore(score: DeviceScore, mode: "edge" | "both"): void;
  readonly edgeScores: EdgeScoreCounts;
  /** How the workers are. */
  readonly workers: WorkerCounts;
  /** Whom to tell which devices bring more than their worker can take, those that do already at once; one at a time. */
  watchPressure(watcher: PressureWatcher): void;
  /** A scalar of SCADA; its `deviceId` is the turbine. */
  acceptReading(reading: Reading): void;
  /** What was told last of how a turbine operates. */
  readonly readings: Pick<LatestReadings, "read" | "readOf">;
  /** A scalar of a device: it is taken for the turbines that the device sits on. */
  acceptDeviceReading(reading: Reading): void;
  /** A new bundle serves from the next windows on. */
  use(bundle: LoadedBundle): void;
  /** A machine was changed. */
  renew(machine: Pick<PointId, "turbine" | "component">): void;
  /** Looks for points without data; call it about once a second. */
  tick(): void;
  /** Of the decider of `<turbine>/<component>`; undefined: there is none. */
  snapshot(name: string): DeciderSnapshot | undefined;
  /** Resolves when every window that was cut has been decided. */
  idle(): Promise<void>;
  /** Declares open windows lost, lets go of them (their bundles wait for that) and resolves as `idle` does. */
  close(): Promise<void>;
}

/** Creates the pipeline of all configured points. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { config, clock, quality, sink, load = createWorkGauge(), baselines, bundleOf, losses } = options;
  const setAside = (quarantine: Quarantine, turbine: string | null, windows: 0 | 1): void => {
    quality.quarantined(turbine, quarantine.reason, windows);
    losses?.setAside(quarantine, windows);
    sink.onQuarantine(quarantine, turbine);
  };
  // Without the speed itself: each new number would be another state to send.
  const slowness = `below ${config.operation.standbyBelowRpm} rpm (operation.standbyBelowRpm)`;
  let isStopped = false;
  const onSchemaDrift = (drift: SchemaDrift): void => sink.onSchemaDrift(drift);

  const counted: WindowDeciderOptions["quality"] = {
    processed: quality.processed,
    dropped: (turbine, { fromMs, toMs }) => {
      quality.dropped(turbine);
      losses?.setAside({ timestampMs: fromMs, endMs: toMs }, 1);
    },
  };
  const points = listConfiguredPoints(config).map(({ id, config: pointConfig, isLike }) => {
    const name = nameComponent(id);
    const watch = baselines.create(id, {
      config: pointConfig,
      bundle: bundleOf(pointConfig.bundle),
      decider: options.snapshots.get(name),
    });
    const decider = createWindowDecider({
      point: id,
      bearing: pointConfig.bearing,
      polePairs: pointConfig.polePairs,
      gearedShafts: pointConfig.gearedShafts,
      watch,
      register: options.register,
      isLike,
      quality: counted,
      load,
      logger: options.logger,
      sink,
    });
    return { id, config: pointConfig, name, decider, watch };
  });
  const watches = new Map(points.map(({ name, watch }) => [name, watch]));
  const { readings, acceptReading, acceptDeviceReading } = createReadingIntake({
    maxAgeMs: config.operation.dataTimeoutSeconds * 1000,
    turbinesOf: groupTurbines(points),
    setAside: (quarantine, turbine) => setAside(quarantine, turbine, 0),
    onSchemaDrift,
    onRefused: (quarantine) => sink.onReadingRefused?.(quarantine),
    onReading: (reading) => chains.acceptReading(reading),
  });
  const chains = createPointChains({
    points,
    shares: shareDevices(config, options.workers ?? 0),
    bundleOf,
    operation: config.operation,
    readings,
    clock,
    load,
    logger: options.logger,
    onGiven: () => losses?.samplesDue(),
    onLost: (span) => losses?.lost(span, isStopped ? "stopped" : "killed"),
    onOverload: (span, samples) => losses?.overload(span, samples),
    onWorkerEnded: (worker, lostSamples) => sink.onWorkerEnded?.(worker, lostSamples),
    beginWorker: options.beginWorker,
    sink: {
      window: (point, due) => {
        const { id, config: own, decider } = points[point]!;
        const doubt = options.doubtOf?.(id.turbine, own.device) ?? null;
        if (doubt === null) {
          decider.submit(due);
          losses?.workDue();
        } else setAside(describeDoubtful(own, due.window, doubt), id.turbine, 1);
      },
      missing: (point, fromMs, toMs) => points[point]!.decider.noteMissing(fromMs, toMs),
      silence: (point, silence) => {
        const { id, decider } = points[point]!;
        const reason = silence.isStandby === true ? `${silence.reason}: ${slowness}` : silence.reason;
        decider.inTurn(() => sink.onSilence?.(id, { ...silence, reason }));
      },
      setAside,
      schemaDrift: onSchemaDrift,
    },
  });

  const edge = createEdgeScores({
    pointsOf: chains.pointsOf,
    setAside: (quarantine, turbine) => setAside(quarantine, turbine, 1),
    load,
    onMismatch: (score, detail) => sink.onScoreMismatch?.(score.deviceId, detail),
  });
  const knowsScores = config.devices.some(({ mode }) => mode !== "raw");
  for (const name of knowsScores ? new Set(points.map(({ config: own }) => own.bundle)) : []) {
    const former = options.formerOf?.(name) ?? null;
    if (former !== null) edge.know(former);
    edge.know(bundleOf(name));
  }

  const decided = async (): Promise<void> => {
    await edge.idle();
    await Promise.all(points.map(({ decider }) => decider.idle()));
  };

  return {
    announce: chains.announce,
    accept: chains.accept,
    acceptScore: edge.accept,
    edgeScores: edge.counts,
    workers: chains.workers,
    watchPressure: chains.watchPressure,
    acceptReading,
    readings,
    acceptDeviceReading,
    use: (bundle) => {
      if (knowsScores) edge.know(bundle);
      chains.use(bundle);
    },
    renew: ({ turbine, component }) =>
      chains.renew(points.findIndex(({ id }) => id.turbine === turbine && id.component === component)),
    tick: chains.tick,
    snapshot: (name) => watches.get(name)?.snapshot(),
    idle: async () => {
      await chains.idle();
      await decided();
    },
    close: async () => {
      isStopped = true;
      await chains.close();
      await decided();
      edge.close();
      baselines.save();
    },
  };
}

/** Its samples were good, and may be in other windows too: they are not counted. */
function describeDoubtful(
  { device, channel }: Pick<PointConfig, "device" | "channel">,
  { fromMs, toMs }: Pick<FeatureWindow, "fromMs" | "toMs">,
  detail: string,
): Quarantine {
  return {
    reason: "malformed",
    deviceId: device,
    channel,
    timestampMs: fromMs,
    endMs: toMs,
    detail,
    samples: 0,
  };
}
