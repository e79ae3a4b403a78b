/**
 * Are there as many healthy windows as a bundle's drift reference takes? Asked of a manifest before a training, and of the rows before
 * hours go into learning.
 */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { WindowSpec } from "../../../../core/contract/bundle/manifest.ts";
import { leastReferenceRows } from "../../../../core/drift/fit-reference.ts";
import type { WaveformRows } from "./recorded-rows.ts";

/** Seconds of `amount` of the window's unit, at this speed. */
export function secondsOf(amount: number, unit: WindowSpec["unit"], shaftRpm: number): number {
  return unit === "seconds" ? amount : (amount * 60) / shaftRpm;
}

/** What is lacking, and what would be enough; null: nothing is. `shaftRpm` is a usual speed of the healthy machines. */
export function sayLackingWindows(
  windows: number,
  { unit, hop, length }: WindowSpec,
  shaftRpm: number,
): { readonly lack: string; readonly cure: string } | null {
  if (windows >= leastReferenceRows) return null;
  const lacking = leastReferenceRows - windows;
  const seconds = Math.ceil(secondsOf(lacking * hop, unit, shaftRpm));
  return {
    lack: `${windows} windows of healthy machines to learn from: a bundle takes ${leastReferenceRows} at least, to know how healthy ones scatter`,
    cure: `record healthy machines for ${seconds} s more (${lacking} windows of ${length} ${unit} at ${Math.round(shaftRpm)} rpm), best on several of them`,
  };
}

/** Fails with TRAINING where `signals`, which are learnt from, hold healthy recordings and too few windows of them. */
export function refuseFewWindows(signals: readonly WaveformRows[], window: WindowSpec): void {
  const healthy = signals.filter(({ failureMode }) => failureMode === null);
  if (healthy.length === 0) return;
  const windows = healthy.reduce((sum, { served }) => sum + served.rows, 0);
  const shaftRpm = healthy.reduce((sum, { entry }) => sum + entry.shaftRpm, 0) / healthy.length;
  const lacking = sayLackingWindows(windows, window, shaftRpm);
  if (lacking === null) return;
  throw new AuroraError("TRAINING", `there are ${lacking.lack}`, {
    op: "train",
    subject: "healthy recordings",
    hint: lacking.cure,
  });
}
