/**
 * What one lane has sent and not yet heard of: a window of envelopes, go-back-N after a timeout that follows how long
 * acknowledgements take (doubling and Karn's rule as in RFC 6298, no smoothing), and a growing wait between attempts. Reads no clock and sends nothing.
 */

interface LaneSenderOptions {
  /** Envelopes under way at once. */
  readonly windowEnvelopes: number;
  /** An envelope not acknowledged for this long is lost, at first and at least. */
  readonly ackTimeoutMs: number;
  /** The same at most: it doubles with each timeout, until an envelope that was sent once is acknowledged. */
  readonly maxAckTimeoutMs: number;
  /** How long to wait after the n-th timeout in a row, in milliseconds. */
  readonly nextWaitMs: () => number;
  /** Told when the collector acknowledges again. */
  readonly resetWait: () => void;
}

/** An envelope that the collector has not acknowledged yet. */
interface Flight {
  /** Sequence of its last record. */
  readonly last: number;
  readonly sentMs: number;
  readonly bytes: number;
  /** Its last record was sent before: its acknowledgement does not say which copy it is for (Karn's rule). */
  readonly isRepeated: boolean;
}

/** The state of one lane. All times are of one monotonic clock. */
export interface LaneSender {
  /** Highest sequence sent since the last reset; the next envelope begins after it. */
  readonly sentUpTo: number;
  /** Timeouts in a row. */
  readonly timeouts: number;
  /** May another envelope be sent now? */
  maySend(nowMs: number): boolean;
  /** Of all envelopes under way. */
  readonly bytesUnderWay: number;
  /**
   * Bytes that may be under way. What is lost may have been too much for the line, or an envelope too large for the broker, and
   * fares no better the next time: then it is half of that, and more again with every acknowledgement.
   */
  readonly limitBytes: number;
  /** An envelope that ends at `last` was handed to the transport. */
  sent(last: number, nowMs: number, bytes?: number): void;
  /** Envelopes under way that a watermark would acknowledge. */
  covered(sequence: number): readonly Flight[];
  /** The collector's watermark; true when it says something new. */
  acknowledge(sequence: number, nowMs: number): boolean;
  /** Forgets what is overdue; true when there was something. */
  expire(nowMs: number): boolean;
  /** The connection is new: everything unacknowledged is sent again, at once. */
  restart(): void;
  /** The outbox is new: sequences begin again. */
  forget(): void;
  /** When to look again although nothing happens, or null. */
  wakeAtMs(): number | null;
}

/** Below this not even an alert would fit. */
const minLimitBytes = 4_096;
const limitGrowth = 1.25;

/** Creates the state of a lane that has sent nothing. */
export function createLaneSender(options: LaneSenderOptions): LaneSender {
  let acknowledged = 0;
  let sentUpTo = 0;
  /** Highest sequence ever sent. */
  let highest = 0;
  let ackTimeoutMs = options.ackTimeoutMs;
  let flights: Flight[] = [];
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let timeouts = 0;
  let limitBytes = Number.POSITIVE_INFINITY;
  const underWay = (): number => flights.reduce((sum, { bytes }) => sum + bytes, 0);
  const dueMs = ({ sentMs }: Flight): number => sentMs + ackTimeoutMs;
  const adaptTimeout = (wantedMs: number): void => {
    ackTimeoutMs = Math.min(options.maxAckTimeoutMs, Math.max(options.ackTimeoutMs, wantedMs));
  };
  const goBack = (): void => {
    if (flights.length > 0) limitBytes = Math.max(minLimitBytes, Math.min(limitBytes, underWay()) / 2);
    flights = [];
    sentUpTo = acknowledged;
  };
  return {
    get sentUpTo() {
      return sentUpTo;
    },
    get timeouts() {
      return timeouts;
    },
    maySend: (nowMs) => nowMs >= notBeforeMs && flights.length < options.windowEnvelopes,
    get bytesUnderWay() {
      return underWay();
    },
    get limitBytes() {
      return limitBytes;
    },
    sent(last, nowMs, bytes = 0) {
      flights.push({ last, sentMs: nowMs, bytes, isRepeated: last <= highest });
      sentUpTo = last;
      highest = Math.max(highest, last);
    },
    covered: (sequence) => flights.filter(({ last }) => last <= sequence),
    acknowledge(sequence, nowMs) {
      if (sequence <= acknowledged) return false;
      const measured = flights.findLast(({ last, isRepeated }) => last <= sequence && !isRepeated);
      if (measured !== undefined) adaptTimeout(2 * (nowMs - measured.sentMs));
      acknowledged = sequence;
      flights = flights.filter((flight) => flight.last > sequence);
      sentUpTo = Math.max(sentUpTo, sequence);
      timeouts = 0;
      limitBytes *= limitGrowth;
      notBeforeMs = Number.NEGATIVE_INFINITY;
      options.resetWait();
      return true;
    },
    expire(nowMs) {
      const first = flights[0];
      if (first === undefined || nowMs < dueMs(first)) return false;
      goBack();
      adaptTimeout(2 * ackTimeoutMs);
      timeouts += 1;
      notBeforeMs = nowMs + options.nextWaitMs();
      return true;
    },
    restart() {
      goBack();
      notBeforeMs = Number.NEGATIVE_INFINITY;
    },
    forget() {
      acknowledged = 0;
      highest = 0;
      timeouts = 0;
      limitBytes = Number.POSITIVE_INFINITY;
      ackTimeoutMs = options.ackTimeoutMs;
      flights = [];
      sentUpTo = 0;
      notBeforeMs = Number.NEGATIVE_INFINITY;
    },
    wakeAtMs() {
      const first = flights[0];
      if (first !== undefined) return dueMs(first);
      return Number.isFinite(notBeforeMs) ? notBeforeMs : null;
    },
  };
}
