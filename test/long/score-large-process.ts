/**
 * Scores one recording of 51,200 Hz and tells by how much that made this process grow, as JSON: a process of its own, since what other
 * tests leave behind in theirs hides or adds to it. Arguments: the recording, and where the scores go.
 */
import { scoreFiles } from "../../src/cli/score/recordings/score-files.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import { shippedBundle } from "../cli/score/recordings.ts";

/** What is told. */
export interface LargeScore {
  readonly windows: number;
  readonly setAside: number;
  readonly growthBytes: number;
}

const [file = "", out = ""] = process.argv.slice(2);
const bundle = await serveBundle(shippedBundle, await readBundle(shippedBundle), {
  engine: "auto",
  logger: silentLogger,
});
const before = process.resourceUsage().maxRSS * 1024;
const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
const [summary] = await scoreFiles(bundle, {
  files: [file],
  out,
  baseline: null,
  progress: () => {},
  describe: () =>
    Promise.resolve({ sidecar: { rateHz: 51_200, shaftRpm: 3000, bearing, scale: null }, channel: null }),
});
const told: LargeScore = {
  windows: summary!.windows,
  setAside: summary!.setAside.windows,
  growthBytes: process.resourceUsage().maxRSS * 1024 - before,
};
process.stdout.write(JSON.stringify(told));
await bundle.retire();
