/** Decisions for tests of the alert room. */
import type { Decision, OperatingState } from "../../../../src/core/contract/prediction.ts";

export const point = { site: "north", turbine: "t1", component: "generator-bearing" };
export const startMs: number = Date.UTC(2026, 0, 1);
export const model = { name: "bearing-vibration", version: "1.0.0", digest: "ab".repeat(32) };

/** The decision of window `index` (one a second): [failure mode, probability, since second or null]. */
export function decisionAt(
  index: number,
  modes: readonly (readonly [string, number, number | null])[],
  change: Partial<Decision> = {},
  operatingState: OperatingState = "full-performance",
): Decision {
  const fromMs = startMs + index * 1_000;
  return {
    point,
    windowId: `t1/generator-bearing/${fromMs}`,
    fromMs,
    toMs: fromMs + 1_000,
    operatingState,
    model,
    modes: modes.map(([failureMode, probability, since]) => ({
      failureMode,
      probability,
      score: Math.log(probability / (1 - probability)),
      threshold: 0.8,
      active: since !== null,
      sinceMs: since === null ? null : startMs + since * 1_000,
    })),
    ...change,
  };
}
