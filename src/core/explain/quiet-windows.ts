/**
 * How many of a machine's newest windows no longer show what was found of a fault: an alarm stands for a day after its fault has
 * gone, and the windows that speak for it are older than that. Asks the lines alone, not what the model says of them.
 */
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { EvidenceWindow } from "./evidence-window.ts";
import { computeLineNoise, dbPerLog, findNeededDb } from "./fault-lines.ts";
import { type FaultPicture, type MeasuredLine, meanOf } from "./fault-picture.ts";

/** So many windows together show a line or not: of fewer noise hides one that stands a little above it. */
const blockWindows = 5;

/** What was found, in windows of which kind. */
interface FoundFault {
  readonly own: FaultPicture;
  readonly window: WindowSpec;
}

/**
 * Newest of `windows` (oldest first) in which no harmonic is found that was, nor one that has lost half of what it stood above noise:
 * in any five of them together, or in those of the five that speak for the fault. 0: fewer than five, or none was found.
 */
export function countQuietWindows(
  { own: { harmonics }, window }: FoundFault,
  windows: readonly EvidenceWindow[],
): number {
  const found = harmonics.filter(({ isFound }) => isFound);
  const isQuiet = (block: readonly EvidenceWindow[]): boolean =>
    block.length === 0 || found.every((measured) => !isShown(measured, window, block));
  let quiet = 0;
  for (let end = windows.length; end >= blockWindows && found.length > 0; end--) {
    const block = windows.slice(end - blockWindows, end);
    if (!isQuiet(block) || !isQuiet(block.filter(({ speaks }) => speaks !== false))) break;
    quiet = windows.length - end + blockWindows;
  }
  return quiet;
}

function isShown(
  { line, db, noiseDb, healthyDb }: MeasuredLine,
  window: WindowSpec,
  block: readonly EvidenceWindow[],
): boolean {
  const needed = findNeededDb(computeLineNoise(line, window), block.length, healthyDb);
  const mean = meanOf(block.map(({ features }) => features[line.column]! * dbPerLog));
  // A line of which a window says nothing is not gone.
  return !(mean < Math.min(needed, (db + noiseDb) / 2));
}
