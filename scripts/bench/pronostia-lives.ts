/**
 * The severities of six bearings that were run from new to broken (`pronostia` of the data folder): the levels of each
 * tenth of a second against a baseline of the bearing's own first tenth after run-in.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BaselineSpec } from "../../src/core/contract/bundle/baseline-spec.ts";
import type { SiteBaseline } from "../../src/core/contract/site-baseline.ts";
import { fitSiteBaseline, type HealthyWindow } from "../../src/core/decision/reference/fit-site-baseline.ts";
import { computeHealthySpread, computeSeverity } from "../../src/core/decision/reference/severity.ts";
import { bearingLevelSpec } from "../../src/core/features/bearing-level-spec.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { computeMedian } from "../../src/core/maths/robust.ts";
import { parseNpyHeader } from "../../src/training/dataset/npy.ts";
import type { LifeToJudge } from "./outlook-lives.ts";

export interface RealLife extends LifeToJudge {
  readonly spreadDb: number;
  /** Hours from new to the end of the test. */
  readonly hours: number;
  /** Highest running median of twelve, dB. */
  readonly highestDb: number;
}

const spec: BaselineSpec = {
  levels: bearingLevelSpec,
  reference: bearingLevelSpec.list.map(() => null),
  minWindows: 16,
};
/** Shares of a life that is run-in, and that is learnt after it. */
const runIn = 0.05;
const learnt = 0.1;
const bearing = { bpfo: 5.611, bpfi: 7.389, bsf: 7.177, ftf: 0.4316 };

interface Described {
  readonly shape: readonly [number, number];
  readonly scale_g: number;
  readonly rate_hz: number;
  readonly snapshot_every_s: number;
  readonly rpm: number;
}

/** Reads the lives from `folder`; the severities begin after what was learnt. */
export async function readRealLives(folder: string): Promise<readonly RealLife[]> {
  const index = JSON.parse(await readFile(join(folder, "index.json"), "utf8")) as Record<string, Described>;
  const names = (await readdir(folder)).filter((name) => name.endsWith(".npy")).sort();
  return Promise.all(
    names.map(async (name) => measureLife(name, index[name]!, await readFile(join(folder, name)))),
  );
}

function measureLife(name: string, described: Described, bytes: Buffer): RealLife {
  const { shape, scale_g: scale, rate_hz: sampleRateHz, snapshot_every_s: everyS, rpm: shaftRpm } = described;
  const { dataAt } = parseNpyHeader(bytes, (expected, actual) => {
    throw new Error(`${name}: expected ${expected}, got ${actual}`);
  });
  const [snapshots, length] = shape;
  const extractor = createWaveformExtractor(bearingLevelSpec);
  const windows = Array.from({ length: snapshots }, (_, nth): HealthyWindow => {
    const from = dataAt + 2 * nth * length;
    const counts = Int16Array.from({ length }, (_, at) => bytes.readInt16LE(from + 2 * at));
    const levels = new Float32Array(bearingLevelSpec.list.length);
    extractor.begin({ sampleRateHz, bearing, shaftRpm });
    extractor.push({ counts, from: 0, to: length, scale, shaftRpm });
    extractor.finish(levels, 0);
    const fromMs = nth * everyS * 1000;
    return { fromMs, toMs: fromMs + 100, shaftRpm, levels, logits: [] };
  });
  const first = Math.round(runIn * snapshots);
  const last = Math.round((runIn + learnt) * snapshots);
  const baseline = learn(name, windows.slice(first, last));
  const after = windows.slice(last);
  const severityDb = after.map(({ levels }) =>
    computeSeverity({ levels: Float32Array.from(levels), shaftRpm }, spec, baseline),
  );
  const medians = severityDb.slice(11).map((_, at) => computeMedian(severityDb.slice(at, at + 12)));
  return {
    name: name.replace(".npy", ""),
    toMs: after.map((window) => window.toMs),
    severityDb,
    spreadDb: computeHealthySpread(baseline),
    hours: (snapshots * everyS) / 3600,
    highestDb: Math.max(...medians),
  };
}

/** What moves while it is learnt is learnt nevertheless, as a site's learner does in the end. */
function learn(name: string, windows: readonly HealthyWindow[]): SiteBaseline {
  const fitted = fitSiteBaseline(windows, { spec, outputs: [], model: null }, 1);
  if (fitted.ok) return fitted.value;
  if (fitted.error.kind === "unsteady") return fitted.error.baseline;
  throw new Error(`${name}: ${fitted.error.detail}`);
}
