/** Counts what was processed and what was set aside, per turbine and in all. */

import type { QuarantineReason } from "../../core/contract/stream.ts";
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import { findOrMake } from "../../core/maths/find-or-make.ts";

export interface DataQuality {
  processed(turbine: string): void;
  dropped(turbine: string): void;
  /** Something was set aside, of a turbine or of nobody known; `windows` is 1 if a window was lost by it. */
  quarantined(turbine: string | null, reason: QuarantineReason, windows: 0 | 1): void;
  ofTurbine(turbine: string): TurbineState["dataQuality"];
  readonly total: {
    readonly processed: number;
    readonly quarantined: number;
    readonly dropped: number;
    readonly byReason: Readonly<Record<string, number>>;
  };
}

interface Counts {
  processed: number;
  quarantined: number;
  dropped: number;
  byReason: Readonly<Record<string, number>>;
}

/** Of all turbines of which nothing was set aside. */
const noReasons: Counts["byReason"] = {};

export function createDataQuality(): DataQuality {
  const createCounts = (): Counts => ({ processed: 0, quarantined: 0, dropped: 0, byReason: noReasons });
  const total = createCounts();
  const turbines = new Map<string, Counts>();
  const both = (turbine: string | null, change: (counts: Counts) => void): void => {
    change(total);
    if (turbine === null) return;
    change(findOrMake(turbines, turbine, createCounts));
  };
  return {
    processed: (turbine) => both(turbine, (counts) => counts.processed++),
    dropped: (turbine) => both(turbine, (counts) => counts.dropped++),
    quarantined: (turbine, reason, windows) =>
      both(turbine, (counts) => {
        counts.quarantined += windows;
        counts.byReason = { ...counts.byReason, [reason]: (counts.byReason[reason] ?? 0) + 1 };
      }),
    ofTurbine: (turbine) => {
      const { processed, quarantined, byReason } = turbines.get(turbine) ?? createCounts();
      return {
        windowsProcessed: processed,
        windowsQuarantined: quarantined,
        quarantinedByReason: { ...byReason },
      };
    },
    total,
  };
}
