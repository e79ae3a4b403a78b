/**
 * One measuring point: trusted blocks → windows → decisions, and what is said when nothing comes or the turbine stands.
 * Checks no data: that is done before.
 */
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { GatewayConfig, PointConfig } from "../contract/config/gateway-config.ts";
import type { OperatingState } from "../contract/prediction.ts";
import type { FeatureWindow, PointId, Quarantine, SampleBlock } from "../contract/stream.ts";
import { classifyOperatingState } from "../decision/operating-state.ts";
import type { Clock } from "../platform/clock.ts";
import type { LoadedBundle, StudentOutput } from "./loaded-bundle.ts";
import type { WindowBundle } from "./spec-cutter.ts";
import { type CutWindow, createWindowCutter } from "./window-cutter.ts";

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
  /** Looks whether the point fell silent. */
  tick(): void;
  /** What was heard of it. */
  readonly heard: PresenceSnapshot;
  /** Lets go of the open window. */
  close(): void;
}

export interface MeasuringPointOptions<B extends WindowBundle = LoadedBundle> {
  readonly id: PointId;
  readonly config: PointConfig;
  /** The bundle that serves first. */
  readonly bundle: B;
  readonly operation: GatewayConfig["operation"];
  readonly decider: {
    submit(due: DueWindow<B>): void;
    /** There were no data over this time. */
    noteMissing(fromMs: number, toMs: number): void;
  };
  /** NaN when there is none, or it is too old at `monotonicMs`. */
  readonly readings: {
    read(turbine: string, channel: "shaft-speed" | "power", monotonicMs: number): number;
  };
  readonly clock: Clock;
  /** What was heard of the point before; default: nothing. */
  readonly heard?: PresenceSnapshot | undefined;
  /**
   * Nothing is known of the point any more: why, and when its last data arrived (epoch ms by this machine's clock: a
   * device's may say anything). Comes after the decision.
   */
  onSilence?(reason: string, sinceMs: number): void;
  /** `windows` is 1 when a window was lost, 0 when samples were that no window had begun with. */
  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void;
}

/** A turbine at or above this share of the fastest speed seen runs at full performance, where power is unknown. */
const fullPerformanceShare = 0.95;

/** Creates a point that was never heard of, or goes on with one. */
export function createMeasuringPoint<B extends WindowBundle>(
  options: MeasuringPointOptions<B>,
): MeasuringPoint<B> {
  const { id, config, decider, readings, clock } = options;
  const { dataTimeoutSeconds, standbyBelowRpm } = options.operation;
  const timeoutMs = dataTimeoutSeconds * 1000;
  const presence = createPointPresence({ standbyBelowRpm, timeoutMs }, options.heard);
  const cutter = createWindowCutter({
    point: id,
    bearing: config.bearing,
    bundle: options.bundle,
    onQuarantine: options.onQuarantine,
  });
  let { window: windowSpec } = options.bundle.manifest;

  const readPower = (): number => readings.read(id.turbine, "power", clock.monotonicMs());

  const findOperatingState = (shaftRpm: number, atMonotonicMs: number): OperatingState =>
    classifyOperatingState({
      shaftRpm,
      dataAgeMs: atMonotonicMs - presence.lastBlockMonotonicMs,
      powerKw: readPower(),
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
    const scada = readings.read(id.turbine, "shaft-speed", block.arrivedMonotonicMs);
    return Number.isFinite(scada) ? scada : (config.shaftRpm ?? Number.NaN);
  };

  const noteSilence = (reason: string): void => {
    const toMs = clock.nowMs();
    const fromMs = Number.isNaN(presence.lastDataMs) ? toMs : Math.min(presence.lastDataMs, toMs);
    cutter.reset(reason);
    decider.noteMissing(fromMs, toMs);
    options.onSilence?.(reason, clock.nowMs() - (clock.monotonicMs() - presence.lastBlockMonotonicMs));
  };

  /** Of windows that ended just now, or in a pause: they are as old as their last block. */
  const submitAll = (windows: readonly CutWindow<B>[]): void => {
    for (const { window, bundle } of windows) {
      presence.noteWindow(window.arrivedMonotonicMs);
      const operatingState = findOperatingState(window.shaftRpm, presence.lastBlockMonotonicMs);
      decider.submit({ window, bundle, operatingState, powerKw: readPower() });
    }
  };

  return {
    id,
    config,
    accept: (block) => {
      const shaftRpm = findShaftRpm(block);
      switch (presence.noteBlock(shaftRpm, block.timestampMs, block.arrivedMonotonicMs)) {
        case "turns":
          submitAll(cutter.accept(block.shaftRpm === shaftRpm ? block : { ...block, shaftRpm }));
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
      const operatingState = findOperatingState(scored.window.shaftRpm, clock.monotonicMs());
      decider.submit({ ...scored, operatingState, powerKw: readPower() });
    },
    use: (next) => {
      windowSpec = next.manifest.window;
      cutter.use(next);
    },
    tick: () => {
      if (clock.monotonicMs() - presence.lastBlockMonotonicMs > timeoutMs) submitAll(cutter.pause("no data"));
      const reason = presence.findSilence(clock.monotonicMs(), windowSpec);
      if (reason !== null) noteSilence(reason);
    },
    get heard() {
      return presence.snapshot();
    },
    close: () => cutter.close(),
  };
}

/** When a point counts as silent or standing. */
export interface PresenceLimits {
  /** A slower turbine stands by. */
  readonly standbyBelowRpm: number;
  /** Data older than this says nothing of now. */
  readonly timeoutMs: number;
}

/** What a block says of the turbine: `stops` is the first one of a turbine that stands. */
export type Rotation = "turns" | "stops" | "stands";

/**
 * Is there data of a point, and does its turbine turn? Remembers when what came last, and finds out when nothing is known
 * any more. Reads no clock and tells nobody. Monotonic times are NaN before the first event of their kind.
 */
export interface PointPresence {
  /** A trusted block came; a `shaftRpm` of NaN (unknown) counts as turning. */
  noteBlock(shaftRpm: number, timestampMs: number, arrivedMonotonicMs: number): Rotation;
  /** A whole window was cut from what came. */
  noteWindow(arrivedMonotonicMs: number): void;
  /** A device sent the score of a window that it cut itself: its data and a whole window in one. */
  noteScore(window: Pick<FeatureWindow, "fromMs" | "shaftRpm" | "arrivedMonotonicMs">): void;
  /**
   * Why nothing is known of the point any more, once a silence; else null. Data without a single good `window` says no
   * more than none.
   */
  findSilence(nowMonotonicMs: number, window: WindowSpec): string | null;
  /** Arrival of the last trusted block. */
  readonly lastBlockMonotonicMs: number;
  /** Time of the last block by its own clock, epoch ms; NaN before the first. */
  readonly lastDataMs: number;
  readonly fastestRpm: number;
  snapshot(): PresenceSnapshot;
}

/** The state of a presence, to go on with while the process lives: its times are monotonic ones. */
export interface PresenceSnapshot {
  readonly lastBlockMonotonicMs: number;
  /** Arrival of the last whole window, or of the block since which one is due. */
  readonly lastUsefulMonotonicMs: number;
  readonly lastDataMs: number;
  readonly fastestRpm: number;
  /** The silence has been told. */
  readonly isSilent: boolean;
  readonly isStanding: boolean;
}

const neverHeard: PresenceSnapshot = {
  lastBlockMonotonicMs: Number.NaN,
  lastUsefulMonotonicMs: Number.NaN,
  lastDataMs: Number.NaN,
  fastestRpm: 0,
  isSilent: false,
  isStanding: false,
};

/** Creates the presence of a point that was never heard of, or goes on with one. */
export function createPointPresence(
  { standbyBelowRpm, timeoutMs }: PresenceLimits,
  snapshot: PresenceSnapshot = neverHeard,
): PointPresence {
  let { lastBlockMonotonicMs, lastUsefulMonotonicMs, lastDataMs, fastestRpm, isSilent, isStanding } =
    snapshot;

  const whyNothing = (nowMonotonicMs: number, window: WindowSpec): string | null => {
    if (nowMonotonicMs - lastBlockMonotonicMs > timeoutMs) return "no data";
    if (isStanding) return null;
    const dueMs = timeoutMs + longestWindowMs(window, standbyBelowRpm);
    return nowMonotonicMs - lastUsefulMonotonicMs > dueMs ? "no window could be decided" : null;
  };

  return {
    noteBlock: (shaftRpm, timestampMs, arrivedMonotonicMs) => {
      lastBlockMonotonicMs = arrivedMonotonicMs;
      lastDataMs = timestampMs;
      const stood = isStanding;
      isStanding = shaftRpm < standbyBelowRpm;
      if (isStanding) {
        isSilent = false;
        return stood ? "stands" : "stops";
      }
      // From here on a window is due.
      if (stood || Number.isNaN(lastUsefulMonotonicMs)) lastUsefulMonotonicMs = arrivedMonotonicMs;
      if (shaftRpm > fastestRpm) fastestRpm = shaftRpm;
      return "turns";
    },
    noteWindow: (arrivedMonotonicMs) => {
      lastUsefulMonotonicMs = arrivedMonotonicMs;
      isSilent = false;
    },
    noteScore: ({ fromMs, shaftRpm, arrivedMonotonicMs }) => {
      lastBlockMonotonicMs = arrivedMonotonicMs;
      lastUsefulMonotonicMs = arrivedMonotonicMs;
      lastDataMs = fromMs;
      isSilent = false;
      isStanding = false;
      if (shaftRpm > fastestRpm) fastestRpm = shaftRpm;
    },
    findSilence: (nowMonotonicMs, window) => {
      const reason = isSilent ? null : whyNothing(nowMonotonicMs, window);
      if (reason !== null) isSilent = true;
      return reason;
    },
    snapshot: () => ({
      lastBlockMonotonicMs,
      lastUsefulMonotonicMs,
      lastDataMs,
      fastestRpm,
      isSilent,
      isStanding,
    }),
    get lastBlockMonotonicMs() {
      return lastBlockMonotonicMs;
    },
    get lastDataMs() {
      return lastDataMs;
    },
    get fastestRpm() {
      return fastestRpm;
    },
  };
}

/** How long a window takes at the slowest speed at which the turbine still operates. */
function longestWindowMs({ unit, length }: WindowSpec, standbyBelowRpm: number): number {
  return unit === "seconds" ? length * 1000 : (length * 60_000) / Math.max(standbyBelowRpm, 1);
}
