/**
 * The faults of a rolling bearing that have a name: in recordings, in the simulator, in the demonstration and in what
 * models are trained for. A bundle may state any other failure mode; the runtime asks nothing of its name. A new kind
 * begins here: the compiler names the tables that lack it. One with an order of its own is a rival for `order-margin`
 * (`core/features/envelope-operators.ts`), which makes it a new version of the catalogue, and the device's
 * `ORDER_FAULT_COUNT` (`firmware-bridge/mcu/feature_section.h`) has to follow.
 */
import type { BearingOrders } from "./bearing.ts";

/** Kinds of faults; each is the id of its failure mode, too. */
export const faultKinds = ["inner-race", "outer-race", "ball"] as const;

/** One of {@link faultKinds}. */
export type FaultKind = (typeof faultKinds)[number];

/** The orders at which a fault strikes; that of the cage is no fault's own. */
type FaultOrder = Exclude<keyof BearingOrders, "ftf">;

/** What is known of a kind: the order at which it strikes, and the damaged part in words. */
export const bearingFaults: Readonly<
  Record<FaultKind, { readonly order: FaultOrder; readonly part: string }>
> = {
  "inner-race": { order: "bpfi", part: "inner race" },
  "outer-race": { order: "bpfo", part: "outer race" },
  ball: { order: "bsf", part: "rolling element" },
};
