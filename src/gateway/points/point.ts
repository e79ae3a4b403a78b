/**
 * One measuring point: trusted blocks → windows → decisions, and what is said when nothing comes. Checks no data: that is
 * done before.
 */
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import type { OperatingState } from "../../core/contract/prediction.ts";
import type { PointId, Quarantine, SampleBlock } from "../../core/contract/stream.ts";
import { classifyOperatingState } from "../../core/decision/operating-state.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { LoadedBundle, ScoredWindow } from "../../core/serving/loaded-bundle.ts";
import { createWindowCutter } from "../../core/serving/window-cutter.ts";
import type { OperatingReadings } from "./operating-readings.ts";
import { createPointPresence } from "./point-presence.ts";
import type { WindowDecider } from "./window-decider.ts";

/** One point. */
export interface MeasuringPoint {
  readonly id: PointId;
  readonly config: PointConfig;
  /** Takes a trusted block; its `counts` are valid only during the call. */
  accept(block: SampleBlock): void;
  /** Takes a window that its device scored itself. */
  acceptScore(scored: ScoredWindow): void;
  /** A new bundle serves from the next window on. */
  use(bundle: LoadedBundle): void;
  /** Looks whether the point fell silent. */
  tick(): void;
  /** Lets go of the open window. */
  close(): void;
}

/** What a point is made of. */
export interface MeasuringPointOptions {
  readonly id: PointId;
  readonly config: PointConfig;
  /** The bundle that serves first. */
  readonly bundle: LoadedBundle;
  readonly operation: GatewayConfig["operation"];
  readonly decider: Pick<WindowDecider, "submit" | "noteMissing">;
  readonly readings: Pick<OperatingReadings, "read">;
  readonly clock: Clock;
  /** `windows` is 1 when a window was lost, 0 when samples were that no window had begun with. */
  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void;
}

/** A turbine at or above this share of the fastest speed seen runs at full performance, where power is unknown. */
const fullPerformanceShare = 0.95;

/** Creates a point that was never heard of. */
export function createMeasuringPoint(options: MeasuringPointOptions): MeasuringPoint {
  const { id, config, decider, readings, clock } = options;
  const { dataTimeoutSeconds, standbyBelowRpm } = options.operation;
  const timeoutMs = dataTimeoutSeconds * 1000;
  const presence = createPointPresence({ standbyBelowRpm, timeoutMs });
  const cutter = createWindowCutter({
    point: id,
    bearing: config.bearing,
    bundle: options.bundle,
    onQuarantine: options.onQuarantine,
  });
  let { window: windowSpec } = options.bundle.manifest;

  const findOperatingState = (shaftRpm: number): OperatingState =>
    classifyOperatingState({
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
  const findShaftRpm = (block: SampleBlock): number => {
    // The sign of a speed is only the sense of rotation.
    if (Number.isFinite(block.shaftRpm)) return Math.abs(block.shaftRpm);
    const scada = readings.read(id.turbine, "shaft-speed", block.arrivedMonotonicMs, timeoutMs);
    return Number.isFinite(scada) ? scada : (config.shaftRpm ?? Number.NaN);
  };

  const noteSilence = (reason: string): void => {
    const toMs = clock.nowMs();
    const fromMs = Number.isNaN(presence.lastDataMs) ? toMs : Math.min(presence.lastDataMs, toMs);
    cutter.reset(reason);
    decider.noteMissing(fromMs, toMs);
  };

  return {
    id,
    config,
    accept: (block) => {
      const shaftRpm = findShaftRpm(block);
      switch (presence.noteBlock(shaftRpm, block.timestampMs, block.arrivedMonotonicMs)) {
        case "turns":
          for (const { window, bundle } of cutter.accept(
            block.shaftRpm === shaftRpm ? block : { ...block, shaftRpm },
          )) {
            presence.noteWindow(window.arrivedMonotonicMs);
            decider.submit({ window, bundle, operatingState: findOperatingState(window.shaftRpm) });
          }
          return;
        case "stops":
          // A standing turbine is no bad data: it says nothing, and that is what subscribers are told.
          noteSilence("the turbine stands by");
          return;
        case "stands":
          return;
      }
    },
    acceptScore: (scored) => {
      presence.noteScore(scored.window);
      decider.submit({ ...scored, operatingState: findOperatingState(scored.window.shaftRpm) });
    },
    use: (next) => {
      windowSpec = next.manifest.window;
      cutter.use(next);
    },
    tick: () => {
      const reason = presence.findSilence(clock.monotonicMs(), windowSpec);
      if (reason !== null) noteSilence(reason);
    },
    close: () => cutter.close(),
  };
}
