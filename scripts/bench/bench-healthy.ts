/** Years of healthy machines by block resampling, and how often the decision raises on them. */

import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { computeMedian } from "../../src/core/maths/robust.ts";
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
  /** A mode by turns, by the seed, is so much higher from half of the length on, logits; default: none is. */
  readonly step?: number;
}

/** What came of one machine. */
interface Played {
  readonly alarms: number;
  /** Which raised them. */
  readonly lanes: string[];
  /** When the first was raised, ms from the start; null: none was. */
  readonly raisedMs: number | null;
  /** When it was told that a kind rose and stays, each time for as long as it was told, ms from the start. */
  readonly rises: readonly number[];
}

/** One machine, from the start on. */
function playMachine(bench: BenchModel, play: Play): Played {
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
  const rises: number[] = [];
  let raisedMs: number | null = null;
  let isRisen = false;
  const count = Math.floor(play.lengthMs / stepMs);
  for (let index = 0; index < count; index++) {
    at = index % blockWindows === 0 ? random.integer(windows.length) : (at + 1) % windows.length;
    stepWander(wander, { keep, fresh, random });
    const logits = new Float64Array(columns);
    for (let mode = 0; mode < columns; mode++) {
      ar[mode] =
        noiseCorrelation * ar[mode]! + noise * Math.sqrt(1 - noiseCorrelation ** 2) * random.normal();
      const risen = mode === play.seed % columns && index >= count / 2 ? (play.step ?? 0) : 0;
      logits[mode] = windows[at]![mode]! + wander[mode]! + ar[mode]! + risen;
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
      raisedMs ??= fromMs;
      if (now > active) lanes.push(`${mode.lane}${mode.failureMode === "vibration-level" ? " level" : ""}`);
    }
    active = now;
    const wasRisen = isRisen;
    isRisen = watch.lastingRise !== null;
    if (isRisen && !wasRisen) rises.push(fromMs);
  }
  return { alarms: lanes.length, lanes, raisedMs, rises };
}

/** Of machines a month old each: how soon a kind that rises by so many logits in one step and stays is raised, or told. */
export async function benchStep(bench: BenchModel, step: number): Promise<void> {
  const [machines, lengthMs] = [60, 60 * dayMs];
  const pool = readSimulatorPool(bench);
  const ways = { pool, timeScaleMs: dayMs, deviation: 0.5, budget: 0.1, stepMs: 600_000, lengthMs };
  const played = Array.from({ length: machines }, (_, seed) => playMachine(bench, { ...ways, seed, step }));
  const after = (ms: number | null | undefined): number[] =>
    ms === null || ms === undefined || ms < lengthMs / 2 ? [] : [(ms - lengthMs / 2) / hourMs];
  const raised = played.flatMap(({ raisedMs }) => after(raisedMs));
  const told = played.flatMap(({ rises }) => after(rises.find((ms) => ms >= lengthMs / 2)));
  const describe = (hours: readonly number[]): string =>
    hours.length === 0 ? "0" : `${hours.length}, after ${computeMedian(hours).toFixed(0)} h in the middle`;
  process.stdout.write(
    `a step of ${step} logits, ${machines} machines that wander by 0.5 logit over a day: raised ${describe(raised)}; told to have risen ${describe(told)}\n`,
  );
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
  let [rises, risesYears] = [0, 0];
  for (const { way, stepMs, lengthMs } of ways) {
    for (const pool of pools) {
      for (const { scale, timeScaleMs, deviation } of waves) {
        for (const budget of budgets) {
          const untilMs = performance.now() + share;
          let [played, alarms, risen] = [0, 0, 0];
          const lanes = new Map<string, number>();
          const most = Math.max(1, (years * yearMs) / lengthMs);
          for (let seed = 0; seed < most && (seed === 0 || performance.now() < untilMs); seed++) {
            const told = playMachine(bench, { pool, timeScaleMs, deviation, budget, stepMs, lengthMs, seed });
            alarms += told.alarms;
            played += lengthMs / yearMs;
            risen += told.rises.length;
            risesYears += lengthMs / yearMs;
            for (const lane of told.lanes) lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
          }
          const of = `${way}, ${pool.name}, wander ${deviation} over ${scale}`;
          const by = [...lanes].map(([lane, times]) => `${lane} ${times}`).join(", ");
          rises += risen;
          process.stdout.write(`${describeRate(of, [alarms, played, budget])} ${by}; risen ${risen}\n`);
          const key = `all ${way}`;
          const sum = sums.get(`${key} ${budget}`) ?? [0, 0, budget];
          sums.set(`${key} ${budget}`, [sum[0] + alarms, sum[1] + played, budget]);
        }
      }
    }
  }
  for (const [of, sum] of sums) process.stdout.write(`${describeRate(of, sum)}\n`);
  process.stdout.write(`a kind told to have risen: ${rises} times in ${risesYears.toFixed(1)} years\n`);
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
