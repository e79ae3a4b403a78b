/**
 * What one lane has sent and not yet heard of: a window of envelopes, go-back-N after a timeout that follows how long
 * acknowledgements take (doubling and Karn's rule as in RFC 6298, no smoothing), and a growing wait between attempts. How much may be
 * on the line begins small and grows with what the line carries soon, however far the broker is (slow start as in RFC 5681). Reads no
 * clock and sends nothing.
 */
import type { EnvelopeFate } from "./envelope-publisher.ts";

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
  /** Bytes that were on the line when it was sent, its own included: the broker has all of its lane when it has this one. */
  readonly aheadBytes: number;
  /** Its last record was sent before: its acknowledgement does not say which copy it is for (Karn's rule). */
  readonly isRepeated: boolean;
  /** The broker has it, and the line has room again. */
  isCarried: boolean;
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
  /** Of those of them that the broker does not have yet. */
  readonly bytesOnLine: number;
  /**
   * Bytes that may be on the line. What is lost may have been too much for it, or an envelope too large for the broker, and fares no
   * better the next time: then it is half of that, and grows more slowly from there until as much as was lost is carried again.
   * Of a line that is new, or was not used for a while, nothing is known.
   */
  readonly limitBytes: number;
  /** Nothing was carried yet since `limitBytes` began, and nothing is on its way: a small envelope shows how far the broker is. */
  readonly isUntried: boolean;
  /** An envelope that ends at `last` was handed to the transport. */
  sent(last: number, nowMs: number, bytes?: number): Flight;
  /** What became of it at the broker; true when something may be sent that could not be before. */
  settle(flight: Flight, fate: EnvelopeFate, nowMs: number): boolean;
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
/** A line of 2 kB/s carries the first half of it in 2 s: a connection on which nothing is heard for 10 s is cut. */
const firstLimitBytes = 8_192;
const maxLimitBytes = 512 * 1024;
/** A line that takes longer, beside the way there and back, carries no more. */
const quickMs = 2_000;
/** One that takes so much longer than the quickest may soon be one on which nothing is heard. */
const lateMs = 4_000;
/** Of what is carried, how much more may be on the line between half of what was lost last and all of it. */
const carefulGrowth = 1 / 4;

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
  let limitBytes = firstLimitBytes;
  /** Half of what was lost last. */
  let safeBytes = Number.POSITIVE_INFINITY;
  /** Since when nothing is under way. */
  let idleSinceMs = Number.NEGATIVE_INFINITY;
  /** The quickest that the broker had an envelope, and the least that was ahead of those that were the quickest yet. */
  let leastMs = Number.POSITIVE_INFINITY;
  let leastBytes = Number.POSITIVE_INFINITY;
  /** What was sent before says nothing more of a line that is given less since. */
  let halvedMs = Number.NEGATIVE_INFINITY;
  const sumBytes = (some: readonly Flight[]): number => some.reduce((sum, { bytes }) => sum + bytes, 0);
  const onLine = (): readonly Flight[] => flights.filter(({ isCarried }) => !isCarried);
  const dueMs = ({ sentMs }: Flight): number => sentMs + ackTimeoutMs;
  const adaptTimeout = (wantedMs: number): void => {
    ackTimeoutMs = Math.min(options.maxAckTimeoutMs, Math.max(options.ackTimeoutMs, wantedMs));
  };
  const goBack = (lost: readonly Flight[]): void => {
    if (lost.length > 0) {
      safeBytes = Math.max(minLimitBytes, Math.min(limitBytes, sumBytes(lost)) / 2);
      limitBytes = Math.min(limitBytes, safeBytes);
    }
    flights = [];
    sentUpTo = acknowledged;
  };
  const measureAnew = (): void => {
    leastMs = Number.POSITIVE_INFINITY;
    leastBytes = Number.POSITIVE_INFINITY;
  };
  const beginSmall = (): void => {
    limitBytes = Math.min(limitBytes, firstLimitBytes);
    measureAnew();
  };
  /** The line takes longer for what is on it than a connection can wait: less is sent, as RFC 5681 does where something was lost. */
  const halve = (nowMs: number): void => {
    safeBytes = Math.max(minLimitBytes, limitBytes / 2);
    limitBytes = safeBytes;
    halvedMs = nowMs;
    // The way may be another by now.
    measureAnew();
  };
  /**
   * Did the line carry so much soon, however far the broker is? A straight line through it and through little that was quick
   * has the way there and back where there are no bytes; the rest of its time is that of its bytes, and of those before them. Two that
   * have about as many bytes say nothing of it.
   */
  const isQuick = (bytes: number, tookMs: number): boolean =>
    tookMs <= quickMs ||
    (bytes >= 1.5 * leastBytes && (tookMs - leastMs) * bytes <= quickMs * (bytes - leastBytes));
  /**
   * A lane that had little to send has not tried the line. One that has more fills a quarter at least with a single envelope: half
   * of the room, of which whole records may take half.
   */
  const grow = (bytes: number): void => {
    if (4 * sumBytes(onLine()) < limitBytes) return;
    const isCareful = limitBytes >= safeBytes && limitBytes < 2 * safeBytes;
    limitBytes = Math.min(maxLimitBytes, limitBytes + bytes * (isCareful ? carefulGrowth : 1));
  };
  const carry = (flight: Flight, nowMs: number): void => {
    const { bytes, aheadBytes, sentMs } = flight;
    const tookMs = nowMs - sentMs;
    if (sentMs >= halvedMs && tookMs <= leastMs) {
      leastMs = tookMs;
      leastBytes = Math.min(leastBytes, aheadBytes);
    }
    if (isQuick(aheadBytes, tookMs)) grow(bytes);
    else if (tookMs - leastMs > lateMs) halve(nowMs);
    flight.isCarried = true;
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
      return sumBytes(flights);
    },
    get bytesOnLine() {
      return sumBytes(onLine());
    },
    get limitBytes() {
      return limitBytes;
    },
    get isUntried() {
      return leastMs === Number.POSITIVE_INFINITY && onLine().length === 0;
    },
    sent(last, nowMs, bytes = 0) {
      const aheadBytes = sumBytes(onLine()) + bytes;
      const flight = {
        last,
        sentMs: nowMs,
        bytes,
        aheadBytes,
        isRepeated: last <= highest,
        isCarried: false,
      };
      flights.push(flight);
      sentUpTo = last;
      highest = Math.max(highest, last);
      return flight;
    },
    settle(flight, fate, nowMs) {
      const place = flights.indexOf(flight);
      if (place < 0 || fate === "unknown") return false;
      if (fate === "carried") {
        carry(flight, nowMs);
      } else {
        flights = flights.slice(0, place);
        sentUpTo = flights.at(-1)?.last ?? acknowledged;
      }
      return true;
    },
    covered: (sequence) => flights.filter(({ last }) => last <= sequence),
    acknowledge(sequence, nowMs) {
      if (sequence <= acknowledged) return false;
      const measured = flights.findLast(({ last, isRepeated }) => last <= sequence && !isRepeated);
      if (measured !== undefined) adaptTimeout(2 * (nowMs - measured.sentMs));
      // What the collector has, the line has carried, though the broker's own answer may be heard after it.
      for (const flight of onLine()) if (flight.last <= sequence && !flight.isRepeated) carry(flight, nowMs);
      acknowledged = sequence;
      flights = flights.filter((flight) => flight.last > sequence);
      sentUpTo = Math.max(sentUpTo, sequence);
      timeouts = 0;
      if (flights.length === 0) idleSinceMs = nowMs;
      notBeforeMs = Number.NEGATIVE_INFINITY;
      options.resetWait();
      return true;
    },
    expire(nowMs) {
      const first = flights[0];
      if (first === undefined) {
        if (nowMs - idleSinceMs >= options.ackTimeoutMs) beginSmall();
        return false;
      }
      if (nowMs < dueMs(first)) return false;
      goBack(flights);
      idleSinceMs = nowMs;
      adaptTimeout(2 * ackTimeoutMs);
      timeouts += 1;
      notBeforeMs = nowMs + options.nextWaitMs();
      return true;
    },
    restart() {
      goBack(onLine());
      beginSmall();
      notBeforeMs = Number.NEGATIVE_INFINITY;
    },
    forget() {
      acknowledged = 0;
      highest = 0;
      timeouts = 0;
      beginSmall();
      limitBytes = firstLimitBytes;
      safeBytes = Number.POSITIVE_INFINITY;
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
