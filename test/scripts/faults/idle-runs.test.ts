/** A fault run in which nothing happened has shown nothing, and says so. */
import { expect, test } from "vitest";
import { auditPark } from "../../../scripts/faults/audit-park.ts";
import { judgeMoments } from "../../../scripts/faults/kill-parts.ts";
import type { WatchedPark } from "../../../scripts/faults/watched-park.ts";
import { openSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";

test("a park that was acknowledged nothing and stored nothing is not whole", async () => {
  const record = await openSqliteRecord({ path: ":memory:", clock: systemClock, logger: silentLogger });
  const park = {
    name: "idle",
    turbines: ["idle-1"],
    devices: [{ acknowledged: [] }],
    heard: new Set<string>(),
    logged: [],
  } as unknown as WatchedPark;
  const { wrongs } = await auditPark(record, park).finally(() => record.close());
  expect(wrongs).toEqual(["no piece of samples was acknowledged", "no window is stored"]);
});

test("kills that mostly miss the moment that was chosen for them are no such kills", () => {
  const [met, missed, any] = [true, false, null].map((came) => ({ point: "", came }));
  expect(judgeMoments([met!, missed!, missed!, any!])).toEqual([]);
  expect(judgeMoments([any!])).toEqual([]);
  expect(judgeMoments([missed!, missed!, missed!, any!])).toEqual(["only 0 of 3 chosen moments came"]);
});
