import type { TurbineTracker } from "../../../src/gateway/alarms/turbine-tracker.ts";
import { startMs } from "../../core/decision/alarms/decisions.ts";

type Moment = Parameters<TurbineTracker["describe"]>[0];

/** A moment at which nothing else is known of a turbine, and nothing is wrong with its devices and sources. */
export function momentOf(change: Partial<Moment> = {}): Moment {
  return {
    timeMs: startMs,
    monotonicMs: 0,
    alarms: [],
    dataQuality: { windowsProcessed: 3, windowsQuarantined: 1, quarantinedByReason: { range: 1 } },
    conditions: [],
    drift: [],
    devices: [],
    sources: [],
    unfitOf: () => undefined,
    unheardOf: () => undefined,
    ...change,
  };
}
