/** Medians of a day's residuals, one an output. A day that is not over, or has too few rows, has none. */

import { dayMs } from "../../maths/durations.ts";
import { medianInPlace } from "../../maths/select.ts";

/** A day that is over. */
export interface DayOfResiduals {
  /** Whole days since the epoch, in the time of the data. */
  readonly day: number;
  readonly rows: number;
  /** One an output; NaN when the day has too few rows. */
  readonly medians: Float64Array;
}

interface DailyMedian {
  /** Takes the residuals of a scored row (copied). Gives the day before when this row begins another one. */
  add(timestampMs: number, residuals: ArrayLike<number>): DayOfResiduals | null;
  /** Time has passed without rows: gives the open day when it is over. */
  advance(timestampMs: number): DayOfResiduals | null;
  /** The open day; null: there is none. */
  readonly day: number | null;
  /** Lets an open day go that is `from` or later. */
  forgetFrom(from: number): void;
  /** Rows of the open day, for a snapshot. */
  snapshot(): DailyMedianSnapshot;
}

/** The open day: plain data. */
export interface DailyMedianSnapshot {
  readonly day: number | null;
  readonly rows: readonly (readonly number[])[];
}

/** A day holds 144 ten-minute rows; more are not kept, so that a wrong clock cannot fill the memory. */
const maxRows = 1_440;

/** Creates it for `outputs` outputs; days with fewer than `minRows` rows give NaN. `from` continues a snapshot. */
export function createDailyMedian(outputs: number, minRows: number, from?: DailyMedianSnapshot): DailyMedian {
  let day: number | null = from?.day ?? null;
  let rows: (readonly number[])[] = [...(from?.rows ?? [])];
  const close = (): DayOfResiduals => {
    const medians = new Float64Array(outputs).fill(Number.NaN);
    if (rows.length >= minRows) {
      for (let output = 0; output < outputs; output++) {
        const values = Float64Array.from(rows, (row) => row[output]!).filter((value) => !Number.isNaN(value));
        if (values.length >= minRows) medians[output] = medianInPlace(values, values.length);
      }
    }
    return { day: day!, rows: rows.length, medians };
  };
  const advance = (timestampMs: number): DayOfResiduals | null => {
    const now = Math.floor(timestampMs / dayMs);
    if (day === null || now <= day) return null;
    const done = close();
    day = null;
    rows = [];
    return done;
  };
  return {
    get day() {
      return day;
    },
    forgetFrom: (from) => {
      if (day === null || day < from) return;
      day = null;
      rows = [];
    },
    advance,
    add: (timestampMs, residuals) => {
      const done = advance(timestampMs);
      const now = Math.floor(timestampMs / dayMs);
      // A row of a day that is over comes too late to count.
      if (day !== null && now < day) return done;
      day = now;
      if (rows.length < maxRows) rows.push(Array.from(residuals));
      return done;
    },
    snapshot: () => ({ day, rows }),
  };
}
