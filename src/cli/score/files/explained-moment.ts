/** `--at` of `aurora explain`: which window of a recording, or which row of a table, is explained. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import {
  describeBadTime,
  isPlausibleTime,
  parseTime,
  timeForms,
} from "../../../training/dataset/parse-time.ts";

/** Of a table, epoch ms; undefined where nothing was asked for. @throws AuroraError USAGE */
export function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const atMs = parseTime(text);
  if (isPlausibleTime(atMs)) return atMs;
  const hint = `Of a table of readings write ${timeForms}.`;
  throw refuseMoment(`--at is ${JSON.stringify(text)}, ${describeBadTime(text)}`, hint);
}

/** Of a recording, ms since its first sample; undefined where nothing was asked for. @throws AuroraError USAGE */
export function readOffset(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isFinite(seconds)) return seconds * 1000;
  const hint =
    "Of a recording write seconds since its first sample, such as 12.5; its windows are those of `aurora score`.";
  throw refuseMoment(`--at is ${JSON.stringify(text)}, which is no number of seconds`, hint);
}

function refuseMoment(message: string, hint: string): AuroraError {
  return new AuroraError("USAGE", message, { op: "explain", subject: "--at", hint });
}
