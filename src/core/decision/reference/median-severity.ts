/** How loud a machine was in several windows together. */
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { computeMedian } from "../../maths/robust.ts";
import { computeSeverity } from "./severity.ts";

/** What was heard in a window: dB, one a level (NaN: not heard), and the shaft's speed. */
export interface HeardWindow {
  readonly levels: ArrayLike<number>;
  readonly shaftRpm: number;
}

/** Median severity of the windows in which a level was heard, dB; NaN: in none. */
export function medianSeverity(
  windows: readonly HeardWindow[],
  spec: BaselineSpec,
  baseline: SiteBaseline | null,
): number {
  return computeMedian(
    windows.map((window) => computeSeverity(window, spec, baseline)).filter(Number.isFinite),
  );
}
