/**
 * Are a turbine's SCADA values stamped by a clock that agrees with the gateway's? Those that come at a true pace and bear, each of
 * them, a time after their arrival are of a clock that is ahead, or this gateway's is behind. By how much is taken off their times,
 * so that they keep their distances. One that stands alone is left as it is, and so is what is old.
 */
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import type { Reading } from "../../core/contract/stream.ts";
import { formatDuration } from "../../core/maths/durations.ts";
import type { DiagnosisFinding } from "./device-facts.ts";

interface SourceClock {
  /** The reading, of a time that may be believed. */
  date(reading: Reading): Reading;
  /** What is wrong; null: nothing that is known. */
  readonly finding: DiagnosisFinding | null;
  /** Readings that it has dated otherwise than they were stamped. */
  readonly redated: number;
}

/** As the data contract tolerates. */
const toleranceMs = 60_000;
/** A clock that was off and is this near is right again. */
const rightAgainMs = toleranceMs / 2;
/** What comes in so long counts by what was delayed least. */
const segmentMs = 15_000;
const judgedSegments = 3;
/** Of the time in between: what differs by more does not come at the world's pace. */
const paceSlack = 0.25;
/** By less the gateway's calendar is not set: it is read in whole milliseconds. */
const calendarStepMs = 1_000;

const cure =
  "Set the clock that stamps these values, or this gateway's: `aurora doctor` holds that against others'. Whole hours are mostly a local time that is stamped as UTC.";

/** What was delayed least of a segment, by monotonic time. */
interface Segment {
  readonly beganMs: number;
  atMs: number;
  /** Its stamp less monotonic time: a gateway whose calendar is set changes nothing of it. */
  offsetMs: number;
}

/** Creates a clock that is believed. `timeoutMs`: what is older when it comes is not of now. */
export function createSourceClock(timeoutMs: number): SourceClock {
  return new HeldClock(Math.min(toleranceMs, timeoutMs / 2));
}

class HeldClock implements SourceClock {
  redated = 0;
  readonly #maxLateMs: number;
  #segments: readonly Segment[] = [];
  /** The gateway's calendar less its monotonic time. */
  #calendarMs = Number.NaN;
  /** The source's clock less monotonic time; NaN: it is believed. */
  #offsetMs = Number.NaN;
  /** What it last stamped of what was dated otherwise. */
  #lastMs = Number.NaN;

  /** `maxLateMs`: by no more is all that comes late. */
  constructor(maxLateMs: number) {
    this.#maxLateMs = maxLateMs;
  }

  date(reading: Reading): Reading {
    const { timestampMs, arrivedMs, arrivedMonotonicMs: atMs } = reading;
    if (!Number.isFinite(timestampMs)) return reading;
    const calendarMs = arrivedMs - atMs;
    if (!(Math.abs(calendarMs - this.#calendarMs) < calendarStepMs)) this.#calendarMs = calendarMs;
    this.#note(timestampMs - atMs, atMs);
    this.#judge();
    // Where the gateway has not been told the time, the source has.
    if (Number.isNaN(this.#offsetMs) || arrivedMs < earliestClockMs) return reading;
    // A clock that was just set right steps back; what waited for its way goes on from what came before.
    if (timestampMs <= arrivedMs && timestampMs < this.#lastMs) return reading;
    this.#lastMs = timestampMs;
    this.redated++;
    return { ...reading, timestampMs: timestampMs - this.#aheadMs };
  }

  get finding(): DiagnosisFinding | null {
    if (Number.isNaN(this.#offsetMs)) return null;
    // As of the newest segment.
    const { atMs } = this.#segments.at(-1)!;
    if (this.#calendarMs + atMs < earliestClockMs)
      return {
        text: "clock of this gateway was never set; the times of the values are believed",
        cure: "Set up time synchronisation of this gateway: `aurora doctor`.",
      };
    return {
      text: `clock is ${formatDuration(this.#aheadMs)} ahead of this gateway's; time of arrival is used`,
      cure,
    };
  }

  get #aheadMs(): number {
    return Math.round(this.#offsetMs - this.#calendarMs);
  }

  #note(offsetMs: number, atMs: number): void {
    const last = this.#segments.at(-1);
    if (last === undefined || atMs - last.beganMs >= segmentMs)
      this.#segments = [...this.#segments.slice(1 - judgedSegments), { beganMs: atMs, atMs, offsetMs }];
    else if (offsetMs > last.offsetMs) Object.assign(last, { atMs, offsetMs });
  }

  #judge(): void {
    const [first, second, third] = this.#segments;
    if (this.#aheadMs < rightAgainMs) this.#offsetMs = Number.NaN;
    if (third === undefined) return;
    const [low, middle, high] = [first!, second!, third]
      .map(({ offsetMs }) => offsetMs)
      .sort((one, other) => one - other) as [number, number, number];
    const spanMs = third.atMs - first!.atMs;
    if (high - low > paceSlack * spanMs) return;
    if (Number.isNaN(this.#offsetMs)) {
      if (low - this.#calendarMs > toleranceMs) this.#offsetMs = middle;
    } else if (high - this.#calendarMs < rightAgainMs) this.#offsetMs = Number.NaN;
    else if (middle > this.#offsetMs + rightAgainMs) this.#offsetMs = middle;
    // What usually comes late may do so three times.
    else if (high < this.#offsetMs - Math.max(this.#maxLateMs, paceSlack * spanMs)) this.#offsetMs = middle;
  }
}
