/** A process that runs the drift job over a database until it is done, to be killed meanwhile: `drift-job-process.ts PATH NOW_MS`. */
import { createDriftJob } from "../../src/collector/fleet/drift-job.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { knownModel } from "../collector/known-model.ts";

const [path = "", nowMs = "0"] = process.argv.slice(2);
const record = createSqliteRecord(openSqlite(path));
const job = createDriftJob({
  record,
  models: new Map([["d", knownModel("d")]]),
  config: collectorConfigSchema().parse({ drift: { learnDays: 5 } }).drift,
  clock: { nowMs: () => Number(nowMs), monotonicMs: () => performance.now() },
  timers: systemTimers,
  metrics: createMetrics(),
  logger: silentLogger,
});
process.stdout.write("ready\n");
await job.run();
await record.close();
process.stdout.write("done\n");
