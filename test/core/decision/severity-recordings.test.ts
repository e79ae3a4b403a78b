import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCwruRecordings } from "../../../scripts/cwru-recordings.ts";
import type { BaselineSpec } from "../../../src/core/contract/bundle/baseline-spec.ts";
import type { SiteBaseline } from "../../../src/core/contract/site-baseline.ts";
import {
  fitSiteBaseline,
  type HealthyWindow,
} from "../../../src/core/decision/reference/fit-site-baseline.ts";
import { computeSeverity } from "../../../src/core/decision/reference/severity.ts";
import { bearingLevelSpec } from "../../../src/core/features/bearing-level-spec.ts";
import { createWaveformExtractor } from "../../../src/core/features/waveform-extractor.ts";
import { computeMedian, computeQuantile } from "../../../src/core/maths/robust.ts";
import type { RecordedSignal } from "../../../src/training/dataset/recordings/recording-set.ts";
import { dataFolder } from "../../support/data-folder.ts";

const cwru = join(dataFolder, "cwru");
const spec: BaselineSpec = {
  levels: bearingLevelSpec,
  reference: bearingLevelSpec.list.map(() => null),
  minWindows: 16,
};

function learn(windows: readonly HealthyWindow[]): SiteBaseline {
  const subject = { spec, outputs: [], calibration: [], thresholds: [], model: null };
  const fitted = fitSiteBaseline(windows, subject, 1);
  if (!fitted.ok) throw new Error(fitted.error.detail);
  return fitted.value;
}

/** Every tenth of a second of a recording: three revolutions, too short for shaft orders. */
function measureTenths({ counts, scale, sampleRateHz, shaftRpm, bearing }: RecordedSignal): HealthyWindow[] {
  const meter = createWaveformExtractor(bearingLevelSpec);
  const length = Math.round(sampleRateHz / 10);
  return Array.from({ length: Math.floor(counts.length / length) }, (_, index) => {
    const levels = new Float32Array(bearingLevelSpec.list.length);
    meter.begin({ sampleRateHz, shaftRpm, bearing });
    meter.push({ counts, from: index * length, to: (index + 1) * length, scale, shaftRpm });
    meter.finish(levels, 0);
    return { fromMs: index * 100, toMs: (index + 1) * 100, shaftRpm, levels, logits: [] };
  });
}

test.skipIf(!existsSync(join(cwru, "index.json")))(
  "against its own healthy recording, the rig's every fault of 0.007 and 0.014 inch is heard in a tenth of a second (needs AURORA_DATA)",
  async () => {
    const recordings = await openCwruRecordings(dataFolder);
    const tenths = new Map<string, HealthyWindow[]>();
    for (const entry of recordings.entries) {
      // The size of the fault, in thousandths of an inch, is what a machine's name ends with.
      const isSmall = entry.machine === "normal" || /_(7|14)$/.test(entry.machine);
      if (entry.sampleRateHz !== 48_000 || entry.channel !== "DE" || !isSmall) continue;
      const name = entry.machine === "normal" ? "normal" : entry.file;
      tenths.set(name, measureTenths(await recordings.read(entry)));
    }
    const baseline = learn(tenths.get("normal")!);
    expect(tenths.size).toBe(9);
    for (const [name, windows] of tenths) {
      const severities = windows.map(({ levels, shaftRpm }) =>
        computeSeverity({ levels: Float32Array.from(levels), shaftRpm }, spec, baseline),
      );
      if (name === "normal") {
        expect(Math.abs(computeMedian(severities))).toBeLessThan(0.5);
        expect(computeQuantile(severities, 0.95)).toBeLessThan(1.5);
      } else {
        expect(computeQuantile(severities, 0.05), name).toBeGreaterThan(2.5);
        expect(computeMedian(severities), name).toBeGreaterThan(5);
      }
    }
  },
);
