/** Names of the periods that drift is assessed by: of a day its date, of a shorter one its start. */

import { renderIsoTime } from "../contract/iso-time.ts";
import { dayMs } from "../maths/durations.ts";

/** From its start to before its end, epoch ms. */
export interface PeriodRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** `YYYY-MM-DD` of a period of a day, `YYYY-MM-DDTHH:MMZ` (with seconds where it needs them) of a shorter one. */
export function nameDriftDay({ fromMs, toMs }: PeriodRange): string {
  const iso = renderIsoTime(fromMs);
  if (toMs - fromMs >= dayMs) return iso.slice(0, 10);
  return fromMs % 60_000 === 0 ? `${iso.slice(0, 16)}Z` : `${iso.slice(0, 19)}Z`;
}

const dayPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/;

/** Starts of periods that a name covers: a whole day, or one moment. Null: it is no such name. */
export function readDriftDay(name: string): PeriodRange | null {
  if (!dayPattern.test(name)) return null;
  const fromMs = Date.parse(name);
  // 30 February is read as 2 March.
  if (Number.isNaN(fromMs) || renderIsoTime(fromMs).slice(0, 10) !== name.slice(0, 10)) return null;
  return { fromMs, toMs: fromMs + (name.length === 10 ? dayMs : 1) };
}
