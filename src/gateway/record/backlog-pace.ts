/**
 * How much of what is not urgent may be under way at once, so that an alert never waits long behind it: by the delay that
 * it causes itself, as LEDBAT does (RFC 6817), and by a rate. Reads no clock and sends nothing.
 */

export interface BacklogPaceOptions {
  /** Upper bound of the rate, bytes a second. */
  readonly maxBytesPerSecond: number;
  /** How long an acknowledgement may take longer than the fastest ones before less is sent; default 300 ms. */
  readonly targetDelayMs?: number;
}

export interface BacklogPace {
  /** Bytes that may be under way at `nowMs`; 0 while the rate forbids any. */
  room(nowMs: number): number;
  /** Bytes were handed to the transport. */
  sent(bytes: number, nowMs: number): void;
  /** They were acknowledged after so many milliseconds. */
  landed(bytes: number, tookMs: number): void;
  /** Nothing came back in time. */
  lost(): void;
  /** When the rate allows to send again, or null: it does. */
  wakeAtMs(nowMs: number): number | null;
}

/** One record at a time: below this nothing would move. */
const minWindowBytes = 2 * 1024;
const firstWindowBytes = 4 * 1024;
const maxWindowBytes = 512 * 1024;
/** The fastest acknowledgement is forgotten slowly, or a way that became longer would be throttled for ever. */
const forgetShare = 0.01;

export function createBacklogPace(options: BacklogPaceOptions): BacklogPace {
  const { maxBytesPerSecond } = options;
  const targetDelayMs = options.targetDelayMs ?? 300;
  let windowBytes = firstWindowBytes;
  let fastestMs = Number.POSITIVE_INFINITY;
  /** A token bucket of half a second; below 0 after a large record. */
  let tokens = maxBytesPerSecond / 2;
  let filledMs = Number.NEGATIVE_INFINITY;

  const fill = (nowMs: number): void => {
    const seconds = Math.max(0, nowMs - filledMs) / 1000;
    tokens = Math.min(maxBytesPerSecond / 2, tokens + seconds * maxBytesPerSecond);
    filledMs = nowMs;
  };
  const setWindow = (bytes: number): void => {
    windowBytes = Math.min(maxWindowBytes, Math.max(minWindowBytes, bytes));
  };

  return {
    room(nowMs) {
      fill(nowMs);
      return tokens > 0 ? windowBytes : 0;
    },
    sent(bytes, nowMs) {
      fill(nowMs);
      tokens -= bytes;
    },
    landed(bytes, tookMs) {
      fastestMs = Math.min(tookMs, fastestMs + forgetShare * Math.max(0, tookMs - fastestMs || 0));
      const delayMs = tookMs - fastestMs;
      if (delayMs <= targetDelayMs / 2) setWindow(windowBytes + bytes);
      else if (delayMs > targetDelayMs) setWindow(windowBytes * Math.max(0.5, targetDelayMs / delayMs));
    },
    lost: () => setWindow(windowBytes / 2),
    wakeAtMs(nowMs) {
      fill(nowMs);
      return tokens > 0 ? null : nowMs + Math.ceil(((1 - tokens) / maxBytesPerSecond) * 1000);
    },
  };
}
