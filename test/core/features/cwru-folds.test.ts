import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCwruRecordings } from "../../../scripts/cwru-recordings.ts";
import type { Manifest } from "../../../src/core/contract/bundle/manifest.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import type {
  RecordedEntry,
  RecordedSignal,
} from "../../../src/training/dataset/recordings/recording-set.ts";
import { divideBySplit } from "../../../src/training/dataset/recordings/recording-splits.ts";
import { computeAuroc } from "../../../src/training/judge/metrics.ts";
import { extractRows } from "../../../src/training/learn/extract-rows.ts";
import { dataFolder as data } from "../../support/data-folder.ts";

const present = existsSync(join(data, "cwru", "index.json"));
const modes = ["inner-race", "outer-race", "ball"] as const;
const shipped = join(packageRoot(), "models", "bearing-vibration", "1.0.0", "manifest.json");
const { window: windowSpec, features: spec } = JSON.parse(readFileSync(shipped, "utf8")) as Manifest;
const margins = ["bpfi", "bpfo", "bsf"].map((order) =>
  spec.list.findIndex((feature) => feature.name === `${order}.margin`),
);

/** Margins of inner race, outer race and rolling element for each window of a signal. */
function marginsOf(signal: RecordedSignal): number[][] {
  const { rows, features } = extractRows(signal, windowSpec, spec);
  const columns = spec.list.length;
  return Array.from({ length: rows }, (_, row) => margins.map((column) => features[row * columns + column]!));
}

/** Faults of 0.007 and 0.014 inch, which a machine's name ends with: of larger ones nothing is read, they are held out. */
const isOpen = ({ machine }: RecordedEntry): boolean => /_(7|14)$/.test(machine);

describe.skipIf(!present)("the shipped feature list on recordings (needs the data folder)", () => {
  it("ranks faults of the tuning folds 1 to 3 without a parameter to learn: macro AUROC at least .94", async () => {
    const recordings = await openCwruRecordings(data);
    const learnt = recordings.entries.filter((entry) => entry.learn && isOpen(entry));
    const scored = new Map<string, number[][]>();
    for (const entry of learnt) scored.set(entry.id, marginsOf(await recordings.read(entry)));
    const aurocs: number[] = [];
    for (const split of await recordings.tuningSplits()) {
      const { test } = divideBySplit(learnt, split);
      for (const [mode, failureMode] of modes.entries()) {
        // Fold 2 has larger faults of inner races only.
        if (!test.some(({ label }) => label === failureMode)) continue;
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
    expect(aurocs).toHaveLength(16);
    expect(aurocs.reduce((sum, value) => sum + value, 0) / 16).toBeGreaterThan(0.94);
  });

  it("finds nothing at the folds' healthy ends, and faults of 0.007 inch at 12 and 48 kHz alike", async () => {
    const recordings = await openCwruRecordings(data);
    const mean = async (entry: RecordedEntry): Promise<number[]> => {
      const windows = marginsOf(await recordings.read(entry));
      return modes.map((_, mode) => windows.reduce((sum, window) => sum + window[mode]!, 0) / windows.length);
    };
    const healthy = recordings.entries.filter(
      (entry) => entry.learn && isOpen(entry) && entry.label === "healthy" && /load0/.test(entry.file),
    );
    expect(healthy).toHaveLength(12);
    for (const entry of healthy) expect(Math.max(...(await mean(entry))), entry.id).toBeLessThan(0.5);
    for (const [mode, fault] of ["IR007", "OR007at6"].entries()) {
      for (const rate of ["12k", "48k"]) {
        const entries = recordings.byFile.get(`${rate}_DEfault_${fault}_load0.npy`)!;
        const drive = entries.find(({ channel }) => channel === "DE")!;
        expect((await mean(drive))[mode], `${rate} ${fault}`).toBeGreaterThan(1.5);
      }
    }
  });
});
