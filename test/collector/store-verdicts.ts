/** Puts verdicts into a record as the collector does: what was heard of a period first, then what is said of it. */
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import type { DriftVerdict } from "../../src/core/contract/drift-verdict.ts";
import type { DriftReport } from "../../src/core/contract/uplink-record.ts";
import { createLane } from "./envelope-of.ts";

/** Stores verdicts; afterwards nobody assesses their periods, or reads them together, once more. */
export async function storeVerdicts(
  record: FleetRecord,
  verdicts: readonly DriftVerdict[],
  nowMs: number,
): Promise<void> {
  const store = createLane(record, { nowMs, gateway: "gw-drift", bootId: "drift", lane: "drift" });
  const batch = 200;
  for (let from = 0; from < verdicts.length; from += batch) {
    const stored = await store(verdicts.slice(from, from + batch).map(reportOf));
    const refused = stored.records.find((one) => !one.ok);
    if (stored.outcome !== "stored" || refused !== undefined) {
      throw new Error(`a report was not stored: ${JSON.stringify(refused ?? stored)}`);
    }
  }
  const periods = new Map<number, { readonly fromMs: number; readonly toMs: number }>();
  for (const verdict of [...verdicts].sort((a, b) => a.fromMs - b.fromMs)) {
    const { fromMs, toMs } = verdict;
    periods.set(fromMs, { fromMs, toMs });
    if (!(await record.storeVerdict({ verdict, reference: null, renewedMs: null }))) {
      throw new Error(`there is a verdict of ${verdict.turbine} already`);
    }
  }
  for (const period of periods.values()) {
    await record.publishPeriod({ period, nowMs, verdicts: [], states: [], events: [] });
  }
}

/** One window of one column. */
function reportOf(verdict: DriftVerdict): DriftReport {
  const { site, turbine, component, modelName, modelVersion, modelDigest, fromMs, toMs } = verdict;
  const sketch = { feature: 0, counts: [1, 0], invalid: 0, mean: 0, sumSquares: 0, min: 0, max: 0 };
  return {
    kind: "drift-report",
    site,
    turbine,
    component,
    modelName,
    modelVersion,
    modelDigest,
    fromMs: toMs - Math.min(600_000, toMs - fromMs),
    toMs,
    sketches: [sketch],
  };
}
