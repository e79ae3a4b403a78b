/** Figures of diagnoses in words for people. */
import { dayMs, hourMs, minuteMs } from "../../core/maths/durations.ts";

/** `1 min 30 s`, `2 h 0 min`, `5 d 3 h`, `412 d`. */
export function formatSpan(spanMs: number): string {
  if (spanMs < hourMs)
    return `${Math.floor(spanMs / minuteMs)} min ${Math.floor((spanMs % minuteMs) / 1000)} s`;
  if (spanMs < dayMs)
    return `${Math.floor(spanMs / hourMs)} h ${Math.floor((spanMs % hourMs) / minuteMs)} min`;
  const days = Math.floor(spanMs / dayMs);
  return days < 30 ? `${days} d ${Math.floor((spanMs % dayMs) / hourMs)} h` : `${formatWhole(days)} d`;
}

/** `12,240`. */
export function formatWhole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Three digits: `1.02`, `0.000512`. */
export function formatValue(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `all`, `34 %`, `0.6 %`; of 1. */
export function formatShare(share: number): string {
  if (share >= 0.995) return "all";
  const percent = share * 100;
  return `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}
