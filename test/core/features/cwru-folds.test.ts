import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import { openCwruRecordings } from "../../../scripts/cwru-recordings.ts";
import type { RecordedSignal } from "../../../src/training/dataset/recordings/recording-set.ts";
import { divideBySplit } from "../../../src/training/dataset/recordings/recording-splits.ts";
import { computeAuroc } from "../../../src/training/judge/metrics.ts";
import { extractRows } from "../../../src/training/learn/extract-rows.ts";
import { dataFolder as data } from "../../support/data-folder.ts";

const cwru = join(data, "cwru");
const present = existsSync(join(cwru, "index.json"));
const modes = ["inner-race", "outer-race", "ball"] as const;
const margins = ["bpfi", "bpfo", "bsf"].map((order) =>
  bearingFeatureSpec.list.findIndex((feature) => feature.name === `${order}.margin`),
);

/** Margins of inner race, outer race and rolling element for each window of a signal. */
function marginsOf(signal: RecordedSignal): number[][] {
  const { rows, features } = extractRows(signal, bearingWindow, bearingFeatureSpec);
  const columns = bearingFeatureSpec.list.length;
  return Array.from({ length: rows }, (_, row) => margins.map((column) => features[row * columns + column]!));
}

describe.skipIf(!present)("the bearing feature list on recordings (skipped without the CWRU data)", () => {
  it("ranks faults on the tuning folds without a parameter to learn: macro AUROC at least .92", async () => {
    const recordings = await openCwruRecordings(data);
    const learnt = recordings.entries.filter(({ learn }) => learn);
    const scored = new Map<string, number[][]>();
    for (const entry of learnt) scored.set(entry.id, marginsOf(await recordings.read(entry)));
    const aurocs: number[] = [];
    for (const split of await recordings.tuningSplits()) {
      const { test } = divideBySplit(learnt, split);
      for (const [mode, failureMode] of modes.entries()) {
        const scores: number[] = [];
        const labels: boolean[] = [];
        for (const { id, label } of test) {
          for (const window of scored.get(id)!) {
            scores.push(window[mode]!);
            labels.push(label === failureMode);
          }
        }
        aurocs.push(computeAuroc(scores, labels));
      }
    }
    expect(aurocs).toHaveLength(18);
    expect(aurocs.reduce((sum, value) => sum + value, 0) / 18).toBeGreaterThan(0.92);
  });

  it("finds nothing at the drive end of the healthy rig at 48 kHz, and its faults at 12 and 48 kHz alike", async () => {
    const recordings = await openCwruRecordings(data);
    const mean = async (file: string): Promise<number[]> => {
      const drive = recordings.byFile.get(file)!.find(({ channel }) => channel === "DE")!;
      const windows = marginsOf(await recordings.read(drive));
      return modes.map((_, mode) => windows.reduce((sum, window) => sum + window[mode]!, 0) / windows.length);
    };
    expect(Math.max(...(await mean("Normal_48k_load0.npy")))).toBeLessThan(0.1);
    for (const rate of ["12k", "48k"]) {
      expect((await mean(`${rate}_DEfault_IR021_load0.npy`))[0]).toBeGreaterThan(1);
      expect((await mean(`${rate}_DEfault_OR021at6_load0.npy`))[1]).toBeGreaterThan(1);
    }
  });
});
