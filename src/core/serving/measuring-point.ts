/**
 * One measuring point: trusted blocks → windows → decisions, and what is said when nothing comes or the turbine stands.
 * Checks no data: that is done before.
 */
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { GatewayConfig, PointConfig } from "../contract/config/gateway-config.ts";
import type { OperatingState } from "../contract/prediction.ts";
import type { FeatureWindow, PointId, Quarantine, Reused, SampleBlock } from "../contract/stream.ts";
import type { PointSilence } from "../contract/turbine-state.ts";
import { classifyOperatingState, standby } from "../decision/operating-state.ts";
import type { Clock } from "../platform/clock.ts";
import type { OpenWindows } from "../window/window-sink.ts";
import { describeTooFast, findHighestOrder, findMostRpm } from "./hearable-speed.ts";
import type { LoadedBundle, StudentOutput } from "./loaded-bundle.ts";
import { createPointPresence, type PointPresence, type PresenceSnapshot } from "./point-presence.ts";
import type { WindowBundle } from "./spec-cutter.ts";
import { type CutWindow, createWindowCutter, type WindowCutter } from "./window-cutter.ts";

/** A window that is to be decided. */
export interface DueWindow<B extends WindowBundle = LoadedBundle> {
  readonly window: FeatureWindow;
  /** The bundle that it was cut for. */
  readonly bundle: B;
  readonly operatingState: OperatingState;
  /** Of the turbine meanwhile; NaN or absent: not known. */
  readonly powerKw?: number;
  /** Where the device scored it already. */
  readonly output?: StudentOutput;
}

export interface MeasuringPoint<B extends WindowBundle = LoadedBundle> {
  readonly id: PointId;
  readonly config: PointConfig;
  /** Takes a trusted block; its `counts` are valid only during the call. */
  accept(block: SampleBlock): void;
  /** Takes a window that its device scored itself. */
  acceptScore(scored: Required<Pick<DueWindow<B>, "window" | "bundle" | "output">>): void;
  /** A new bundle serves from the next window on. */
  use(bundle: B): void;
  /** The machine was changed: what is heard from now on is heard without what was before. */
  renew(): void;
  /** All of a recording has come that is known to be whole; the next block begins another. A stream that goes on has no such end. */
  endRecording(): void;
  /** Looks whether the point fell silent. */
  tick(): void;
  /** What was heard of it. */
  readonly heard: PresenceSnapshot;
  /** Adds the open window to `span`. */
  coverOpen(span: Reused<OpenWindows>): void;
  /** Lets go of the open window. */
  close(): void;
}

export interface MeasuringPointOptions<B extends WindowBundle = LoadedBundle> {
  readonly id: PointId;
  readonly config: PointConfig;
  /** The bundle that serves first. */
  readonly bundle: B;
  readonly operation: GatewayConfig["operation"];
  readonly sink: PointSink<B>;
  readonly readings: OperatingReadings;
  readonly clock: Clock;
  /** What was heard of the point before; default: nothing. */
  readonly heard?: PresenceSnapshot | undefined;
}

/** What is told of how turbines operate, beside the samples. */
export interface OperatingReadings {
  /** As the device tells it, else SCADA (which comes first where the device sits on other turbines too), else another device of the turbine; NaN: nobody does, or it is too old at `monotonicMs`. */
  read(of: ReadingPlace, channel: "shaft-speed" | "power", monotonicMs: number): number;
}

interface ReadingPlace {
  readonly turbine: string;
  readonly device: string;
}

/** Where what comes of a point goes. */
export interface PointSink<B extends WindowBundle = LoadedBundle> {
  /** A window is to be decided. */
  submit(due: DueWindow<B>): void;
  /** There were no data over this time. */
  noteMissing(fromMs: number, toMs: number): void;
  /**
   * Nothing is known of the point any more: why, and when its last data arrived (epoch ms by this machine's clock: a
   * device's may say anything). Comes after the decision.
   */
  onSilence?(silence: PointSilence): void;
  /** `windows` is 1 when a window was lost, 0 when samples were that no window had begun with. */
  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void;
}

/** A turbine at or above this share of the fastest speed seen runs at full performance, where power is unknown. */
const fullPerformanceShare = 0.95;

/** Creates a point that was never heard of, or goes on with one. */
export function createMeasuringPoint<B extends WindowBundle>(
  options: MeasuringPointOptions<B>,
): MeasuringPoint<B> {
  return new Point(options);
}

class Point<B extends WindowBundle> implements MeasuringPoint<B> {
  readonly id: PointId;
  readonly config: PointConfig;
  readonly #options: MeasuringPointOptions<B>;
  readonly #timeoutMs: number;
  readonly #place: ReadingPlace;
  readonly #presence: PointPresence;
  readonly #cutter: WindowCutter<B>;
  #windowSpec: WindowSpec;
  #highestOrder: number;
  /** Turns of the bearing's shaft in one of the shaft whose speed is told, by which the turbine stands by or operates. */
  readonly #speedRatio: number;
  /** Why the speed of the block at hand is none; null: it is one, or none is known. */
  #tooFast: string | null = null;

  constructor(options: MeasuringPointOptions<B>) {
    const { id, config, bundle, sink } = options;
    const { dataTimeoutSeconds, standbyBelowRpm } = options.operation;
    this.id = id;
    this.config = config;
    this.#options = options;
    this.#place = { turbine: id.turbine, device: config.device };
    this.#timeoutMs = dataTimeoutSeconds * 1000;
    this.#speedRatio = config.speedRatio ?? 1;
    const slowestRpm = standbyBelowRpm * this.#speedRatio;
    const limits = { standbyBelowRpm, slowestRpm, timeoutMs: this.#timeoutMs };
    this.#presence = createPointPresence(limits, options.heard);
    this.#cutter = createWindowCutter({
      point: id,
      bearing: config.bearing,
      polePairs: config.polePairs,
      gearedShafts: config.gearedShafts,
      bundle,
      onQuarantine: (quarantine, windows) => sink.onQuarantine(this.#nameSpeed(quarantine), windows),
    });
    this.#windowSpec = bundle.manifest.window;
    this.#highestOrder = findHighestOrder(bundle.manifest.features, config.bearing);
  }

  get heard(): PresenceSnapshot {
    return this.#presence.snapshot();
  }

  accept(block: SampleBlock): void {
    const shaftRpm = this.#findShaftRpm(block);
    const toldRpm = shaftRpm / this.#speedRatio;
    switch (this.#presence.noteBlock(toldRpm, block.timestampMs, block.arrivedMonotonicMs)) {
      case "turns":
        this.#submitAll(this.#cutter.accept(block.shaftRpm === shaftRpm ? block : { ...block, shaftRpm }));
        return;
      case "stops":
        // A standing turbine is no bad data: it says nothing, and that is what subscribers are told.
        this.#noteSilence(standby);
        return;
      case "stands":
        return;
    }
  }

  acceptScore(scored: Required<Pick<DueWindow<B>, "window" | "bundle" | "output">>): void {
    const { clock, sink } = this.#options;
    this.#presence.noteScore(scored.window);
    const operatingState = this.#findOperatingState(scored.window.shaftRpm, clock.monotonicMs());
    sink.submit({ ...scored, operatingState, powerKw: this.#readPower() });
  }

  use(next: B): void {
    this.#windowSpec = next.manifest.window;
    this.#highestOrder = findHighestOrder(next.manifest.features, this.config.bearing);
    this.#cutter.use(next);
  }

  renew(): void {
    this.#cutter.renew();
  }

  endRecording(): void {
    this.#submitAll(this.#cutter.endRecording("the recording ended"));
  }

  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#presence.lastBlockMonotonicMs > this.#timeoutMs) {
      this.#submitAll(this.#cutter.pause("no data"));
    }
    const reason = this.#presence.findSilence(nowMs, this.#windowSpec);
    if (reason !== null) this.#noteSilence({ reason });
  }

  coverOpen(span: Reused<OpenWindows>): void {
    this.#cutter.coverOpen(span);
  }

  close(): void {
    this.#cutter.close();
  }

  #readPower(): number {
    const { readings, clock } = this.#options;
    return readings.read(this.#place, "power", clock.monotonicMs());
  }

  #findOperatingState(shaftRpm: number, atMonotonicMs: number): OperatingState {
    return classifyOperatingState({
      shaftRpm: shaftRpm / this.#speedRatio,
      dataAgeMs: atMonotonicMs - this.#presence.lastBlockMonotonicMs,
      powerKw: this.#readPower(),
      limits: {
        minOperatingRpm: this.#options.operation.standbyBelowRpm,
        fullPerformanceRpm: this.#presence.fastestRpm * fullPerformanceShare,
        fullPerformancePowerKw: null,
        maxDataAgeMs: this.#timeoutMs,
      },
    });
  }

  /** Of the bearing's shaft by what is told, else NaN (set aside by the windower), as for a speed at which the bearing cannot be heard. */
  #findShaftRpm(block: SampleBlock): number {
    const { sampleRateHz } = block;
    const shaftRpm = this.#readShaftRpm(block);
    const mostRpm = findMostRpm(this.#highestOrder, sampleRateHz);
    this.#tooFast =
      shaftRpm > mostRpm
        ? `${describeTooFast(shaftRpm, mostRpm, sampleRateHz)}${this.#sayTold(shaftRpm)}`
        : null;
    return this.#tooFast === null ? shaftRpm : Number.NaN;
  }

  #sayTold(shaftRpm: number): string {
    const ratio = this.#speedRatio;
    return ratio === 1
      ? ""
      : ` (${Math.round(shaftRpm / ratio)} rpm are told, and its speedRatio is ${ratio})`;
  }

  /** The device's own tachometer, else what is told beside the samples, of the bearing's shaft; else the configured speed, else NaN. */
  #readShaftRpm(block: SampleBlock): number {
    // The sign of a speed is only the sense of rotation.
    if (Number.isFinite(block.shaftRpm)) return Math.abs(block.shaftRpm) * this.#speedRatio;
    const { readings } = this.#options;
    const told = readings.read(this.#place, "shaft-speed", block.arrivedMonotonicMs);
    if (Number.isFinite(told)) return Math.abs(told) * this.#speedRatio;
    return this.config.shaftRpm ?? Number.NaN;
  }

  /** Of a speed that is too fast the cutter heard that it is not known. */
  #nameSpeed(quarantine: Quarantine): Quarantine {
    if (this.#tooFast === null || quarantine.reason !== "no-shaft-speed") return quarantine;
    return { ...quarantine, cause: undefined, detail: this.#tooFast };
  }

  #noteSilence(why: Omit<PointSilence, "sinceMs">): void {
    const { clock, sink } = this.#options;
    const { lastDataMs, lastBlockMonotonicMs } = this.#presence;
    const toMs = clock.nowMs();
    const fromMs = Number.isNaN(lastDataMs) ? toMs : Math.min(lastDataMs, toMs);
    this.#cutter.reset(why.reason);
    sink.noteMissing(fromMs, toMs);
    const sinceMs = clock.nowMs() - (clock.monotonicMs() - lastBlockMonotonicMs);
    sink.onSilence?.({ ...why, sinceMs });
  }

  /** Of windows that ended just now, or in a pause: they are as old as their last block. */
  #submitAll(windows: readonly CutWindow<B>[]): void {
    for (const { window, bundle } of windows) {
      this.#presence.noteWindow(window.arrivedMonotonicMs);
      const operatingState = this.#findOperatingState(window.shaftRpm, this.#presence.lastBlockMonotonicMs);
      this.#options.sink.submit({ window, bundle, operatingState, powerKw: this.#readPower() });
    }
  }
}
