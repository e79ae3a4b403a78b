/**
 * How long a period of a fleet is read for causes where every point moved, alike or each in its own way: CPU time on one core, and
 * the longest step between two turns of others, by the wall's clock. `npx tsx scripts/drift/time-causes.ts [--points=2000] [--json]`.
 */
import type { DriftVerdict, FeatureShift } from "../../src/core/contract/drift-verdict.ts";
import { findCauses, findCausesByStep } from "../../src/core/drift/find-causes.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { ownCpuSeconds } from "../bench/process-cpu.ts";

const fromMs = Date.UTC(2026, 2, 12);
const columns = 60;
const columnsOfPoint = 16;
const points = Number(/--points=(\d+)/.exec(process.argv.join(" "))?.[1] ?? 2_000);

interface Fleet {
  readonly name: string;
  readonly sites: number;
  readonly isAlike: boolean;
}

const fleets: readonly Fleet[] = [
  { name: "40 sites, all alike", sites: 40, isAlike: true },
  { name: "40 sites, each point its own way", sites: 40, isAlike: false },
  { name: "one site, all alike", sites: 1, isAlike: true },
  { name: "one site, each point its own way", sites: 1, isAlike: false },
];

/** Verdicts of a day on which every point moved in 16 columns, two points a turbine. */
function createVerdicts({ sites, isAlike }: Fleet, count = points): readonly DriftVerdict[] {
  const random = createRandom(7);
  return Array.from({ length: count }, (_, index): DriftVerdict => {
    const shifts = Array.from({ length: columnsOfPoint }, (__, at): FeatureShift => {
      const feature = isAlike ? at : Math.floor(random.uniform() * columns);
      const by = isAlike ? 1 + 0.1 * random.normal() : random.normal();
      const name = `feature.${feature}`;
      const rest = { aspect: "mean", reference: 0, current: by, pValue: 1e-6, sinceMs: fromMs } as const;
      return { feature, name, role: "feature", shift: by, deviations: 6 * by, loads: [], ...rest };
    });
    return {
      site: `site-${Math.floor((index * sites) / count)}`,
      turbine: `wt-${Math.floor(index / 2)}`,
      component: index % 2 === 0 ? "generator-drive-end" : "generator-non-drive-end",
      modelName: "bearing-vibration",
      modelVersion: "1.0.0",
      modelDigest: "d",
      fromMs,
      toMs: fromMs + dayMs,
      level: "drift",
      reason: null,
      pValue: 1e-6,
      rows: 900,
      referenceDays: 20,
      shifts,
      distances: [],
      cause: null,
    };
  });
}

const cpuMs = (): number => 1_000 * ownCpuSeconds();

// A collector has done it before.
for (const fleet of fleets) findCauses(createVerdicts(fleet, 300), { points: [] });
const figures: Record<string, { cpuMs: number; longestStepMs: number; kinds: string }> = {};
for (const fleet of fleets) {
  const verdicts = createVerdicts(fleet);
  const startMs = cpuMs();
  const steps = findCausesByStep(verdicts, { points: verdicts });
  let longest = 0;
  for (let before = performance.now(); ; ) {
    const { done, value } = steps.next();
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
    if (done !== true) continue;
    const kinds = [...new Set(value.map(({ cause }) => cause?.kind))].sort().join(", ");
    figures[fleet.name] = {
      cpuMs: Math.round(cpuMs() - startMs),
      longestStepMs: Number(longest.toFixed(1)),
      kinds,
    };
    break;
  }
}
if (process.argv.includes("--json")) console.log(JSON.stringify({ points, figures }));
else {
  console.log(`${points} points, all moved`);
  console.table(figures);
}
