/** What drift costs: bytes a column and interval on the uplink, summaries merged a second, a day assessed, a reference kept. */
import type { DriftReport } from "../../src/core/contract/uplink-record.ts";
import { assessDay } from "../../src/core/drift/assess-day.ts";
import type { DaySummary } from "../../src/core/drift/day-summary.ts";
import { createDriftTask } from "../../src/core/drift/drift-task.ts";
import { fitReference } from "../../src/core/drift/fit-reference.ts";
import { addToDay, mergeDays } from "../../src/core/drift/merge-day.ts";
import { beginSiteReference } from "../../src/core/drift/site-reference.ts";
import { createSketcher } from "../../src/core/drift/sketcher.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { encodeRecord } from "../../src/core/wire/record-codec.ts";
import { ownCpuSeconds } from "../bench/process-cpu.ts";
import type { DriftMeasure } from "./drift-measure.ts";

const columns = 36;
const intervalMs = 600_000;
const windowsPerInterval = 600;
const bounds = { bytes: 100, mergesPerSecond: 10_000, referenceBytes: 150_000 };

export async function measure(): Promise<DriftMeasure> {
  const random = createRandom(11);
  const row = (): Float32Array => Float32Array.from({ length: columns }, () => 40 + 3 * random.normal());
  const drift = fitReference(
    {
      rows: Array.from({ length: 2_000 }, row),
      featureNames: Array.from({ length: columns }, (_, index) => `column.${index}`),
      scoreRows: null,
    },
    { seed: 1, replicates: 10 },
  );
  const report = (gateway: number, interval: number, windows: number): DriftReport => {
    const sketcher = createSketcher(drift);
    for (let window = 0; window < windows; window++) sketcher.update(row(), null);
    const fromMs = 20_000 * dayMs + interval * intervalMs;
    return {
      kind: "drift-report",
      site: "site",
      turbine: `WT${gateway}`,
      component: "gearbox",
      modelName: "bearing",
      modelVersion: "1.0.0",
      modelDigest: "d",
      fromMs,
      toMs: fromMs + intervalMs,
      load: { by: "power", band: 20 },
      sketches: sketcher.take(),
    };
  };
  const full = report(0, 0, windowsPerInterval);
  const empty = encodeRecord({ ...full, sketches: [] }).length;
  const bytes = (encodeRecord(full).length - empty) / columns;

  const reports = Array.from({ length: 200 }, (_, index) => report(index, index % 6, 20));
  const days = reports.map((each) => addToDay(null, each, dayMs));
  const perSecond = countPerSecond(() => {
    let whole: DaySummary = days[0]!;
    for (let index = 1; index < days.length; index++) whole = mergeDays(whole, days[index]!);
    return days.length - 1;
  });
  const addsPerSecond = countPerSecond(() => {
    let whole: DaySummary | null = null;
    for (const each of reports) whole = addToDay(whole, each, dayMs);
    return reports.length;
  });

  const kept = measureReference(createDriftTask(drift, { learnDays: 28 }), row);
  const figures = {
    "bytes a column and interval": Number(bytes.toFixed(1)),
    "gateways' summaries of 36 columns merged a second": Math.round(perSecond),
    "reports of 36 columns checked and added a second": Math.round(addsPerSecond),
    "bytes of a reference of 36 columns after 100 days": kept.bytes,
    "most bytes while learning": kept.mostBytes,
    "milliseconds to assess a day of 36 columns": Number(kept.milliseconds.toFixed(2)),
  };
  const missed = [
    ...(bytes > bounds.bytes ? [`${bytes} bytes a column and interval`] : []),
    ...(perSecond < bounds.mergesPerSecond ? [`${Math.round(perSecond)} summaries merged a second`] : []),
    ...(Math.max(kept.bytes, kept.mostBytes) > bounds.referenceBytes ? ["a reference past 150 kB"] : []),
  ];
  return { cases: reports.length, violations: missed.length, missed, figures };
}

/** Over a second of a core: what others do on the machine meanwhile does not count. */
function countPerSecond(work: () => number): number {
  work();
  const startedSeconds = ownCpuSeconds();
  let done = 0;
  while (ownCpuSeconds() - startedSeconds < 1) done += work();
  return done / (ownCpuSeconds() - startedSeconds);
}

/** A reference of days at four loads each. */
function measureReference(
  task: ReturnType<typeof createDriftTask>,
  row: () => Float32Array,
): { bytes: number; mostBytes: number; milliseconds: number } {
  let reference = beginSiteReference();
  let mostBytes = 0;
  let milliseconds = 0;
  const days = 100;
  for (let day = 0; day < days; day++) {
    const values = Array.from({ length: 144 }, row);
    const summary: DaySummary = {
      fromMs: day * dayMs,
      periodMs: dayMs,
      features: task.columns.map(({ edges }, feature) => ({
        sketch: {
          feature,
          counts: edges.map((_, bin) => (bin === 0 ? 144 - 9 * (edges.length - 1) : 9)).concat(0),
          invalid: 0,
          mean: 40,
          sumSquares: 1_000,
          min: 30,
          max: 50,
        },
        cells: Array.from({ length: 24 }, (_, slot) => {
          const given = values.slice(slot * 6, slot * 6 + 6).map((each) => each[feature]!);
          const mean = given.reduce((sum, value) => sum + value, 0) / 6;
          const sumSquares = given.reduce((sum, value) => sum + (value - mean) ** 2, 0);
          return { slot, load: { by: "power" as const, band: 18 + (slot % 4) }, count: 6, mean, sumSquares };
        }),
      })),
    };
    const startedMs = performance.now();
    reference = assessDay(task, reference, summary).reference;
    if (day >= 30) milliseconds += (performance.now() - startedMs) / (days - 30);
    if (day < 30) mostBytes = Math.max(mostBytes, JSON.stringify(reference).length);
  }
  return { bytes: JSON.stringify(reference).length, mostBytes, milliseconds };
}
