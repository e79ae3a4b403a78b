/** The levels of a day against one another: which of them say most, and which ask for attention. */
import type { DriftLevel } from "../contract/drift-verdict.ts";

/** Of several points' levels the first says most: what moved, then what was assessed, then what is not known yet. */
export const levelsByWeight: readonly DriftLevel[] = [
  "drift",
  "warning",
  "stable",
  "learning",
  "insufficient",
  "paused",
];

/** For sorting: the level that says most first. */
export function compareLevels(a: DriftLevel, b: DriftLevel): number {
  return levelsByWeight.indexOf(a) - levelsByWeight.indexOf(b);
}

/** Of two levels the one that says more. */
export function worseDriftLevel(a: DriftLevel | null, b: DriftLevel): DriftLevel {
  return a === null || compareLevels(b, a) < 0 ? b : a;
}

/** Whether a level asks for attention. */
export function isMoved(level: DriftLevel | null): level is "warning" | "drift" {
  return level === "warning" || level === "drift";
}

/** Whether a day was held against a reference at all. */
export function isAssessed(level: DriftLevel): boolean {
  return level === "stable" || isMoved(level);
}
