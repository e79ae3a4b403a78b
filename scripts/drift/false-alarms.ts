/**
 * How often a healthy day is called drift or a warning, on days whose truth is known: autoregressive columns with all
 * correlations, short days, and columns that are not normal.
 */
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { assessDay } from "../../src/core/drift/assess-day.ts";
import { beginSiteReference, type SiteReference } from "../../src/core/drift/site-reference.ts";
import { average } from "../../src/core/maths/moments.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { createColumnsTask, createRows, rowsPerDay, summariseRows } from "./correlated-days.ts";
import type { DriftMeasure } from "./drift-measure.ts";
import { asDeclared, declaredRate, type HealthyStream, healthyStreams } from "./false-alarm-streams.ts";

/** Days that are learnt, where a stream says no other number. */
const usualLearnDays = 28;
/** Days that are held against the same reference: it is made anew this often. */
const daysPerReference = 50;

/** What one thread is asked. */
interface Share {
  readonly index: number;
  readonly times: number;
}

/** One a reference. */
interface Counts {
  readonly days: number;
  readonly drifts: readonly number[];
  readonly warnings: readonly number[];
}

/** @param times how many times as many days: the error of a rate shrinks with its root */
export async function measure(times: number = 1): Promise<DriftMeasure> {
  const figures: Record<string, unknown> = {};
  const missed: string[] = [];
  let cases = 0;
  const asDeclaredDays: number[] = [];
  for (const [index, { days, drifts, warnings }] of (await runAll(times)).entries()) {
    const stream = healthyStreams[index]!;
    cases += days;
    const { rate, error } = estimateRate(drifts);
    const { rate: warned, error: warnedError } = estimateRate(warnings);
    figures[stream.name] = {
      days,
      drift: Number(rate.toFixed(5)),
      error: Number(error.toFixed(5)),
      warnings: Number(warned.toFixed(4)),
    };
    const [least, most] = stream.drift ?? [0, Number.POSITIVE_INFINITY];
    if (!(rate + error >= least * declaredRate && rate - error <= most * declaredRate))
      missed.push(`${stream.name}: drift on ${rate} of the days`);
    // Without its error, unless fewer days were asked for.
    if (!(warned - (times < 1 ? warnedError : 0) <= stream.mostWarnings))
      missed.push(`${stream.name}: warnings on ${warned} of the days`);
    if (stream.drift === asDeclared && stream.columns === 8 && stream.common === 0 && !stream.wander)
      asDeclaredDays.push(...drifts);
  }
  // One rate is declared for all correlations: together they say it closely enough to be held to it likewise.
  const { rate, error } = estimateRate(asDeclaredDays);
  const [least, most] = asDeclared;
  const allowed = times < 1 ? error : 0;
  figures["rho 0 to 0.98 together"] = { drift: Number(rate.toFixed(5)), error: Number(error.toFixed(5)) };
  if (!(rate + allowed >= least * declaredRate && rate - allowed <= most * declaredRate))
    missed.push(`correlations of 0 to .98 together: drift on ${rate} of the days`);
  return { cases, violations: missed.length, missed, figures };
}

/**
 * Of the days; half of its 95 % interval. Days of one reference are right or wrong together: references are what is counted.
 * @throws where there are not two of them.
 */
function estimateRate(ofReferences: readonly number[]): { readonly rate: number; readonly error: number } {
  if (ofReferences.length < 2)
    throw new Error(`so few days are no rate: ask for ${2 * daysPerReference} at least`);
  const mean = average(ofReferences);
  const squares = ofReferences.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  // Of nothing seen it is not said that it never happens: the interval of no event ends at 3.7 of them (Poisson, 97.5 %).
  const variance = Math.max(squares / (ofReferences.length - 1), (3.7 / 1.96) ** 2 / ofReferences.length);
  return {
    rate: mean / daysPerReference,
    error: (1.96 * Math.sqrt(variance / ofReferences.length)) / daysPerReference,
  };
}

/** Every stream, as many at once as there are cores, in threads of their own; the longest come first. */
async function runAll(times: number): Promise<readonly Counts[]> {
  const counts = new Array<Counts>(healthyStreams.length);
  const waiting = [...healthyStreams.keys()].sort(
    (a, b) => healthyStreams[b]!.days - healthyStreams[a]!.days,
  );
  const work = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const thread = new Worker(new URL(import.meta.url), { workerData: { index, times } satisfies Share });
      [counts[index]] = (await once(thread, "message")) as [Counts];
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return counts;
}

function run(stream: HealthyStream, seed: number): Counts {
  const { learnDays = usualLearnDays } = stream;
  const task = createColumnsTask(stream.columns, learnDays);
  const drifts: number[] = [];
  const warnings: number[] = [];
  for (let point = 0; point * daysPerReference < stream.days; point++) {
    let [drifted, warned] = [0, 0];
    const random = createRandom(seed * 1_000_003 + point);
    const rows = wander(createRows(random, stream), { ...stream, random });
    const { shape } = stream;
    const next = (row: Float64Array): void => {
      rows(row);
      if (shape !== undefined) for (let at = 0; at < row.length; at++) row[at] = shape(row[at]!);
    };
    let reference = beginSiteReference();
    for (let day = 0; day < learnDays; day++) {
      reference = assessDay(task, reference, summariseRows(task, day, { next })).reference;
    }
    const learnt = reference;
    for (let day = learnDays; day < learnDays + 2 + daysPerReference; day++) {
      const isHeard = stream.isHeard;
      const given = isHeard === undefined ? { next } : { next, isHeard: (row: number) => isHeard(row, day) };
      const assessed = assessDay(task, reference, summariseRows(task, day, given));
      reference = stream.isRefined === true ? assessed.reference : keepLearnt(learnt, assessed.reference);
      const { pValue } = assessed.verdict;
      // The first two days have not three to look at together.
      if (pValue === null || day < learnDays + 2) continue;
      if (pValue <= task.falsePerDay) drifted++;
      if (pValue <= task.warningsPerDay) warned++;
    }
    drifts.push(drifted);
    warnings.push(warned);
  }
  return { days: drifts.length * daysPerReference, drifts, warnings };
}

/** Moves every column's days by chance. */
function wander(
  next: (row: Float64Array) => void,
  { random, columns, wander = 0 }: Pick<HealthyStream, "columns" | "wander"> & { readonly random: Random },
): (row: Float64Array) => void {
  if (wander === 0) return next;
  const reach = Array.from({ length: columns }, () => wander * random.uniform());
  const off = new Float64Array(columns);
  let heard = 0;
  return (row) => {
    next(row);
    if (heard++ % rowsPerDay === 0)
      for (let column = 0; column < columns; column++) off[column] = reach[column]! * random.normal();
    for (let column = 0; column < columns; column++) row[column]! += off[column]!;
  };
}

/** The reference as it was learnt, with the last days that were heard. */
function keepLearnt(learnt: SiteReference, now: SiteReference): SiteReference {
  return {
    ...learnt,
    lastMs: now.lastMs,
    columns: learnt.columns.map((column, index) => ({ ...column, recent: now.columns[index]!.recent })),
  };
}

if (parentPort !== null) {
  const { index, times } = workerData as Share;
  const stream = healthyStreams[index]!;
  parentPort.postMessage(run({ ...stream, days: stream.days * times }, index + 1));
}
