/** `--at` of `aurora explain`: which window of a recording, or which row of a table, is explained. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import {
  describeBadTime,
  isPlausibleTime,
  parseTime,
  timeForms,
} from "../../../training/dataset/parse-time.ts";

/** Epoch ms, or ms since a recording's first sample; empty where nothing was asked for. */
interface ExplainedMoment {
  readonly atMs?: number;
}

/** `--at` of a table. @throws AuroraError USAGE */
export function readTime(text: string | undefined): ExplainedMoment {
  if (text === undefined) return {};
  const atMs = parseTime(text);
  if (isPlausibleTime(atMs)) return { atMs };
  const hint = `Of a table of readings write ${timeForms}.`;
  throw refuseMoment(`--at is ${JSON.stringify(text)}, ${describeBadTime(text)}`, hint);
}

/** `--at` of a recording. @throws AuroraError USAGE */
export function readOffset(text: string | undefined): ExplainedMoment {
  if (text === undefined) return {};
  const seconds = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isFinite(seconds)) return { atMs: seconds * 1000 };
  const hint =
    "Of a recording write seconds since its first sample, such as 12.5; its windows are those of `aurora score`.";
  throw refuseMoment(`--at is ${JSON.stringify(text)}, which is no number of seconds`, hint);
}

function refuseMoment(message: string, hint: string): AuroraError {
  return new AuroraError("USAGE", message, { op: "explain", subject: "--at", hint });
}
