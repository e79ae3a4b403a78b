/** A process that thins a record as its only argument says (a {@link ThinnerPlan}), step by step, and tells of each; it may be killed at any time. */
import { openPostgresRecord } from "../../src/collector/record/postgres/postgres-record.ts";
import { openSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { systemClock } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import type { ThinnerPlan } from "./thinning-kills.ts";

const { place, thinning, stepRows } = JSON.parse(process.argv[2]!) as ThinnerPlan;
const options = { logger: silentLogger, thinningRows: stepRows };
const record =
  place.engine === "sqlite"
    ? await openSqliteRecord({ ...options, path: place.at, clock: systemClock })
    : await openPostgresRecord({ ...options, url: place.at, connections: 2, statementTimeoutMs: 20_000 });
/** Resolves once it is written: what still waits when a channel is closed is lost. */
const tell = (word: "step" | "done"): Promise<unknown> =>
  new Promise((resolve) => process.send!(word, resolve));
for (let isDone = false; !isDone; ) {
  ({ isDone } = await record.thinPredictions(thinning));
  await tell(isDone ? "done" : "step");
}
await record.close();
process.disconnect();
