/**
 * What a manifest says of repairs and inspections (`renewedAt`), in the words of `aurora baseline renew`: from each on its point learns
 * anew what is healthy.
 */
import { z } from "zod";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { maxReasonLength } from "../../../core/contract/baseline-report.ts";
import { oneLine } from "../../../core/contract/one-line.ts";
import type { RenewalFinding } from "../../../core/decision/alarms/renewal.ts";
import { describeBadTime, isPlausibleTime, parseTime } from "../../../training/dataset/parse-time.ts";
import { formatInstant } from "../files/time-doubts.ts";

/** One renewal of a point's reference. */
export interface ReplayRenewal {
  /** Epoch ms. */
  readonly atMs: number;
  readonly reason: string;
  /** What somebody who looked has found; absent: nobody says. */
  readonly found?: RenewalFinding;
}

const schema = z.strictObject({
  time: z.unknown(),
  reason: oneLine(maxReasonLength),
  found: z.enum(["fault", "healthy"]).optional(),
});

/** Reads `renewedAt`: one renewal, or a list of them. @throws AuroraError CONFIG_INVALID */
export function parseRenewals(value: unknown, where: string): readonly ReplayRenewal[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((each) => {
    const parsed = schema.safeParse(each);
    if (!parsed.success) {
      const [{ path, message } = { path: [], message: "" }] = parsed.error.issues;
      throw refuseRenewal(
        where,
        `is not of the right form${path.map((key) => `, ${String(key)}`)}: ${message}`,
      );
    }
    const { time, ...order } = parsed.data;
    const atMs = parseTime(time);
    if (isPlausibleTime(atMs)) return { atMs, ...order };
    throw refuseRenewal(where, `has the time ${JSON.stringify(time)}, ${describeBadTime(time)}`);
  });
}

/** The renewals of each point in order of time, of its recordings in such an order. @throws AuroraError CONFIG_INVALID for one at another time than theirs. */
export function placeRenewals(
  recordings: readonly {
    readonly point: string;
    readonly timeMs: number;
    readonly renewals: readonly ReplayRenewal[];
  }[],
): ReadonlyMap<string, readonly ReplayRenewal[]> {
  const spans = new Map<
    string,
    { readonly fromMs: number; toMs: number; said: Map<string, ReplayRenewal> }
  >();
  for (const { point, timeMs, renewals } of recordings) {
    const span = spans.get(point) ?? { fromMs: timeMs, toMs: timeMs, said: new Map() };
    spans.set(point, span);
    span.toMs = timeMs;
    // What is said of a point is said with each of its recordings.
    for (const each of renewals) span.said.set(JSON.stringify(each), each);
  }
  const placed = new Map<string, readonly ReplayRenewal[]>();
  for (const [point, { fromMs, toMs, said }] of spans) {
    const renewals = [...said.values()].sort((a, b) => a.atMs - b.atMs);
    // When the last one ends is not known yet: of a point that has but one it may well be long.
    const stray = renewals.find(({ atMs }) => atMs <= fromMs || (atMs > toMs && toMs > fromMs));
    if (stray !== undefined) {
      const [at, from, to] = [stray.atMs, fromMs, toMs].map(formatInstant);
      throw refuseRenewal(point, `has ${at}, and the recordings of its point begin from ${from} to ${to}`);
    }
    placed.set(point, renewals);
  }
  return placed;
}

function refuseRenewal(where: string, detail: string): AuroraError {
  return new AuroraError("CONFIG_INVALID", `${where}: renewedAt ${detail}`, {
    op: "plan replay",
    subject: where,
    hint: 'renewedAt is {"time": "2004-02-12T10:32:39Z", "reason": "bearing replaced"}, or a list of such; "found": "fault" or "healthy" says what somebody has found who looked',
  });
}
