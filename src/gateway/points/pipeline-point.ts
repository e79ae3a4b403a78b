/**
 * One measuring point of a pipeline, joined by hand: trusted blocks → windows → student → decision, and what is said
 * when nothing comes. Checks no data: that is done before.
 */
import type { PointConfig } from "../../core/contract/config/gateway-config.ts";
import type { OperatingState } from "../../core/contract/prediction.ts";
import type { FeatureWindow, PointId, Quarantine, SampleBlock } from "../../core/contract/stream.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import { judgeOperatingState } from "../../core/decision/operating-state.ts";
import type { LoadedBundle, StudentOutput } from "../../core/serving/loaded-bundle.ts";
import { createMeasuringPoint } from "../../core/serving/measuring-point.ts";
import type { OperatingReadings } from "./operating-readings.ts";
import type { PipelineBaselines } from "./pipeline-baselines.ts";
import type { PipelineOptions } from "./pipeline-options.ts";
import { createPointJudge } from "./point-judge.ts";
import { createPointPresence } from "./point-presence.ts";
import type { WorkGauge } from "./work-gauge.ts";

/** One point. */
export interface PipelinePoint {
  readonly id: PointId;
  readonly config: PointConfig;
  /** Takes a trusted block; its `counts` are valid only during the call. */
  accept(block: SampleBlock, arrivedMonotonicMs: number): void;
  /** Takes a window that its device scored itself. */
  acceptScore(window: FeatureWindow, bundle: LoadedBundle, output: StudentOutput): void;
  /** A new bundle serves from the next window on. */
  use(bundle: LoadedBundle): void;
  /** Looks whether the point fell silent. */
  tick(nowMonotonicMs: number): void;
  snapshot(): DeciderSnapshot;
  /** Resolves when every window that was cut has been judged. */
  idle(): Promise<void>;
  /** Lets go of the open window. */
  close(): void;
}

/** What the points of a pipeline share. */
export interface SharedParts {
  readonly readings: Pick<OperatingReadings, "read">;
  readonly baselines: Pick<PipelineBaselines, "create">;
  readonly load: Pick<WorkGauge, "begin" | "end">;
  setAside(quarantine: Quarantine, turbine: string, windows: 0 | 1): void;
}

/** A turbine at or above this share of the fastest speed seen runs at full performance, where power is unknown. */
const fullPerformanceShare = 0.95;

/** Creates a point that was never heard of; its decider goes on where the last run left it. */
export function createPipelinePoint(
  id: PointId,
  config: PointConfig,
  options: PipelineOptions,
  shared: SharedParts,
): PipelinePoint {
  const { clock, quality, sink } = options;
  const { readings, load } = shared;
  const { dataTimeoutSeconds, standbyBelowRpm } = options.config.operation;
  const timeoutMs = dataTimeoutSeconds * 1000;
  const bundle = options.bundleOf(config.bundle);
  const presence = createPointPresence({ standbyBelowRpm, timeoutMs });

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
    shared.baselines.create(id, config, bundle),
  );

  const submit = (window: FeatureWindow, owner: LoadedBundle, output?: StudentOutput): void => {
    load.begin();
    judge.submit(window, owner, operatingState(window.shaftRpm), output);
  };

  const cutter = createMeasuringPoint<LoadedBundle>(id, config.bearing, bundle, {
    onWindow: (window, owner) => {
      presence.noteWindow(window.arrivedMonotonicMs);
      submit(window, owner);
    },
    onQuarantine: (quarantine, windows) => shared.setAside(quarantine, id.turbine, windows),
  });

  const operatingState = (shaftRpm: number): OperatingState =>
    judgeOperatingState({
      shaftRpm,
      dataAgeMs: clock.monotonicMs() - presence.lastBlockMonotonicMs,
      powerKw: readings.read(id.turbine, "power", clock.monotonicMs(), timeoutMs),
      limits: {
        minOperatingRpm: standbyBelowRpm,
        fullPerformanceRpm: presence.fastestRpm * fullPerformanceShare,
        fullPerformancePowerKw: null,
        maxDataAgeMs: timeoutMs,
      },
    });

  /** The device's own tachometer, else SCADA's, else the configured speed, else NaN (set aside by the windower). */
  const findShaftRpm = (block: SampleBlock, arrivedMonotonicMs: number): number => {
    // The sign of a speed is only the sense of rotation.
    if (Number.isFinite(block.shaftRpm)) return Math.abs(block.shaftRpm);
    const scada = readings.read(id.turbine, "shaft-speed", arrivedMonotonicMs, timeoutMs);
    return Number.isFinite(scada) ? scada : (config.shaftRpm ?? Number.NaN);
  };

  const noteSilence = (reason: string): void => {
    const toMs = clock.nowMs();
    const fromMs = Number.isNaN(presence.lastDataMs) ? toMs : Math.min(presence.lastDataMs, toMs);
    cutter.reset(reason);
    sink.onDecision(judge.noteMissing(fromMs, toMs), null);
  };

  return {
    id,
    config,
    accept: (block, arrivedMonotonicMs) => {
      const shaftRpm = findShaftRpm(block, arrivedMonotonicMs);
      switch (presence.noteBlock(shaftRpm, block.timestampMs, arrivedMonotonicMs)) {
        case "turns":
          cutter.accept(block.shaftRpm === shaftRpm ? block : { ...block, shaftRpm }, arrivedMonotonicMs);
          return;
        case "stops":
          // A standing turbine is no bad data: it says nothing, and that is what subscribers are told.
          noteSilence("the turbine stands by");
          return;
        case "stands":
          return;
      }
    },
    acceptScore: (window, owner, output) => {
      presence.noteScore(window);
      submit(window, owner, output);
    },
    use: (next) => cutter.use(next),
    tick: (nowMonotonicMs) => {
      const reason = presence.findSilence(nowMonotonicMs, options.bundleOf(config.bundle).manifest.window);
      if (reason !== null) noteSilence(reason);
    },
    snapshot: () => judge.snapshot(),
    idle: () => judge.idle(),
    close: () => cutter.close(),
  };
}
