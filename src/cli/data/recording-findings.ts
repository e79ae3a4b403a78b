/** What is wrong with one recording by its own numbers: its rate, its range, silence, clipping, gaps, its length. */
import { findImpossibleOrder } from "../../core/contract/bundle/bearing.ts";
import type { ChannelContract, WindowSpec } from "../../core/contract/bundle/manifest.ts";
import { warnOfBearing } from "../../core/serving/bearing-warnings.ts";
import type { RecordedEntry } from "../../training/dataset/recordings/recording-set.ts";
import {
  describeBackStep,
  type SteadyTimes,
  type TimesGoBack,
} from "../../training/dataset/samples/time-column.ts";
import { secondsOf } from "../../training/recipes/bearing/learn/enough-windows.ts";
import type { Finding } from "./finding.ts";
import type { MeasuredRecording } from "./measure-recording.ts";

/** What a recording is held against. */
export interface DataExpectations {
  readonly contract: Pick<ChannelContract, "min" | "max" | "unit" | "minRateHz" | "maxRateHz" | "stuckAfter">;
  readonly window: WindowSpec;
}

/** Rates and durations may differ by this share. */
const tolerance = 0.02;

type Draft = Omit<Finding, "where" | "file">;

export function findInRecording(measured: MeasuredRecording, expected: DataExpectations): Finding[] {
  const { entry, where } = measured.resolved;
  const overruled = measured.resolved.overruled.map(
    (sentence): Draft => ({
      severity: "warning",
      check: "overruled",
      message: sentence,
      cure: "the entry counts: correct whichever of them is wrong",
    }),
  );
  const drafts = [...overruled, ...findInRates(measured, expected), ...findInNumbers(measured, expected)];
  return drafts.map((draft) => ({
    ...draft,
    where,
    file: entry.file,
  }));
}

function* findInRates(measured: MeasuredRecording, expected: DataExpectations): Generator<Draft> {
  const { samples, times, resolved } = measured;
  const { entry, durationS } = resolved;
  const { sampleRateHz, id, shaftRpm } = entry;
  const { contract, window } = expected;
  const seconds = samples / sampleRateHz;
  const { minRateHz = 0, maxRateHz = Number.POSITIVE_INFINITY } = contract;
  if (durationS !== null && Math.abs(seconds / durationS - 1) > tolerance) {
    yield {
      severity: "error",
      check: "rate-and-duration",
      message: `${id} says ${durationS} s and ${sampleRateHz} Hz, but holds ${samples} samples: ${say(seconds)} s at that rate`,
      cure: `one of them lies: the rate would be ${say(samples / durationS)} Hz for that duration`,
    };
  }
  if (times !== null && times.kind !== "unusable") yield* findInTimes(times, entry);
  if (sampleRateHz < minRateHz || sampleRateHz > maxRateHz) {
    yield {
      severity: "error",
      check: "rate-of-contract",
      message: `${id} has ${sampleRateHz} Hz, outside the data contract's ${minRateHz} to ${maxRateHz} Hz`,
      cure: "check the rate; resample the recording, or record at a rate that the model takes",
    };
  }
  if (seconds < secondsOf(window.length, window.unit, shaftRpm)) {
    yield {
      severity: "warning",
      check: "short",
      message: `${id} lasts ${say(seconds)} s, ${say((seconds * shaftRpm) / 60)} revolutions at ${say(shaftRpm)} rpm: a window is ${window.length} ${window.unit}`,
      cure: "nothing is learnt from it: record longer, or check rpm and rateHz",
    };
  }
  const { speed } = measured.resolved;
  // A speed of its own rate may be filled up behind the recording's end.
  const rpms = speed?.rpm.subarray(0, Math.floor(samples / speed.everySamples)) ?? [];
  const silent = rpms.filter((rpm) => rpm === 0).length / Math.max(1, rpms.length);
  if (silent > 0) {
    yield {
      severity: "warning",
      check: "speed-gaps",
      message: `the speed of ${id} is missing or 0 in ${say(100 * silent)} % of the recording`,
      cure: "nothing is learnt from there: the shaft is taken to stand; mend the channel, or say rpm where the speed is constant",
    };
  }
  const impossible = findImpossibleOrder(entry.bearing);
  const doubt = warnOfBearing(entry.bearing);
  if (impossible !== undefined) {
    // As a gateway's configuration: no bearing has such orders, and lines would be learnt of another fault's.
    const { problem, write } = impossible;
    yield { severity: "error", check: "bearing", message: `${id}: ${problem}`, cure: write };
  } else if (doubt !== null) {
    yield {
      severity: "warning",
      check: "bearing",
      message: `${id}: ${doubt.problem}`,
      cure: doubt.write,
    };
  }
}

function* findInTimes(
  times: SteadyTimes | TimesGoBack,
  { id, sampleRateHz }: RecordedEntry,
): Generator<Draft> {
  if (times.kind === "back") {
    yield {
      severity: "error",
      check: "order-of-times",
      message: `${id}: ${describeBackStep(times)}`,
      cure: "sort the rows, or cut the file where another recording begins; where it is no column of times, take it out",
    };
    return;
  }
  const { rateHz, gap, gaps } = times;
  if (Math.abs(rateHz / sampleRateHz - 1) > tolerance) {
    yield {
      severity: "error",
      check: "rate-and-times",
      message: `${id} says ${sampleRateHz} Hz, its column of times ${say(rateHz)} a second`,
      cure: "state the true rate (rateHz); or, where the times are in other units than seconds, take that column out",
    };
  }
  if (gap !== null) {
    yield {
      severity: "warning",
      check: "gaps-in-times",
      message: `${id} lacks ${say(gap.lengthS)} s after ${say(gap.fromS)} s by its column of times${gaps === 1 ? "" : `, the longest of ${gaps} gaps`}`,
      cure: "what is before and after is taken as one: cut the file there",
    };
  }
}

function* findInNumbers(measured: MeasuredRecording, { contract }: DataExpectations): Generator<Draft> {
  const { samples, missing, low, high, rms, clipped, areWhole, longestRun, resolved } = measured;
  const { entry, scale } = resolved;
  const { id } = entry;
  if (missing > 0) {
    yield {
      severity: missing === samples ? "error" : "warning",
      check: "missing",
      message: `${id}: ${missing} of ${samples} samples are missing or no number`,
      cure: "windows around them are left out; export the recording again if that was not meant",
    };
  }
  if (missing === samples) return;
  if (high === low || rms === 0) {
    yield {
      severity: "error",
      check: "silent",
      message: `${id} holds one value, ${low}, and nothing else`,
      cure: "the sensor or the channel was dead: take the recording out, or choose another channel",
    };
    return;
  }
  if (longestRun >= (contract.stuckAfter ?? Number.POSITIVE_INFINITY)) {
    yield {
      severity: "error",
      check: "stuck",
      message: `${id} stays at one value for ${longestRun} samples`,
      cure: "the channel hung or was padded: cut that part out; as it is the recording breaks the data contract and is not learnt from",
    };
  }
  if (clipped > 0) {
    yield {
      severity: "warning",
      check: "clipped",
      message: `${id}: ${clipped} of ${samples} samples sit where it is cut off; it goes from ${low} to ${high}`,
      cure: "the sensor or converter was driven beyond its range, which looks like impacts: record with a lower gain, or leave it out",
    };
  }
  const { unreadUnit } = resolved;
  if (scale === null || unreadUnit !== null) {
    yield {
      severity: "warning",
      check: "unit",
      message:
        unreadUnit === null
          ? `nothing says what a number of ${id} is worth`
          : `${JSON.stringify(unreadUnit)} stands where the unit of ${id} does, and is none that is known`,
      cure: `say unit: g or unit: m/s2 (and scale where a number is a count): faults are found without, levels and severity are not`,
    };
  }
  if (scale === null) return;
  const peak = scale * Math.max(Math.abs(low), Math.abs(high));
  // A count more is let pass, as on a gateway.
  const oneCount = areWhole ? scale : 0;
  if (peak > Math.max(Math.abs(contract.min), Math.abs(contract.max)) + oneCount) {
    yield {
      severity: "error",
      check: "range",
      message: `${id} reaches ${say(peak)} ${contract.unit}, the data contract ends at ${contract.max}`,
      cure: areWhole
        ? `its numbers are whole, as a converter's counts: say scale, what one count is worth (of 16 bits that are ± 50 g: ${say(50 / 32_768)})`
        : "check unit and scale: a recording outside the contract is not learnt from",
    };
  }
}

/** Four digits say enough. */
function say(value: number): string {
  return `${Number(value.toPrecision(4))}`;
}
