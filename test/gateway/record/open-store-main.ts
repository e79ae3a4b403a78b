/**
 * A gateway's store in a process of its own, on a disk that may fail: says as JSON what was taken up, or why nothing can begin. Then the
 * disk reads again, and what has been learnt meanwhile is written.
 */
import { rmSync } from "node:fs";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createOutbox } from "../../../src/gateway/record/outbox.ts";
import { createStateStore } from "../../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const [, , path = "", patienceMs = "0", liftsMs] = process.argv;
// A start that waits for the disk runs nothing else in its thread.
if (liftsMs !== undefined)
  new Worker(`setTimeout(() => require("node:fs").rmSync(process.argv[2] + ".failing"), ${liftsMs})`, {
    eval: true,
    argv: [path],
  });
const clock = createManualClock();
const errors: string[] = [];
/** Can another start take up the rest, before the disk reads again and afterwards? */
const canTakeUp: boolean[] = [];
let trouble: string | null = null;
const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
const begin = async (): Promise<string | null> => {
  const file = openStoreFile({ path, logger, patienceMs: Number(patienceMs) });
  const outbox = createOutbox({ file, clock, timers: clock, logger });
  const state = createStateStore(file, logger);
  const kept = state.get("baseline");
  const appendAlert = (id: string): void => outbox.append({ kind: "alert", id, json: "{}" });
  appendAlert("failing");
  canTakeUp.push(file.isUnread() && file.isOpen() && (await file.canReadAll()));
  trouble = outbox.counts().trouble;
  rmSync(`${path}.failing`, { force: true });
  state.set("learnt", "{}");
  appendAlert("mended");
  canTakeUp.push(file.isUnread() && file.isOpen() && (await file.canReadAll()));
  if (kept === null) state.set("baseline", '{"version":1}');
  outbox.close();
  file.close();
  return kept;
};
let kept: string | null = null;
let refusal: string | null = null;
try {
  kept = await begin();
} catch (error) {
  refusal = String((error as { code?: unknown }).code);
}
process.stdout.write(JSON.stringify({ kept, refusal, canTakeUp, trouble, errors }));
