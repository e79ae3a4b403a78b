/**
 * Gathers the facts of one device from its stream, a message at a time: counts, paces, levels. Allocates nothing a sample,
 * judges nothing, and reads no clock.
 */
import type { LevelStatistics } from "../../core/contract/bundle/baseline-spec.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type {
  DeviceChannel,
  HelloMessage,
  RawWindowMessage,
  ReadingMessage,
  ScoreMessage,
} from "../../core/contract/device/device-message.ts";
import type { Arrival, Quarantine } from "../../core/contract/stream.ts";
import { hourMs, minuteMs } from "../../core/maths/durations.ts";
import { createChannelLevels } from "./channel-levels.ts";
import { createDeviceClock } from "./device-clock.ts";
import {
  type DeviceFacts,
  type ModelStanding,
  type ModelTrouble,
  type RecentName,
  recentNames,
  unknownModel,
} from "./device-facts.ts";
import { createLevelWatch } from "./level-difference.ts";
import { createRecentCounts } from "./recent-counts.ts";
import { createSessionHistory } from "./session-history.ts";
import { blamelessReasons } from "./set-aside-advice.ts";
import { createSpeedDoubt, type SpeedDoubt } from "./speed-doubt.ts";
import { createStreamPace } from "./stream-pace.ts";

/** Which of a link's running totals counts what. */
const troubles = [
  ["bytes", "bytes"],
  ["badFrames", "damaged"],
  ["unboundFrames", "unbound"],
  ["unflaggedFrames", "unflagged"],
  ["malformedMessages", "malformed"],
  ["duplicates", "twice"],
  ["lateFrames", "late"],
  ["lostFrames", "lost"],
] as const;

/** Running totals of a link; what is counted is their growth. */
type LinkTotals = Readonly<Record<"frames" | "hellos" | (typeof troubles)[number][0], number>> &
  Pick<DeviceFacts, "lastMalformed">;

export interface DeviceObserver {
  hello(hello: HelloMessage, monotonicMs: number): void;
  /** It took its configuration. */
  configured(): void;
  uptime(uptimeMs: number, monotonicMs: number): void;
  /** Raw samples as the device stamped them. */
  samples(message: RawWindowMessage, channel: DeviceChannel, arrival: Arrival): void;
  reading(message: ReadingMessage, arrival: Arrival): void;
  /** A window that the device scored itself: of its stream as of one that was sent. */
  score(message: ScoreMessage, channel: DeviceChannel, arrival: Arrival): void;
  setAside(quarantine: Quarantine, monotonicMs: number): void;
  /** A window of it was decided. */
  window(
    levels: Float32Array | undefined,
    reference: readonly (LevelStatistics | null)[] | undefined,
    shaftRpm: number,
  ): void;
  /** What is taken off its times, ms. */
  readonly clockAheadMs: number;
  /** Why the newest push of a model left it without. */
  modelTrouble: ModelTrouble | null;
  model: ModelStanding;
  /** It says how many windows it scored since its boot. */
  scored(windows: number): void;
  readonly windows: number;
  /** Call it about once a second. */
  read(contact: DeviceFacts["contact"], totals: LinkTotals, monotonicMs: number): DeviceFacts;
}

/** A shaft turns so long after a window ended: less than a channel is listened to before it is judged. */
const windowHoldMs = 8_000;
/** A gateway that did not look for so long stood still, and heard nobody. */
const standstillMs = 10_000;

/** What is known of a device before it says anything. */
export interface DeviceObserverOptions extends Pick<DeviceFacts, "infersItself" | "isOverMqtt" | "expected"> {
  readonly operation: Pick<GatewayConfig["operation"], "standbyBelowRpm" | "dataTimeoutSeconds">;
}

/** Creates the observer of a device that was never heard of. */
export function createDeviceObserver(options: DeviceObserverOptions): DeviceObserver {
  return new Observer(options);
}

class Observer implements DeviceObserver {
  readonly #options: DeviceObserverOptions;
  readonly #counts = createRecentCounts<RecentName>(recentNames);
  readonly #sessions = createSessionHistory();
  readonly #clock = createDeviceClock();
  readonly #pace = createStreamPace();
  readonly #level = createLevelWatch();
  readonly #channels = createChannelLevels();
  readonly #speed: SpeedDoubt;
  #setAsideFor: DeviceFacts["setAsideFor"] = null;
  #announced: readonly string[] | null = null;
  #sessionId = Number.NaN;
  #pacedChannel = "";
  #saidRateHz = Number.NaN;
  #lastDataMonotonicMs = Number.NEGATIVE_INFINITY;
  #lastReadMonotonicMs = Number.NaN;
  /** When the gateway went on that had stood still. */
  #resumedMonotonicMs = Number.NEGATIVE_INFINITY;
  #lastWindowMonotonicMs = Number.NEGATIVE_INFINITY;
  #shaftRpm = Number.NaN;
  #before: LinkTotals | null = null;
  windows = 0;
  modelTrouble: ModelTrouble | null = null;
  model: ModelStanding = unknownModel;
  #hasScored: boolean | undefined;
  #malformedSince = 0;
  #tellsSpeed = false;

  constructor(options: DeviceObserverOptions) {
    this.#options = options;
    this.#speed = createSpeedDoubt(options.operation);
  }

  get clockAheadMs(): number {
    return this.#clock.aheadMs;
  }

  hello(hello: HelloMessage, monotonicMs: number): void {
    const isNewSession = hello.sessionId !== this.#sessionId;
    this.#sessionId = hello.sessionId;
    if (isNewSession) {
      this.#hasScored = undefined;
      this.#malformedSince = 0;
    }
    this.#tellsSpeed = hello.channels.some(({ unit }) => unit === "rpm");
    this.#sessions.note(hello.sessionId, monotonicMs);
    this.#announced = hello.channels.map(({ name }) => name);
    this.#clock.restart();
    // A stream that goes on over another connection is judged by what it was.
    const goesOn = this.#options.infersItself || this.#announced.includes(this.#pacedChannel);
    if (!isNewSession && goesOn) {
      this.#channels.rejoin();
      return;
    }
    this.#pace.restart();
    this.#channels.restart();
    this.#pacedChannel = "";
  }

  configured(): void {
    this.#counts.add("configurations", 1);
  }

  uptime(uptimeMs: number, monotonicMs: number): void {
    this.#sessions.noteUptime(uptimeMs, monotonicMs);
  }

  scored(windows: number): void {
    this.#hasScored = this.#hasScored === true || windows > 0;
  }

  samples(message: RawWindowMessage, channel: DeviceChannel, arrival: Arrival): void {
    const { firstSample, counts } = message;
    const { sampleRateHz } = channel;
    const { arrivedMonotonicMs } = arrival;
    const samples = counts.length;
    const endMs = endOf(message.timestampUs, samples, sampleRateHz);
    const shaftRpm = Math.abs(message.shaftRpm);
    this.#shaftRpm = shaftRpm;
    const place = this.#channels.note(message, channel, arrivedMonotonicMs);
    const { jump, lost, isAfterPause, isAgain, rmsCounts } = place;
    if (!this.#isTurning(arrivedMonotonicMs)) this.#channels.pause();
    this.#count("samples", samples, arrivedMonotonicMs);
    const heard = { counts, shaftRpm, told: this.model, channel, rmsCounts, arrivedMonotonicMs };
    if (this.#speed.note(heard)) this.#counts.add("hertz", 1);
    this.#counts.add("blocks", 1);
    if (isAgain) this.#counts.add("again", 1);
    if (lost > 0) this.#counts.add("missing", lost);
    else if (jump === -samples) this.#counts.add("standing", 1);
    if (this.#pacedChannel === "") this.#pacedChannel = channel.name;
    // Of a device that infers these are samples around an alarm.
    if (this.#pacedChannel === channel.name && !this.#options.infersItself) {
      this.#saidRateHz = sampleRateHz;
      this.#pace.note({ firstSample, samples, sampleRateHz, endMs, arrival, isAfterPause });
      this.#stamp(endMs, arrival, this.#pace.stampStepMs);
    } else this.#stamp(endMs, arrival, Number.NaN);
  }

  reading({ timestampUs, value }: ReadingMessage, arrival: Arrival): void {
    this.#count("readings", 1, arrival.arrivedMonotonicMs);
    if (!Number.isFinite(value)) this.#counts.add("notNumbers", 1);
    this.#stamp(timestampUs > 0 ? timestampUs / 1000 : Number.NaN, arrival, Number.NaN);
  }

  score(message: ScoreMessage, { sampleRateHz }: DeviceChannel, arrival: Arrival): void {
    const { firstSample, sampleCount: samples = 0, timestampUs } = message;
    const { infersItself } = this.#options;
    const endMs = endOf(timestampUs, samples, sampleRateHz);
    this.#hasScored = true;
    if (infersItself) this.#count("samples", samples, arrival.arrivedMonotonicMs);
    if (infersItself && firstSample !== undefined) {
      this.#saidRateHz = sampleRateHz;
      this.#pace.note({ firstSample, samples, sampleRateHz, endMs, arrival, isAfterPause: false });
      this.#stamp(endMs, arrival, this.#pace.stampStepMs);
    } else this.#stamp(endMs, arrival, Number.NaN);
  }

  setAside({ reason, cause, detail, samples }: Quarantine, monotonicMs: number): void {
    if (blamelessReasons.has(reason)) return;
    this.#count("setAside", samples, monotonicMs);
    this.#setAsideFor = { reason, cause, detail: detail.slice(0, 300) };
  }

  window(
    levels: Float32Array | undefined,
    reference: readonly (LevelStatistics | null)[] | undefined,
    shaftRpm: number,
  ): void {
    this.windows++;
    this.#lastWindowMonotonicMs = this.#lastDataMonotonicMs;
    if (levels !== undefined && reference !== undefined) this.#level.note(levels, reference, shaftRpm);
  }

  read(contact: DeviceFacts["contact"], totals: LinkTotals, monotonicMs: number): DeviceFacts {
    const { infersItself, isOverMqtt, expected, operation } = this.#options;
    const since = this.#before ?? totals;
    if (this.#lastDataMonotonicMs > this.#lastReadMonotonicMs) this.#malformedSince = 0;
    else this.#malformedSince += totals.malformedMessages - since.malformedMessages;
    if (monotonicMs - this.#lastReadMonotonicMs > standstillMs) this.#resumedMonotonicMs = monotonicMs;
    this.#lastReadMonotonicMs = monotonicMs;
    this.#count("frames", totals.frames - since.frames, monotonicMs);
    // What belongs to a session that was refused looks like damage, and says the same hello again and again.
    if (contact.refusal === null) {
      for (const [total, name] of troubles) this.#counts.add(name, totals[total] - since[total]);
    }
    this.#counts.add("hellos", totals.hellos - since.hellos);
    this.#before = { ...totals };
    return {
      infersItself,
      isOverMqtt,
      contact,
      announced: this.#announced,
      expected,
      restartsInMinute: this.#sessions.restarts(minuteMs, monotonicMs),
      restartsInHour: this.#sessions.restarts(hourMs, monotonicMs),
      returns: this.#sessions.returns(monotonicMs),
      modelTrouble: this.modelTrouble,
      model: this.model,
      hasScored: this.#hasScored,
      tellsSpeed: this.#tellsSpeed,
      silentMs: monotonicMs - Math.max(this.#lastDataMonotonicMs, this.#resumedMonotonicMs),
      malformedSince: this.#malformedSince,
      pauseMs: this.#channels.pauseMs,
      snapshotLoss: this.#channels.snapshotLoss,
      clockAheadMs: this.#clock.aheadMs,
      isClockUnset: this.#clock.isUnset,
      shaftRpm: this.#shaftRpm,
      standbyBelowRpm: operation.standbyBelowRpm,
      vibratesStanding: this.#speed.isLasting,
      makesPowerStanding: this.#speed.isPowered,
      steadyRpm: this.#speed.steadyRpm,
      contradictsScada: this.#speed.isContradicted,
      pace: this.#pace.pace,
      estimate: this.#pace.estimate(),
      saidRateHz: this.#saidRateHz,
      recent: this.#counts.read(),
      lastMalformed: totals.lastMalformed,
      setAsideFor: this.#setAsideFor,
      levels: this.#channels.levels(expected),
      level: this.#level.difference,
    };
  }

  /** By its tachometer, or by the windows that are cut of what it sends. */
  #isTurning(monotonicMs: number): boolean {
    return Number.isNaN(this.#shaftRpm)
      ? monotonicMs - this.#lastWindowMonotonicMs < windowHoldMs
      : this.#shaftRpm >= this.#options.operation.standbyBelowRpm;
  }

  #count(name: RecentName, many: number, monotonicMs: number): void {
    this.#counts.step(monotonicMs);
    if (many > 0) this.#counts.add(name, many);
  }

  /** @param stepMs by how much the stamp moved against the count of samples; NaN: not known */
  #stamp(endMs: number, { arrivedMs, arrivedMonotonicMs }: Arrival, stepMs: number): void {
    this.#lastDataMonotonicMs = arrivedMonotonicMs;
    this.#clock.note({ endMs, arrivedMs, arrivedMonotonicMs, stepMs, pace: this.#pace.pace });
  }
}

/** By the device's clock, epoch ms; NaN where it has none. */
function endOf(timestampUs: number, samples: number, sampleRateHz: number): number {
  return timestampUs > 0 && sampleRateHz > 0
    ? timestampUs / 1000 + (samples * 1000) / sampleRateHz
    : Number.NaN;
}
