/**
 * Are there as many healthy windows as a bundle's drift reference takes, and enough of one machine to tell how its windows scatter? Asked
 * of a manifest before a training, and of the rows before hours go into learning.
 */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { WindowSpec } from "../../../../core/contract/bundle/manifest.ts";
import { leastReferenceRows } from "../../../../core/drift/fit-reference.ts";
import { groupBy } from "../../../../core/maths/group-by.ts";
import type { RecordedEntry } from "../../../dataset/recordings/recording-set.ts";
import { sayShortOccasions, windowsOfDeviation } from "./healthy-logits.ts";
import { narrowestBandRpm, type WaveformRows } from "./recorded-rows.ts";

/** Seconds of `amount` of the window's unit, at this speed. */
export function secondsOf(amount: number, unit: WindowSpec["unit"], shaftRpm: number): number {
  return unit === "seconds" ? amount : (amount * 60) / shaftRpm;
}

/** A healthy recording that is learnt from. */
interface HealthyWindows {
  readonly entry: Pick<RecordedEntry, "machine" | "component" | "load" | "sampleRateHz" | "shaftRpm">;
  readonly windows: number;
}

/** What is lacking, and what would be enough; null: nothing is. */
export function sayLackingWindows(
  healthy: readonly HealthyWindows[],
  { unit, hop, length }: WindowSpec,
): { readonly lack: string; readonly cure: string } | null {
  const windows = sum(healthy.map((each) => each.windows));
  const shaftRpm = sum(healthy.map(({ entry }) => entry.shaftRpm)) / healthy.length;
  const cut = `windows of ${length} ${unit} at ${Math.round(shaftRpm)} rpm`;
  if (windows < leastReferenceRows) {
    const lacking = leastReferenceRows - windows;
    const seconds = Math.ceil(secondsOf(lacking * hop, unit, shaftRpm));
    return {
      lack: `there are ${windows} windows of healthy machines to learn from: a bundle takes ${leastReferenceRows} at least, to know how healthy ones scatter`,
      cure: `record healthy machines for ${seconds} s more (${lacking} ${cut}), best on several of them`,
    };
  }
  const occasions = [...groupBy(healthy, ({ entry }) => nameOccasion(entry)).values()];
  const longest = Math.max(...occasions.map((own) => sum(own.map((each) => each.windows))));
  if (longest >= windowsOfDeviation) return null;
  const seconds = Math.ceil(secondsOf(length + (windowsOfDeviation - 1) * hop, unit, shaftRpm));
  return {
    lack: sayShortOccasions(),
    cure: `record a healthy machine for ${seconds} s at one speed and load (${windowsOfDeviation} ${cut}), best several of them`,
  };
}

/** Recordings that share a name here are told together however wide the bands of speed in `describeSet` are. */
function nameOccasion({ machine, component, load, sampleRateHz, shaftRpm }: HealthyWindows["entry"]): string {
  return JSON.stringify([machine, component, load, sampleRateHz, Math.floor(shaftRpm / narrowestBandRpm)]);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}

/**
 * Fails with TRAINING where `signals`, which are learnt from, hold healthy recordings and too few windows of them, in all or of any
 * machine at one speed and load.
 */
export function refuseFewWindows(signals: readonly WaveformRows[], window: WindowSpec): void {
  const healthy = signals
    .filter(({ failureMode }) => failureMode === null)
    .map(({ entry, served }) => ({ entry, windows: served.rows }));
  if (healthy.length === 0) return;
  const lacking = sayLackingWindows(healthy, window);
  if (lacking === null) return;
  throw new AuroraError("TRAINING", lacking.lack, {
    op: "train",
    subject: "healthy recordings",
    hint: lacking.cure,
  });
}
