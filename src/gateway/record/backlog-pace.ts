/**
 * How much of what is not urgent may be under way at once, so that an alert never waits long behind it: by the delay that
 * it causes itself, as LEDBAT does (RFC 6817), and by a rate. Reads no clock and sends nothing.
 */

interface BacklogPaceOptions {
  /** Upper bound of the rate, bytes a second. */
  readonly maxBytesPerSecond: number;
}

interface BacklogPace {
  /** Bytes that may be under way at `nowMs`; 0 while the rate forbids any. */
  room(nowMs: number): number;
  /** Bytes were handed to the transport. */
  sent(bytes: number, nowMs: number): void;
  /** They were acknowledged at `nowMs`, after so many milliseconds. */
  landed(bytes: number, tookMs: number, nowMs: number): void;
  /** Nothing came back in time. */
  lost(): void;
  /** When the rate allows to send again, or null: it does. */
  wakeAtMs(nowMs: number): number | null;
}

/**
 * How long an acknowledgement may take longer than the fastest ones before less is sent: about as long
 * as an alert waits behind a backlog at most.
 */
const targetDelayMs = 300;
/** One record at a time: below this nothing would move. */
const minWindowBytes = 2 * 1024;
const firstWindowBytes = 4 * 1024;
const maxWindowBytes = 512 * 1024;
/** The fastest acknowledgement of one to two such times counts: a way that became longer is not throttled for ever. */
const memoryMs = 60_000;
/**
 * So often what is under way is let land before more is sent: behind a backlog that never ends there would be no fast
 * acknowledgement any more, and its own delay would be taken for the way's.
 */
const measureEveryMs = 20_000;

export function createBacklogPace(options: BacklogPaceOptions): BacklogPace {
  const { maxBytesPerSecond } = options;
  let windowBytes = firstWindowBytes;
  let fastestMs = Number.POSITIVE_INFINITY;
  let fastestBeforeMs = Number.POSITIVE_INFINITY;
  let rememberedSinceMs = Number.NEGATIVE_INFINITY;
  let measuredMs: number | null = null;
  /** While what is under way is let land: since when, and how much is allowed afterwards. */
  let measuring: { readonly sinceMs: number; readonly windowBytes: number } | null = null;
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

  const remember = (tookMs: number, nowMs: number): void => {
    if (nowMs - rememberedSinceMs >= memoryMs) {
      fastestBeforeMs = fastestMs;
      fastestMs = Number.POSITIVE_INFINITY;
      rememberedSinceMs = nowMs;
    }
    fastestMs = Math.min(fastestMs, tookMs);
  };
  /** Begins to measure when it is time, and ends with the first acknowledgement of what was sent since. */
  const isMeasuring = (tookMs: number, nowMs: number): boolean => {
    measuredMs ??= nowMs;
    if (measuring === null) {
      if (nowMs - measuredMs < measureEveryMs) return false;
      measuring = { sinceMs: nowMs, windowBytes };
      setWindow(0);
    }
    if (nowMs - tookMs < measuring.sinceMs) return true;
    setWindow(measuring.windowBytes / 2);
    measuring = null;
    measuredMs = nowMs;
    return false;
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
    landed(bytes, tookMs, nowMs) {
      remember(tookMs, nowMs);
      if (isMeasuring(tookMs, nowMs)) return;
      const delayMs = tookMs - Math.min(fastestMs, fastestBeforeMs);
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
