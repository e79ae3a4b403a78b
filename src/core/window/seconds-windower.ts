/**
 * Cuts scalar readings of several channels into windows of fixed seconds, aligned to the epoch, as ten-minute
 * statistics are: a window from 12:00 to 12:10 holds 12:00:00.000 ≤ time < 12:10. Stamps are of the beginning.
 * A window without a reading of every channel is abandoned, never filled in. Holds no reading.
 *
 * Windows end in their order: one is over when its grace has passed in the time of the data, and every channel has passed it or
 * the grace has passed since it was last heard of as well. So what a logger catches up on may come channel by channel.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { Quarantine, Reading } from "../contract/stream.ts";

interface SecondsWindowerOptions {
  readonly spec: WindowSpec;
  /** Channels of which every window needs a reading. */
  readonly channels: readonly string[];
  /** A window is kept open this long after its end, and after its last reading came, for channels that report later; ≥ 0. */
  readonly graceMs: number;
}

/** Receives the windows; `number` is of one alone, unless the clock was set back. */
interface ReadingWindowSink {
  begin(number: number): void;
  push(number: number, reading: Reading): void;
  end(
    number: number,
    window: { readonly fromMs: number; readonly toMs: number; readonly readings: number },
  ): void;
  /** The window is lost; `quarantine.samples` are its readings. */
  abandon(number: number, quarantine: Quarantine): void;
  /** A reading came for a window that is over. */
  refuse(quarantine: Quarantine): void;
}

export interface SecondsWindower {
  accept(reading: Reading): void;
  /**
   * Time has passed, in that of the data and on the clock that arrivals are told by: ends what is over, so that the last window
   * does not wait for a reading that never comes.
   */
  advance(dataMs: number, nowMs: number): void;
}

interface OpenWindow {
  readonly number: number;
  readings: number;
  /** When its last reading came. */
  heardMs: number;
  readonly missing: Set<string>;
  deviceId: string;
}

/** Overlap beyond this is a mistake of the specification. */
const maxOverlap = 64;
/** Windows that may wait for channels which are caught up on later: half a day of ten minutes. */
const maxWaiting = 72;

/** Creates a windower. @throws AuroraError BUNDLE_FORMAT unless unit is seconds and 0 < hop ≤ length. */
export function createSecondsWindower(
  options: SecondsWindowerOptions,
  sink: ReadingWindowSink,
): SecondsWindower {
  const { spec, channels, graceMs } = options;
  const refuse = (why: string): never => {
    throw new AuroraError("BUNDLE_FORMAT", why, { op: "create windower" });
  };
  if (spec.unit !== "seconds" || !(spec.hop > 0 && spec.hop <= spec.length) || !(graceMs >= 0))
    refuse("a seconds windower needs seconds with 0 < hop ≤ length");
  const hopMs = spec.hop * 1000;
  const lengthMs = spec.length * 1000;
  const overlap = Math.ceil((lengthMs + graceMs) / hopMs - 1e-9) + 1;
  if (overlap > maxOverlap) refuse(`${overlap} windows would overlap, at most ${maxOverlap} may`);
  const mostOpen = overlap + maxWaiting;
  /** In their order. */
  let open: OpenWindow[] = [];
  /** Windows before this number are over. */
  let nextNumber = Number.NEGATIVE_INFINITY;
  let latestMs = Number.NEGATIVE_INFINITY;
  /** Windows that ended because the clock was set back: what comes of them again is refused. */
  const endedEarly = new Set<number>();
  /** Newest time of each channel. */
  const newestMs = new Map(channels.map((channel) => [channel, Number.NEGATIVE_INFINITY]));

  const close = (window: OpenWindow): void => {
    const fromMs = window.number * hopMs;
    if (window.missing.size === 0) {
      sink.end(window.number, { fromMs, toMs: fromMs + lengthMs, readings: window.readings });
      return;
    }
    abandon(window, "missing-value", `no reading of ${[...window.missing].slice(0, 8).join(", ")}`);
  };

  const abandon = (window: OpenWindow, reason: "missing-value" | "time-backwards", detail: string): void =>
    sink.abandon(window.number, {
      reason,
      deviceId: window.deviceId,
      channel: [...window.missing][0] ?? "",
      timestampMs: window.number * hopMs,
      endMs: window.number * hopMs + lengthMs,
      detail,
      samples: window.readings,
    });

  const endOf = ({ number }: OpenWindow): number => number * hopMs + lengthMs;

  const isOver = (window: OpenWindow, nowMs: number): boolean => {
    const endMs = endOf(window);
    if (endMs + graceMs > latestMs) return false;
    const waitedMs = nowMs - window.heardMs;
    // Of a clock that was set back nobody knows how long it was.
    if (waitedMs < 0 || waitedMs >= graceMs) return true;
    return channels.every((channel) => newestMs.get(channel)! >= endMs);
  };

  const endFirst = (): void => {
    const window = open.shift()!;
    nextNumber = window.number + 1;
    for (const number of endedEarly) if (number < nextNumber) endedEarly.delete(number);
    close(window);
  };

  const advance = (dataMs: number, nowMs: number): void => {
    latestMs = Math.max(latestMs, dataMs);
    while (open[0] !== undefined && isOver(open[0], nowMs)) endFirst();
  };

  /** Are all its readings there, of a window that has not ended by its grace? One of each channel is a row of statistics. */
  const isWhole = (window: OpenWindow): boolean =>
    window.missing.size === 0 && (endOf(window) <= latestMs || window.readings === channels.length);

  const setBack = (reading: Reading): void => {
    if (endedEarly.size > mostOpen) endedEarly.clear();
    for (const window of open) {
      if (isWhole(window)) {
        close(window);
        endedEarly.add(window.number);
      } else abandon(window, "time-backwards", "the clock was set back");
    }
    open = [];
    nextNumber = Number.NEGATIVE_INFINITY;
    latestMs = reading.timestampMs;
    for (const channel of channels) newestMs.set(channel, Number.NEGATIVE_INFINITY);
  };

  const findOpen = (number: number, { deviceId }: Reading): OpenWindow | undefined => {
    const known = open.find((candidate) => candidate.number === number);
    if (known !== undefined) return known;
    if (open.length === mostOpen) {
      if (number < open[0]!.number) return undefined;
      endFirst();
    }
    const window: OpenWindow = {
      number,
      readings: 0,
      heardMs: Number.NaN,
      missing: new Set(channels),
      deviceId,
    };
    open.push(window);
    open.sort((a, b) => a.number - b.number);
    sink.begin(number);
    return window;
  };

  return {
    advance,
    accept: (reading) => {
      const { channel, timestampMs, arrivedMs } = reading;
      const before = newestMs.get(channel) ?? Number.NEGATIVE_INFINITY;
      // The ingest lets a channel step back only when the clock was set: start anew rather than wait for the old time.
      if (timestampMs < before && latestMs - timestampMs > lengthMs + graceMs) setBack(reading);
      if (newestMs.has(channel)) newestMs.set(channel, Math.max(newestMs.get(channel)!, timestampMs));
      advance(timestampMs, arrivedMs);
      const last = Math.floor(timestampMs / hopMs);
      const first = Math.floor((timestampMs - lengthMs) / hopMs) + 1;
      let taken = false;
      for (let number = Math.max(first, nextNumber); number <= last; number++) {
        const window = endedEarly.has(number) ? undefined : findOpen(number, reading);
        if (window === undefined) continue;
        window.readings++;
        window.heardMs = arrivedMs;
        window.missing.delete(channel);
        sink.push(window.number, reading);
        taken = true;
      }
      if (!taken) {
        sink.refuse({
          reason: "time-backwards",
          deviceId: reading.deviceId,
          channel: reading.channel,
          timestampMs,
          detail: "its window is over",
          samples: 1,
        });
      }
    },
  };
}
