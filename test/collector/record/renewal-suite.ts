/** What every engine of the fleet's record must do with renewals of points: each counts from its own moment on. */

import { expect, it } from "vitest";
import { createDayReports } from "../../../scripts/drift/fleet-reports.ts";
import { driftBounds } from "../../../src/collector/record/drift-rules.ts";
import type { FleetRecord, StorableRecord } from "../../../src/collector/record/fleet-record.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { driftVerdict } from "../../core/contract/drift-verdicts.ts";
import { createLane } from "../envelope-of.ts";
import { smallReference } from "../known-model.ts";

const fromMs = Date.UTC(2023, 10, 15);
const nowMs = fromMs + 30 * dayMs;
const point = { site: "north-sea", turbine: "wt-1", component: "generator-bearing" };

const renewal = (day: number, subject = "wt-1/generator-bearing"): StorableRecord => ({
  kind: "event",
  timeMs: fromMs + day * dayMs,
  name: "baseline-renewed",
  subject,
  detail: "by anna: bearing replaced",
});

/** Tells a record of renewals. */
const createTeller = (record: FleetRecord, gateway = "gw-1") =>
  createLane(record, { nowMs, gateway, lane: "update" });

/** Sends a record reports of whole days. */
function createReporter(
  record: FleetRecord,
  gateway = "gw-1",
  modelDigest?: string,
): (...days: number[]) => Promise<void> {
  const send = createLane(record, { nowMs, gateway, lane: "drift" });
  return async (...days) => {
    const reports = days.map((day) =>
      createDayReports(smallReference, { point, fromMs: fromMs + day * dayMs, hours: [0, 1] }),
    );
    await send(
      reports.flat().map((report) => ({ ...report, modelDigest: modelDigest ?? report.modelDigest })),
    );
  };
}

/** Takes the days that are due one after the other, which teach this, and says by which renewal each goes. */
async function assessAll(record: FleetRecord, reference: object | null = {}): Promise<(number | null)[]> {
  const days: (number | null)[] = [];
  for (;;) {
    const [due] = await record.duePeriods({ nowMs: nowMs + dayMs, graceMs: 0, limit: 1 });
    if (due === undefined) return days;
    days.push(due.renewedMs === null ? null : (due.renewedMs - fromMs) / dayMs);
    const { renewedMs } = due;
    const verdict = driftVerdict({
      ...point,
      modelDigest: due.modelDigest,
      fromMs: due.fromMs,
      toMs: due.toMs,
      cause: null,
    });
    await record.storeVerdict({ verdict, reference, renewedMs });
  }
}

/** Runs the cases over an engine. */
export function describeRenewals(open: () => Promise<FleetRecord>): void {
  it("goes in each period by the last of several renewals before its end, in whatever order they came", async () => {
    const record = await open();
    await createReporter(record)(0, 1, 2, 3, 4);
    await createTeller(record)([renewal(3.5), renewal(1.5), renewal(1.5)]);
    expect(await assessAll(record)).toEqual([null, 1.5, 1.5, 3.5, 3.5]);
  });

  it("knows of renewals of a point that no report has named yet", async () => {
    const record = await open();
    await createTeller(record)([renewal(0.5), renewal(1.5, "wt-2/generator-bearing")]);
    await createReporter(record)(0, 1);
    expect(await assessAll(record)).toEqual([0.5, 0.5]);
  });

  it("takes a renewal of the gateway that reports of the point, or did before it was exchanged, and of no other", async () => {
    const record = await open();
    await createReporter(record)(0);
    await createTeller(record)([renewal(1.5)]);
    await createTeller(record, "gw-3")([renewal(2.5)]);
    const report = createReporter(record, "gw-2");
    await report(2, 3);
    await createTeller(record, "gw-2")([renewal(3.5)]);
    await report(4);
    expect(await assessAll(record)).toEqual([null, 1.5, 3.5, 3.5]);
  });

  it("takes the last renewal before a gateway was exchanged together with its model", async () => {
    const record = await open();
    await createReporter(record)(0, 1);
    await createTeller(record)([renewal(2.5)]);
    await createReporter(record, "gw-2", "f".repeat(64))(4, 5);
    expect(await assessAll(record)).toEqual([null, null, 2.5, 2.5]);
  });

  it("takes it as well where the first day of the other gateway teaches nothing", async () => {
    const record = await open();
    await createReporter(record)(0, 1);
    await createTeller(record)([renewal(2.5)]);
    await createReporter(record, "gw-2")(4, 5, 6);
    expect(await assessAll(record, null)).toEqual([null, null, 2.5, 2.5, 2.5]);
  });

  it("forgets renewals with the days that they are of, and the oldest of a gateway with too many", async () => {
    const record = await open();
    const tell = createTeller(record);
    await tell([renewal(0.5), renewal(1.5)]);
    await record.prune({ predictions: 0, drift: fromMs + dayMs, verdicts: 0, events: 0, updates: 0 });
    const report = createReporter(record);
    await report(0, 1);
    expect(await assessAll(record)).toEqual([null, 1.5]);
    // The same moment for all but one, so that no order of times alone decides.
    const flood = Array.from({ length: driftBounds.renewals }, (_, index) => renewal(2.5, `wt-9/c-${index}`));
    await createTeller(record, "gw-2")(flood);
    await report(2);
    expect(await assessAll(record)).toEqual([1.5]);
    await tell([...flood.slice(1), renewal(2.25)]);
    await report(3);
    expect(await assessAll(record)).toEqual([2.25]);
    await tell(flood.slice(0, 1));
    await report(4);
    expect(await assessAll(record)).toEqual([null]);
  });
}
