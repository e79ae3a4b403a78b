/**
 * Cuts scalar readings of several channels into windows of fixed seconds, aligned to the epoch, as ten-minute
 * statistics are: a window from 12:00 to 12:10 holds 12:00:00.000 ≤ time < 12:10. Stamps are of the beginning.
 * A window without a reading of every channel is abandoned, never filled in. Holds no reading.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { Quarantine, Reading } from "../contract/stream.ts";

interface SecondsWindowerOptions {
  readonly spec: WindowSpec;
  /** Channels of which every window needs a reading. */
  readonly channels: readonly string[];
  /** A window is kept open this long after its end, for channels that report later; ≥ 0. */
  readonly graceMs: number;
}

/** Receives the windows; `slot` tells open ones apart, 0 … `slots` − 1. */
interface ReadingWindowSink {
  begin(slot: number, fromMs: number): void;
  push(slot: number, reading: Reading): void;
  end(
    slot: number,
    window: { readonly fromMs: number; readonly toMs: number; readonly readings: number },
  ): void;
  /** The window is lost; `quarantine.samples` are its readings. */
  abandon(slot: number, quarantine: Quarantine): void;
  /** A reading came for a window that is over. */
  refuse(quarantine: Quarantine): void;
}

export interface SecondsWindower {
  /** Largest number of windows that may be open at a time. */
  readonly slots: number;
  accept(reading: Reading): void;
  /** Time has passed: ends what is over, so that the last window does not wait for a reading that never comes. */
  advance(nowMs: number): void;
}

interface OpenWindow {
  readonly number: number;
  readonly slot: number;
  readings: number;
  readonly missing: Set<string>;
  deviceId: string;
}

/** Overlap beyond this is a mistake of the specification. */
const maxSlots = 64;

/** Creates a windower. @throws AuroraError BUNDLE_FORMAT unless unit is seconds and 0 < hop ≤ length. */
export function createSecondsWindower(
  options: SecondsWindowerOptions,
  sink: ReadingWindowSink,
): SecondsWindower {
  const { spec, channels, graceMs } = options;
  if (spec.unit !== "seconds" || !(spec.hop > 0 && spec.hop <= spec.length) || !(graceMs >= 0)) {
    throw new AuroraError("BUNDLE_FORMAT", "a seconds windower needs seconds with 0 < hop ≤ length", {
      op: "create windower",
    });
  }
  const hopMs = spec.hop * 1000;
  const lengthMs = spec.length * 1000;
  const slots = Math.ceil((lengthMs + graceMs) / hopMs - 1e-9) + 1;
  if (slots > maxSlots) {
    throw new AuroraError("BUNDLE_FORMAT", `${slots} windows would overlap, at most ${maxSlots} may`, {
      op: "create windower",
    });
  }
  let open: OpenWindow[] = [];
  /** Windows before this number are over. */
  let nextNumber = Number.NEGATIVE_INFINITY;
  let latestMs = Number.NEGATIVE_INFINITY;

  const close = (window: OpenWindow): void => {
    const fromMs = window.number * hopMs;
    if (window.missing.size === 0) {
      sink.end(window.slot, { fromMs, toMs: fromMs + lengthMs, readings: window.readings });
      return;
    }
    abandon(window, "missing-value", `no reading of ${[...window.missing].slice(0, 8).join(", ")}`);
  };

  const abandon = (window: OpenWindow, reason: "missing-value" | "time-backwards", detail: string): void =>
    sink.abandon(window.slot, {
      reason,
      deviceId: window.deviceId,
      channel: [...window.missing][0] ?? "",
      timestampMs: window.number * hopMs,
      endMs: window.number * hopMs + lengthMs,
      detail,
      samples: window.readings,
    });

  const advance = (nowMs: number): void => {
    if (!(nowMs > latestMs)) return;
    latestMs = nowMs;
    const over = (window: OpenWindow): boolean => window.number * hopMs + lengthMs + graceMs <= nowMs;
    for (const window of open) {
      if (!over(window)) continue;
      nextNumber = Math.max(nextNumber, window.number + 1);
      close(window);
    }
    open = open.filter((window) => !over(window));
  };

  const setBack = (reading: Reading): void => {
    for (const window of open) abandon(window, "time-backwards", "the clock was set back");
    open = [];
    nextNumber = Number.NEGATIVE_INFINITY;
    latestMs = reading.timestampMs;
  };

  return {
    slots,
    advance,
    accept: (reading) => {
      const { timestampMs } = reading;
      // The ingest lets a step back through only when the clock was set: start anew rather than wait for the old time.
      if (latestMs - timestampMs > lengthMs + graceMs) setBack(reading);
      advance(timestampMs);
      const last = Math.floor(timestampMs / hopMs);
      const first = Math.floor((timestampMs - lengthMs) / hopMs) + 1;
      const firstNotOver = Math.floor((latestMs - lengthMs - graceMs) / hopMs) + 1;
      let taken = false;
      for (let number = Math.max(first, firstNotOver, nextNumber); number <= last; number++) {
        let window = open.find((candidate) => candidate.number === number);
        if (window === undefined) {
          const slot = ((number % slots) + slots) % slots;
          const { deviceId } = reading;
          window = { number, slot, readings: 0, missing: new Set(channels), deviceId };
          open.push(window);
          open.sort((a, b) => a.number - b.number);
          sink.begin(slot, number * hopMs);
        }
        window.readings++;
        window.missing.delete(reading.channel);
        sink.push(window.slot, reading);
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
