import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import { openThread } from "../../src/core/platform/daemon/open-thread.ts";
import type { ChainStart } from "../../src/gateway/points/chain-messages.ts";
import { chainThreadLimits } from "../../src/gateway/points/chain-thread.ts";
import { compiledRoot } from "../support/compiled.ts";

/** Begins a worker of measuring points as an installed gateway does, in a fifth of the time that it takes from source. */
export function beginCompiledWorker(workerData: ChainStart): Worker {
  const beside = join(compiledRoot(), "dist", "src", "gateway", "points", "chain-thread.js");
  return openThread("chain-main", pathToFileURL(beside).href, {
    workerData,
    resourceLimits: chainThreadLimits,
  });
}
