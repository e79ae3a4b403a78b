/**
 * Gathers the facts of one device from its stream, a message at a time: counts, paces, levels. Allocates nothing a sample,
 * judges nothing, and reads no clock.
 */
import type { LevelStatistics } from "../../core/contract/bundle/baseline-spec.ts";
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
import { type DeviceFacts, type RecentFacts, type RecentName, recentNames } from "./device-facts.ts";
import { createLevelWatch } from "./level-difference.ts";
import { createRecentCounts } from "./recent-counts.ts";
import { createSessionHistory } from "./session-history.ts";
import { blamelessReasons } from "./set-aside-advice.ts";
import { createStreamPace } from "./stream-pace.ts";

/** Running totals of a link; what is counted is their growth. */
export interface LinkTotals {
  readonly frames: number;
  readonly badFrames: number;
  readonly duplicates: number;
  readonly lateFrames: number;
  readonly lostFrames: number;
}

export interface DeviceObserver {
  hello(hello: HelloMessage, monotonicMs: number): void;
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
  readonly windows: number;
  /** Call it about once a second. */
  read(contact: DeviceFacts["contact"], totals: LinkTotals, monotonicMs: number): DeviceFacts;
}

/** A shaft turns so long after a window ended: less than a channel is listened to before it is judged. */
const windowHoldMs = 8_000;

/** What is known of a device before it says anything. */
export interface DeviceObserverOptions extends Pick<DeviceFacts, "infersItself" | "expected"> {
  /** Below this a turbine stands by. */
  readonly standbyBelowRpm: number;
}

/** Creates the observer of a device that was never heard of. */
export function createDeviceObserver(options: DeviceObserverOptions): DeviceObserver {
  const { infersItself, expected, standbyBelowRpm } = options;
  const counts = createRecentCounts<RecentName>(recentNames);
  const sessions = createSessionHistory();
  const clock = createDeviceClock();
  const pace = createStreamPace();
  const level = createLevelWatch();
  const channels = createChannelLevels();
  let setAsideFor: DeviceFacts["setAsideFor"] = null;
  let announced: readonly string[] | null = null;
  let pacedChannel = "";
  let saidRateHz = Number.NaN;
  let lastDataMonotonicMs = Number.NEGATIVE_INFINITY;
  let lastWindowMonotonicMs = Number.NEGATIVE_INFINITY;
  let shaftRpm = Number.NaN;
  let windows = 0;
  let before: LinkTotals | null = null;

  /** By its tachometer, or by the windows that are cut of what it sends. */
  const isTurning = (monotonicMs: number): boolean =>
    Number.isNaN(shaftRpm) ? monotonicMs - lastWindowMonotonicMs < windowHoldMs : shaftRpm >= standbyBelowRpm;

  const count = (name: RecentName, many: number, monotonicMs: number): void => {
    counts.step(monotonicMs);
    if (many > 0) counts.add(name, many);
  };
  const stamp = (endMs: number, { arrivedMs, arrivedMonotonicMs }: Arrival): void => {
    lastDataMonotonicMs = arrivedMonotonicMs;
    clock.note({ endMs, arrivedMs, arrivedMonotonicMs, pace: pace.pace });
  };

  return {
    hello: (hello, monotonicMs) => {
      sessions.note(hello.sessionId, monotonicMs);
      announced = hello.channels.map(({ name }) => name);
      clock.restart();
      pace.restart();
      channels.restart();
      pacedChannel = "";
    },
    uptime: sessions.noteUptime,
    samples: (message, channel, arrival) => {
      const { firstSample } = message;
      const { sampleRateHz } = channel;
      const { arrivedMonotonicMs } = arrival;
      const samples = message.counts.length;
      const endMs = endOf(message.timestampUs, samples, sampleRateHz);
      shaftRpm = Math.abs(message.shaftRpm);
      const jump = channels.note(message, channel);
      if (!isTurning(arrivedMonotonicMs)) channels.pause();
      count("samples", samples, arrivedMonotonicMs);
      if (jump > 0) counts.add("missing", jump);
      else if (jump === -samples) counts.add("twice", 1);
      if (pacedChannel === "") pacedChannel = channel.name;
      // Of a device that infers these are samples around an alarm.
      if (pacedChannel === channel.name && !infersItself) {
        saidRateHz = sampleRateHz;
        pace.note({ firstSample, samples, sampleRateHz, endMs, arrivedMonotonicMs });
      }
      stamp(endMs, arrival);
    },
    reading: ({ timestampUs, value }, arrival) => {
      count("readings", 1, arrival.arrivedMonotonicMs);
      if (!Number.isFinite(value)) counts.add("notNumbers", 1);
      stamp(timestampUs > 0 ? timestampUs / 1000 : Number.NaN, arrival);
    },
    score: ({ firstSample, sampleCount: samples = 0, timestampUs }, { sampleRateHz }, arrival) => {
      const { arrivedMonotonicMs } = arrival;
      const endMs = endOf(timestampUs, samples, sampleRateHz);
      if (infersItself) count("samples", samples, arrivedMonotonicMs);
      if (infersItself && firstSample !== undefined) {
        saidRateHz = sampleRateHz;
        pace.note({ firstSample, samples, sampleRateHz, endMs, arrivedMonotonicMs });
      }
      stamp(endMs, arrival);
    },
    setAside: ({ reason, detail, samples }, monotonicMs) => {
      if (blamelessReasons.has(reason)) return;
      count("setAside", samples, monotonicMs);
      setAsideFor = { reason, detail: detail.slice(0, 300) };
    },
    window: (levels, reference, rpm) => {
      windows++;
      lastWindowMonotonicMs = lastDataMonotonicMs;
      if (levels !== undefined && reference !== undefined) level.note(levels, reference, rpm);
    },
    get clockAheadMs() {
      return clock.aheadMs;
    },
    get windows() {
      return windows;
    },
    read: (contact, totals, monotonicMs) => {
      const since = before ?? totals;
      count("frames", totals.frames - since.frames, monotonicMs);
      counts.add("damaged", totals.badFrames - since.badFrames);
      counts.add("twice", totals.duplicates - since.duplicates);
      counts.add("late", totals.lateFrames - since.lateFrames);
      counts.add("lost", totals.lostFrames - since.lostFrames);
      before = { ...totals };
      return {
        infersItself,
        contact,
        announced,
        expected,
        restartsInMinute: sessions.restarts(minuteMs, monotonicMs),
        restartsInHour: sessions.restarts(hourMs, monotonicMs),
        returns: sessions.returns(monotonicMs),
        silentMs: monotonicMs - lastDataMonotonicMs,
        clockAheadMs: clock.aheadMs,
        pace: pace.pace,
        estimate: pace.estimate(),
        saidRateHz,
        recent: readRecent(counts),
        setAsideFor,
        quietest: channels.quietest(expected),
        level: level.difference,
      };
    },
  };
}

/** By the device's clock, epoch ms; NaN where it has none. */
function endOf(timestampUs: number, samples: number, sampleRateHz: number): number {
  return timestampUs > 0 && sampleRateHz > 0
    ? timestampUs / 1000 + (samples * 1000) / sampleRateHz
    : Number.NaN;
}

function readRecent(counts: ReturnType<typeof createRecentCounts<RecentName>>): RecentFacts {
  const read = (name: RecentName) => ({ count: counts.sum(name), isHabit: counts.isHabit(name) });
  return Object.fromEntries(recentNames.map((name) => [name, read(name)])) as unknown as RecentFacts;
}
