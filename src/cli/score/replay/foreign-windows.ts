/**
 * Failure modes that a point's windows look like, of which nothing speaks but lines where electrical hum or the shaft's harmonics stand, or
 * that keep their hertz: a gateway raises none of these within minutes, and whoever reads its past should know why. Decides nothing.
 */
import type { Decision } from "../../../core/contract/prediction.ts";

/** Windows of a point that are likely of some fault. */
interface ForeignWindows {
  /** `foreignModes`: of which nothing but foreign lines speaks in the window that was decided. */
  note(decision: Pick<Decision, "modes">, foreignModes: readonly string[]): void;
  /** Modes that half and more are likely of, of all windows or of the last dozen, most of these with foreign lines alone. */
  readonly modes: readonly string[];
}

/** Modes that a window is likely of, and whether nothing but foreign lines speaks for each. */
type LikelyModes = ReadonlyMap<string, boolean>;

/** What has begun of late is a small part of a long life. */
const lastWindows = 12;

/** Creates it for a point of which nothing was heard. */
export function createForeignWindows(): ForeignWindows {
  let windows = 0;
  let last: readonly LikelyModes[] = [];
  const counts: ModeCounts = new Map();
  return {
    note: ({ modes }, foreignModes) => {
      const likely = modes.filter(({ probability }) => probability >= 0.5);
      const next = new Map(
        likely.map(({ failureMode }) => [failureMode, foreignModes.includes(failureMode)]),
      );
      windows++;
      count(next, counts);
      last = [next, ...last.slice(0, lastWindows - 1)];
    },
    get modes() {
      const ofLast: ModeCounts = new Map();
      for (const each of last) count(each, ofLast);
      return [...new Set([...listForeign(counts, windows), ...listForeign(ofLast, last.length)])];
    },
  };
}

type ModeCounts = Map<string, { likely: number; foreign: number }>;

function count(modes: LikelyModes, counts: ModeCounts): void {
  for (const [mode, isForeign] of modes) {
    const { likely, foreign } = counts.get(mode) ?? { likely: 0, foreign: 0 };
    counts.set(mode, { likely: likely + 1, foreign: foreign + (isForeign ? 1 : 0) });
  }
}

function listForeign(counts: ModeCounts, windows: number): string[] {
  return [...counts].flatMap(([mode, { likely, foreign }]) =>
    2 * likely >= windows && 2 * foreign > likely ? [mode] : [],
  );
}
