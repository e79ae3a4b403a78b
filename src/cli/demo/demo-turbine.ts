/** What a demonstration consists of: turbines, their points, and what must come of them. */
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import type { FaultKind } from "../../core/contract/bundle/bearing-fault.ts";
import type { DriftCause } from "../../core/contract/drift-verdict.ts";
import type { DriftKind } from "../../core/simulate/drift-plan.ts";
import type { SampleSource } from "../device/sample-source.ts";

/** A measuring point of a turbine, and which of its device's channels it hears. */
export interface DemoPoint {
  readonly component: string;
  readonly channel: number;
}

export interface DemoTurbine {
  readonly id: string;
  readonly source: SampleSource;
  /** Of each of its points. */
  readonly bearing: BearingOrders;
  readonly points: readonly DemoPoint[];
  /** What it plays, in words. */
  readonly about: string;
}

/** The drift that must be found, and where. */
export interface ExpectedDrift {
  readonly drift: DriftKind;
  /** What it must be placed as. */
  readonly kind: DriftCause["kind"];
  readonly points: readonly { readonly turbine: string; readonly component: string }[];
  /** Simulated seconds after the start. */
  readonly onsetS: number;
}

export interface DemoPlan {
  readonly turbines: readonly DemoTurbine[];
  /** Null when all turbines are healthy. */
  readonly expected: { readonly turbine: string; readonly fault: FaultKind } | null;
  /** Null: nothing drifts. Undefined: it is not about drift. */
  readonly drift?: ExpectedDrift | null;
  /** The expectation and its circumstances, one sentence each. */
  readonly notices: readonly string[];
}

/** `WT01` is the first. */
export function turbineId(index: number): string {
  return `WT${String(index + 1).padStart(2, "0")}`;
}
