import { expect, it, onTestFinished } from "vitest";
import { createLeasedWork } from "../../src/collector/leased-work.ts";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import { retentionPolicy } from "../../src/collector/record/retention-policy.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { createThinByAge, type ThinByAge } from "../../src/collector/thin-by-age.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics, type Metrics } from "../../src/core/platform/metrics.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { countWindows, storeRows } from "./record/thinning-suite.ts";

const day = 86_400_000;
const t = 19_675 * day;
const range = { site: "north-sea", turbine: "wt-1", fromMs: 0, toMs: t + 99 * day, bucketMs: 1 };

/** A record with an hour of rows of minutes each of 60, 20 and 2 days ago, thinned by steps of ten rows. */
async function createKept(): Promise<{
  readonly record: FleetRecord;
  create(hold: () => Promise<boolean>, metrics?: Metrics): ThinByAge;
}> {
  const record = createSqliteRecord(openSqlite(":memory:"), { thinningRows: 10 });
  onTestFinished(() => record.close());
  for (const days of [60, 20, 2]) {
    const fromMs = t - days * day;
    const rows = Array.from({ length: 60 }, (_, index) => ({ timeMs: fromMs + index * 60_000, windows: 9 }));
    await storeRows(record, rows, fromMs);
  }
  return {
    record,
    create: (hold, metrics = createMetrics()) =>
      createThinByAge({
        record,
        policy: retentionPolicy(collectorConfigSchema().parse({})).predictions,
        hold,
        clock: { ...systemClock, nowMs: () => t },
        timers: systemTimers,
        metrics,
        logger: silentLogger,
      }),
  };
}

it("makes hours of what is older than a month, ten minutes of what is older than a week, and leaves the rest", async () => {
  const { record, create } = await createKept();
  const metrics = createMetrics();
  await create(async () => true, metrics).run();
  const [series] = await record.predictions(range);
  expect(series!.resolutionMs.filter((each) => each === 3_600_000)).toHaveLength(1);
  expect(series!.resolutionMs.filter((each) => each === 600_000)).toHaveLength(6);
  expect(series!.resolutionMs.filter((each) => each === 0)).toHaveLength(60);
  expect(await countWindows(record)).toBe(180 * 9);
  // Two hours of two failure modes.
  expect(await metrics.render()).toContain("predictions_thinned_total 240");
});

it("does nothing without the lease, and no further step when somebody else has it", async () => {
  const { record, create } = await createKept();
  const [own, other] = [createLeasedWork(record, silentLogger), createLeasedWork(record, silentLogger)];
  expect(await other.hold("thin")).toBe(true);
  await create(() => own.hold("thin")).run();
  expect((await record.predictions(range))[0]!.resolutionMs).toHaveLength(180);
  await other.close();
  let steps = 0;
  await create(async () => {
    steps += 1;
    if (steps === 3) {
      await own.close();
      await other.hold("thin");
    }
    return own.hold("thin");
  }).run();
  expect(steps).toBe(3);
  expect((await record.predictions(range))[0]!.resolutionMs.filter((each) => each === 0)).toHaveLength(170);
  expect(await countWindows(record)).toBe(180 * 9);
});

it("ends after the step that is under way when it is stopped", async () => {
  const { record, create } = await createKept();
  const thinning = create(async () => {
    thinning.stop();
    return true;
  });
  await thinning.run();
  expect((await record.predictions(range))[0]!.resolutionMs.filter((each) => each === 0)).toHaveLength(175);
});
