/** The rules about time: a clock that is wrong, one that runs wrong, and a sampling rate that is not what was said. */
import { formatDuration } from "../../core/maths/durations.ts";
import type { DeviceFacts, DiagnosisVerdict } from "./device-facts.ts";
import { formatValue, formatWhole } from "./diagnosis-words.ts";
import type { PaceEstimate } from "./pace-segments.ts";

/** A quarter of the 2 % within which lines of a spectrum are looked for. */
const rateError = 0.005;
/** Three and a half minutes a day: ten minutes of listening tell no less from what a network hesitates. */
const clockError = 0.0025;
/** What was told stands until it is less than this share of what it is told at: estimates wander by a tenth. */
const staysShare = 0.8;
/** Arrivals wander by less. */
const leastShiftMs = 1_500;

/** The clock is off by more than a minute: its times are those of arrival. */
export function findClockError({ clockAheadMs: ms, isClockUnset }: DeviceFacts): DiagnosisVerdict {
  if (ms === 0) return null;
  if (isClockUnset)
    return {
      text: "clock was never set, and says a time before 2020; time of arrival is used",
      cure: "Send a time stamp of 0 until the clock is set (UTC), not the time since the start.",
    };
  return {
    text: `clock is ${formatDuration(Math.abs(ms))} ${ms > 0 ? "ahead" : "behind"}; time of arrival is used`,
    cure: "Set the device's clock (UTC), or send a time stamp of 0. If all devices are off alike, it is the gateway's clock: `aurora doctor`.",
  };
}

/** The device's clock does not run as the gateway's does. */
export function findDrift(facts: DeviceFacts): DiagnosisVerdict {
  const { estimate } = facts;
  if (facts.pace !== "true" || estimate === null) return undefined;
  if (isRateWrong(estimate)) return null;
  if (!isDrifting(estimate)) return isNear(estimate.clockByArrival, clockError) ? undefined : null;
  const gain = estimate.clockByArrival - 1;
  return {
    text: `clock ${gain > 0 ? "gains" : "loses"} ${formatValue(Math.abs(gain) * 3600)} s an hour`,
    cure: "Let the device take its time from NTP or from a better oscillator, or send a time stamp of 0.",
  };
}

/** Indices, time stamps and arrivals show another sampling rate than the hello said. */
export function findRate(facts: DeviceFacts): DiagnosisVerdict {
  const { estimate, saidRateHz, pace } = facts;
  if (pace === "unknown" || estimate === null) return undefined;
  const rate = measureRate(estimate, pace !== "played");
  if (Math.abs(rate - 1) < rateError) {
    const { rateByStamps, rateByArrival } = estimate;
    return isNear(Number.isNaN(rateByStamps) ? rateByArrival : rateByStamps, rateError) ? undefined : null;
  }
  const rateHz = rate * saidRateHz;
  if (pace === "slow")
    return {
      text: `sends ${formatWhole(rateHz)} samples a second, ${formatWhole(saidRateHz)} Hz said`,
      cure: "Its line or its processor is too slow for this rate (12 kHz are 24 kB/s, 115,200 baud carry 11.5), or its converter has another one: use a faster line, or announce the rate at which the converter really runs.",
    };
  return {
    text: `${formatWhole(rateHz)} Hz measured, ${formatWhole(saidRateHz)} said`,
    cure: "Announce the rate at which the converter really runs: fault frequencies are looked for at the wrong places otherwise.",
  };
}

/** As a share of what was said; 1: as said. */
function measureRate(estimate: PaceEstimate, arrivalsTell: boolean): number {
  const { rateByStamps, rateByArrival } = estimate;
  // What is played has a clock of its own; what has none can only be fast.
  if (!arrivalsTell) return Number.isNaN(rateByStamps) ? rateByArrival : rateByStamps;
  if (!isRateWrong(estimate)) return 1;
  return Number.isNaN(rateByStamps) || Math.abs(rateByStamps - 1) < rateError ? rateByArrival : rateByStamps;
}

/** Where samples and stamps disagree, arrival says which of them is right; where they agree, it must be plain. */
function isRateWrong({ rateByStamps, rateByArrival, clockByArrival, samplesShiftMs }: PaceEstimate): boolean {
  const byArrival = Math.abs(rateByArrival - 1);
  if (Math.abs(rateByStamps - 1) >= rateError) return byArrival > Math.abs(clockByArrival - 1);
  return byArrival >= rateError && Math.abs(samplesShiftMs) >= leastShiftMs;
}

function isDrifting({ clockByArrival, stampsShiftMs }: PaceEstimate): boolean {
  return Math.abs(clockByArrival - 1) >= clockError && Math.abs(stampsShiftMs) >= leastShiftMs;
}

function isNear(ratio: number, error: number): boolean {
  return Math.abs(ratio - 1) >= staysShare * error;
}
