/**
 * Failure modes that a point's windows look like, of which nothing speaks but lines where electrical hum or the shaft's harmonics stand, or
 * that keep their hertz: a gateway raises none of these within minutes, and whoever reads its past should know why. Decides nothing.
 */
import type { Decision } from "../../../core/contract/prediction.ts";

/** Windows of a point that are likely of some fault. */
export interface ForeignWindows {
  /** `foreignModes`: of which nothing but foreign lines speaks in the window that was decided. */
  note(decision: Pick<Decision, "modes">, foreignModes: readonly string[]): void;
  /** Modes that half of all windows and more are likely of, most of these with foreign lines alone. */
  readonly modes: readonly string[];
}

/** Creates it for a point of which nothing was heard. */
export function createForeignWindows(): ForeignWindows {
  let windows = 0;
  const counts = new Map<string, { likely: number; foreign: number }>();
  return {
    note: ({ modes }, foreignModes) => {
      windows++;
      for (const { failureMode, probability } of modes) {
        if (!(probability >= 0.5)) continue;
        const count = counts.get(failureMode) ?? { likely: 0, foreign: 0 };
        counts.set(failureMode, count);
        count.likely++;
        if (foreignModes.includes(failureMode)) count.foreign++;
      }
    },
    get modes() {
      return [...counts].flatMap(([mode, { likely, foreign }]) =>
        2 * likely >= windows && 2 * foreign > likely ? [mode] : [],
      );
    },
  };
}
