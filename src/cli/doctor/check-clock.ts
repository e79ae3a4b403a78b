/** The machine's clock, which dates every alert: is it plausible, is it kept by somebody, does it agree with others'? */
import { stat } from "node:fs/promises";
import { formatDuration } from "../../core/maths/durations.ts";
import { findClockFault } from "../../core/platform/clock.ts";
import { bad, type CheckResult, good, warning } from "./check-result.ts";

const synchronisedFile = "/run/systemd/timesync/synchronized";
/** An answer's way there and back, and a date in whole seconds. */
const tolerableMs = 5_000;
const wrongMs = 60_000;
const advice =
  "Set up time synchronisation (systemd-timesyncd or chrony) with a server that this site reaches.";

export async function checkClock(nowMs: number): Promise<CheckResult> {
  const time = new Date(nowMs).toISOString();
  const fault = findClockFault(nowMs);
  if (fault !== null) return bad("clock", `it says ${time}, and ${fault}`, advice);
  const isSynchronised = (await stat(synchronisedFile).catch(() => undefined)) !== undefined;
  return good("clock", isSynchronised ? `${time}, synchronised` : time);
}

/** Compares this machine's `nowMs` with what another's clock said at about the same time. */
export function compareClock(whose: string, theirsMs: number, nowMs: number): CheckResult {
  const aheadMs = nowMs - theirsMs;
  const name = `clock and that of ${whose}`;
  const length = formatDuration(Math.abs(aheadMs));
  const text = `this machine is ${length} ${aheadMs < 0 ? "behind" : "ahead"}`;
  if (Math.abs(aheadMs) <= tolerableMs) return good(name, `${length} apart`);
  return Math.abs(aheadMs) > wrongMs ? bad(name, text, advice) : warning(name, text, advice);
}
