/** Does what a device says of a window fit the bundle's data contract? What raw samples are held against, scores are too. */
import type { DeviceScore } from "../../../firmware-bridge/messages/device-data.ts";
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import { findWaveform, type Manifest } from "../../core/contract/bundle/manifest.ts";
import type { QuarantineReason } from "../../core/contract/stream.ts";
import { describeTooFast, findHighestOrder, findMostRpm } from "../../core/serving/hearable-speed.ts";

/** The parts of a manifest that say which windows there can be. */
export type WindowContract = Pick<Manifest, "channels" | "window" | "features">;

/** A device tells the mean speed of a window, which is as many revolutions as the window has; a little more for the rounding of its ends. */
const maxDeviation = 0.15;
const maxWindowMs = 600_000;

/** What is wrong with the score's window, or null. What the device does not say is not held against it. */
export function findScoreFault(
  score: DeviceScore,
  { channels, window, features }: WindowContract,
  bearing: BearingOrders,
): { readonly reason: QuarantineReason; readonly detail: string } | null {
  const { unit, sampleRateHz, sampleCount, shaftRpm, fromMs, toMs } = score;
  const contract = findWaveform({ channels });
  if (contract !== undefined) {
    const { minRateHz, maxRateHz } = contract;
    if (unit !== contract.unit) return { reason: "unit", detail: `expected ${contract.unit}, got ${unit}` };
    if (sampleRateHz < minRateHz || sampleRateHz > maxRateHz)
      return {
        reason: "rate",
        detail: `expected ${minRateHz} to ${maxRateHz} Hz, got ${sampleRateHz} Hz`,
      };
  }
  const seconds = sampleRateHz > 0 ? sampleCount / sampleRateHz : 0;
  if (seconds * 1000 > maxWindowMs || !isDate(fromMs) || !isDate(toMs))
    return { reason: "malformed", detail: `a window of ${seconds} s from ${fromMs}` };
  if (Number.isNaN(shaftRpm)) return null;
  if (!(shaftRpm >= 0 && shaftRpm * 10 <= 60 * sampleRateHz))
    return { reason: "range", detail: `a shaft at ${shaftRpm} rpm, sampled at ${sampleRateHz} Hz` };
  const mostRpm = findMostRpm(findHighestOrder(features, bearing), sampleRateHz);
  if (shaftRpm > mostRpm)
    return { reason: "no-shaft-speed", detail: describeTooFast(shaftRpm, mostRpm, sampleRateHz) };
  if (sampleCount === 0) return null;
  const length = window.unit === "seconds" ? seconds : (seconds * shaftRpm) / 60;
  if (Math.abs(length / window.length - 1) > maxDeviation)
    return {
      reason: "malformed",
      detail: `a window of ${length.toPrecision(4)} ${window.unit}, not ${window.length}`,
    };
  return null;
}

function isDate(milliseconds: number): boolean {
  return Math.abs(milliseconds) <= 8.64e15;
}
