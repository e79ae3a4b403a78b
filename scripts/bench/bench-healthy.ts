/** Years of healthy machines by block resampling, and how often the decision raises on them. */

import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { type BenchModel, createBenchWatch, toWindow } from "./alarm-scenes.ts";
import { type HealthyPool, readCwruPool, readSimulatorPool } from "./healthy-streams.ts";

const yearMs = 365.25 * dayMs;
const deviations = [0.3, 0.5];
const timeScales = { "10 min": 600_000, hour: hourMs, day: dayMs, week: 7 * dayMs };
const blockWindows = 8;
const noiseCorrelation = 0.3;
const noise = 0.3;
/** A continuous machine is a new one each so many days: the time in which most is not known of it counts in full. */
const continuousMs = 60 * dayMs;

/** How a healthy machine is played. */
interface Play {
  readonly pool: HealthyPool;
  readonly timeScaleMs: number;
  readonly deviation: number;
  readonly budget: number;
  readonly stepMs: number;
  readonly lengthMs: number;
  readonly seed: number;
}

/** Alarms that were raised on one machine, and by which lane. */
function playMachine(bench: BenchModel, play: Play): { readonly alarms: number; readonly lanes: string[] } {
  const { pool, timeScaleMs, deviation, stepMs } = play;
  const random = createRandom(play.seed);
  const windows = pool.machines[random.integer(pool.machines.length)]!;
  const columns = bench.manifest.outputs.length;
  const { levels: spec } = bench.manifest.baseline!;
  const watch = createBenchWatch(bench, play.budget);
  const keep = Math.exp(-stepMs / timeScaleMs);
  const fresh = deviation * Math.sqrt(1 - keep * keep);
  // One wander a mode, and a last one for the levels, in dB.
  const wander = Array.from({ length: columns + 1 }, () => deviation * random.normal());
  const ar = new Float64Array(columns);
  let [active, at] = [0, 0];
  const lanes: string[] = [];
  const count = Math.floor(play.lengthMs / stepMs);
  for (let index = 0; index < count; index++) {
    at = index % blockWindows === 0 ? random.integer(windows.length) : (at + 1) % windows.length;
    stepWander(wander, { keep, fresh, random });
    const logits = new Float64Array(columns);
    for (let mode = 0; mode < columns; mode++) {
      ar[mode] =
        noiseCorrelation * ar[mode]! + noise * Math.sqrt(1 - noiseCorrelation ** 2) * random.normal();
      logits[mode] = windows[at]![mode]! + wander[mode]! + ar[mode]!;
    }
    const levels = new Float32Array(spec.list.length);
    for (let level = 0; level < levels.length; level++) {
      levels[level] = -30 + wander[columns]! * 2 + 0.5 * random.normal();
    }
    const fromMs = index * stepMs;
    const scored = toWindow(bench, { index, fromMs, toMs: fromMs + 1000, shaftRpm: 1500, levels, logits });
    const { modes } = watch.update(scored).decision;
    let now = 0;
    for (const mode of modes) {
      if (!mode.active) continue;
      now++;
      if (now > active) lanes.push(`${mode.lane}${mode.failureMode === "vibration-level" ? " level" : ""}`);
    }
    active = now;
  }
  return { alarms: lanes.length, lanes };
}

function stepWander(
  wander: number[],
  { keep, fresh, random }: { readonly keep: number; readonly fresh: number; readonly random: Random },
): void {
  for (let mode = 0; mode < wander.length; mode++) {
    wander[mode] = keep * wander[mode]! + fresh * random.normal();
  }
}

/** Prints a row for each pool, way of measuring, wander and budget. */
export async function benchHealthy(
  bench: BenchModel,
  {
    years,
    seconds,
    budgets,
    only,
  }: {
    readonly years: number;
    readonly seconds: number;
    readonly budgets: readonly number[];
    /** A way of measuring; undefined: both. */
    readonly only: string | undefined;
  },
): Promise<void> {
  const cwru = await readCwruPool(bench);
  if (cwru === null) process.stdout.write("without AURORA_DATA: the simulator's logits only\n");
  const pools = [readSimulatorPool(bench), ...(cwru === null ? [] : [cwru])];
  const waves = Object.entries(timeScales).flatMap(([scale, timeScaleMs]) =>
    deviations.map((deviation) => ({ scale, timeScaleMs, deviation })),
  );
  const ways = [
    { way: "snapshots", stepMs: 600_000, lengthMs: yearMs },
    { way: "continuous", stepMs: 1200, lengthMs: continuousMs },
  ].filter(({ way }) => only === undefined || only === way);
  const share = (seconds * 1000) / (ways.length * pools.length * waves.length * budgets.length);
  const sums = new Map<string, [alarms: number, years: number, budget: number]>();
  for (const { way, stepMs, lengthMs } of ways) {
    for (const pool of pools) {
      for (const { scale, timeScaleMs, deviation } of waves) {
        for (const budget of budgets) {
          const untilMs = performance.now() + share;
          let [played, alarms] = [0, 0];
          const lanes = new Map<string, number>();
          const most = Math.max(1, (years * yearMs) / lengthMs);
          for (let seed = 0; seed < most && (seed === 0 || performance.now() < untilMs); seed++) {
            const told = playMachine(bench, { pool, timeScaleMs, deviation, budget, stepMs, lengthMs, seed });
            alarms += told.alarms;
            played += lengthMs / yearMs;
            for (const lane of told.lanes) lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
          }
          const of = `${way}, ${pool.name}, wander ${deviation} over ${scale}`;
          const by = [...lanes].map(([lane, times]) => `${lane} ${times}`).join(", ");
          process.stdout.write(`${describeRate(of, [alarms, played, budget])} ${by}\n`);
          const key = `all ${way}`;
          const sum = sums.get(`${key} ${budget}`) ?? [0, 0, budget];
          sums.set(`${key} ${budget}`, [sum[0] + alarms, sum[1] + played, budget]);
        }
      }
    }
  }
  for (const [of, sum] of sums) process.stdout.write(`${describeRate(of, sum)}\n`);
}

function describeRate(
  of: string,
  [alarms, years, budget]: readonly [alarms: number, years: number, budget: number],
): string {
  const [low, high] = findPoissonInterval(alarms).map((each) => (each / years / budget).toFixed(2));
  return (
    `${of}, budget ${budget} a year: ${alarms} in ${years.toFixed(1)} years, ` +
    `${(alarms / years / budget).toFixed(2)} of the budget (95 %: ${low} to ${high})`
  );
}

/** Exact 95 % interval of a Poisson mean (Garwood 1936), by bisection of the sums of probabilities. */
function findPoissonInterval(count: number): [low: number, high: number] {
  const solve = (terms: number, wanted: number): number => {
    let [low, high] = [0, 10 + 2 * count + 10 * Math.sqrt(count)];
    for (let step = 0; step < 80; step++) {
      const mean = (low + high) / 2;
      if (sumPoisson(terms, mean) > wanted) low = mean;
      else high = mean;
    }
    return low;
  };
  return [count === 0 ? 0 : solve(count - 1, 0.975), solve(count, 0.025)];
}

/** P(X ≤ terms) at `mean`. */
function sumPoisson(terms: number, mean: number): number {
  let logTerm = -mean;
  let sum = Math.exp(logTerm);
  for (let at = 1; at <= terms; at++) {
    logTerm += Math.log(mean / at);
    sum += Math.exp(logTerm);
  }
  return sum;
}
