import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { FleetSource } from "../../../src/collector/fleet/fleet-source.ts";
import { loadGateways } from "../../../src/collector/fleet/load-turbines.ts";
import { openSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { ok } from "../../../src/core/contract/result.ts";
import { minuteMs } from "../../../src/core/maths/durations.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { predictionBatch, turbineState } from "../fleet-records.ts";

const silentAfterMs = 2 * minuteMs;

test("a gateway that tells its own health once an hour is heard of as long as its turbine's states come", async () => {
  const clock = createManualClock();
  const beganMs = clock.nowMs();
  const path = join(createTemporaryFolder(), "collector.sqlite");
  const record = await openSqliteRecord({
    path,
    clock,
    logger: silentLogger,
    driftPeriodMs: 1440 * minuteMs,
  });
  onTestFinished(() => record.close());
  const fleet: FleetSource = { record, models: new Map(), clock, silentAfterMs, warningShare: 0.002 };
  const batch = predictionBatch("wt-1", beganMs, { rows: 1, stepMs: 1, faulty: false });
  await record.storeEnvelopes({
    nowMs: beganMs,
    setAside: [],
    envelopes: [
      {
        gateway: "gw-1",
        bootId: "b",
        lane: "prediction",
        firstSequence: 1,
        oldestSequence: 1,
        topic: "t",
        payload: new Uint8Array(1),
        records: [ok(batch)],
      },
    ],
  });
  const isReachable = async (): Promise<boolean | undefined> => (await loadGateways(fleet))[0]?.reachable;
  expect(await isReachable()).toBe(true);
  clock.advance(30 * minuteMs);
  expect(await isReachable()).toBe(false);
  const state = turbineState("wt-1", clock.nowMs(), "0".repeat(64));
  await record.storeStates({
    nowMs: clock.nowMs(),
    turbines: [{ state, seenMs: clock.nowMs() }],
    gateways: [],
    setAside: [],
  });
  expect(await isReachable()).toBe(true);
  expect((await loadGateways(fleet))[0]?.lastSeenMs).toBe(clock.nowMs());
  clock.advance(silentAfterMs + 1);
  expect(await isReachable()).toBe(false);
});
