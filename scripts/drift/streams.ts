/**
 * What the detectors of a stream are worth, measured: `npx tsx scripts/drift/streams.ts [--json]`. SINE1 and MIXED of seeds of our
 * own and, where AURORA_DATA or ../shared/data has them, of the published files; run lengths as declared; performance without
 * outcomes where the truth is known. Ends with `{cases, violations, figures}`; exit code 1 when a bound is missed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createConceptWatch } from "../../src/core/drift/concept-watch.ts";
import { createErrorRateDetector } from "../../src/core/drift/detectors/error-rate-detector.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { dataFolder } from "../../test/support/data-folder.ts";
import { ownCpuSeconds } from "../bench/process-cpu.ts";
import { saySkipped } from "../say-skipped.ts";
import { readOptions } from "../suite-options.ts";
import type { ChangeDetector } from "./detectors/change-detector.ts";
import { computeRunLength } from "./detectors/cusum.ts";
import type { DriftMeasure } from "./drift-measure.ts";
import { tryEdpTrain } from "./edp-performance.ts";
import { drawStream, readStream, streamNames } from "./label-streams.ts";
import {
  type PerformanceTrial,
  sumTrials,
  tryBearingBundle,
  tryElec2,
  tryMadeWeeks,
} from "./performance-trials.ts";
import { runPrequential, type StreamScore } from "./prequential.ts";

/** One false alarm in so many rows: three in a million, as the streams ask for at most. */
const streamRunLength = 333_333;
const reportSeeds = Array.from({ length: 20 }, (_, index) => 9_000 + index);
const root = packageRoot();

/** The product's detector as the streams run it: an unknown usual rate, learnt. */
export function createStreamDetector(): ChangeDetector {
  const detector = createErrorRateDetector({ meanRunLength: streamRunLength, usualRate: null });
  return {
    update: (error) => (detector.update(error === 1) ? "drift" : "stable"),
    // Two counts, and what five bets have won.
    size: () => 7,
  };
}

/** Measures everything; about 20 s. */
export async function measure(): Promise<DriftMeasure> {
  const book = openBook();
  measureStreams(book);
  measureRunLengths(book);
  measureConcept(book);
  await measurePerformance(book);
  measureCost(book);
  return book.close();
}

interface Book {
  /** Notes a figure. */
  note(name: string, value: number | string): void;
  /** Notes what was not measured, and why. */
  skip(name: string, why: string): void;
  /** Notes a figure, and whether it is as it must be. */
  check(name: string, value: number | string, isMet: boolean): void;
  /** Notes a figure that must not be above `most`. */
  bound(name: string, value: number, most: number): void;
  /** Notes a figure that must not be below `least`. */
  reach(name: string, value: number, least: number): void;
  close(): DriftMeasure;
}

function openBook(): Book {
  const figures: Record<string, number | string> = {};
  const missed: string[] = [];
  const skipped: Record<string, string> = {};
  let cases = 0;
  const note = (name: string, value: number | string): void => {
    figures[name] = typeof value === "number" ? Number(value.toPrecision(4)) : value;
  };
  const check = (name: string, value: number | string, isMet: boolean): void => {
    cases++;
    note(name, value);
    if (!isMet) missed.push(name);
  };
  return {
    note,
    check,
    skip: (name, why) => {
      skipped[name] = why;
    },
    bound: (name, value, most) => check(name, value, value <= most),
    reach: (name, value, least) => check(name, value, value >= least),
    close: () => ({ cases, violations: missed.length, figures, missed, skipped }),
  };
}

function measureStreams(book: Book): void {
  for (const name of streamNames) {
    const drawn = reportSeeds.map((seed) => runPrequential(drawStream(name, seed), createStreamDetector()));
    noteStreams(book, `${name}.drawn`, drawn);
    const path = join(dataFolder, "drift", `${name}_w_50_n_0.1_101.arff.gz`);
    if (!existsSync(path)) book.skip(`${name}.file`, `no ${path} (AURORA_DATA)`);
    else noteStreams(book, `${name}.file`, [runPrequential(readStream(path), createStreamDetector())]);
  }
}

function noteStreams(book: Book, name: string, scores: readonly StreamScore[]): void {
  const mean = (pick: (score: StreamScore) => number): number =>
    scores.reduce((sum, score) => sum + pick(score), 0) / scores.length;
  const delay = ({ delays }: StreamScore): number =>
    delays.reduce((sum, each) => sum + each, 0) / delays.length;
  book.bound(`${name}.meanDelay`, mean(delay), 45);
  book.bound(
    `${name}.falseAlarmsPer100k`,
    mean(({ falseAlarms }) => falseAlarms),
    0.3,
  );
  book.bound(
    `${name}.missed`,
    mean(({ missed }) => missed),
    0,
  );
}

/** Declared against measured, 300 alarms or so each; and the run length of a CUSUM against vector A13. */
function measureRunLengths(book: Book): void {
  const declared = 1_000;
  for (const rate of [0.01, 0.1, 0.5]) {
    for (const usualRate of [rate, null]) {
      const random = createRandom(77).fork(`rate ${rate}`);
      const detector = createErrorRateDetector({ meanRunLength: declared, usualRate });
      let alarms = 0;
      const outcomes = 300_000;
      for (let index = 0; index < outcomes; index++) if (detector.update(random.uniform() < rate)) alarms++;
      const name = `runLength.rate${rate}.${usualRate === null ? "learnt" : "given"}`;
      // Two standard errors of 300 alarms below what is declared.
      book.reach(name, outcomes / Math.max(1, alarms), declared / (1 + 2 / Math.sqrt(300)));
    }
  }
  const tables = { 4: [167.67, 26.63, 8.38, 3.34], 5: [465.37, 38, 10.38, 4.01] };
  for (const [limit, lengths] of Object.entries(tables)) {
    for (const [index, shift] of [0, 0.5, 1, 2].entries()) {
      const length = computeRunLength({ slack: 0.5, limit: Number(limit) }, shift);
      book.note(`cusum.h${limit}.shift${shift}`, length);
      book.bound(`cusum.h${limit}.shift${shift}.error`, Math.abs(length / lengths[index]! - 1), 0.001);
    }
  }
}

/** Outcomes of a model whose risks hold, then of one whose odds are off by a factor. */
function measureConcept(book: Book): void {
  const declared = 1_000;
  const run = (seed: number, odds: number, outcomes: number): number => {
    const random = createRandom(seed).fork("concept");
    const watch = createConceptWatch({ meanRunLength: declared });
    for (let index = 1; index <= outcomes; index++) {
      const risk = random.uniform() ** 2;
      const truth = (risk * odds) / (1 - risk + risk * odds);
      const { change } = watch.update({ raised: risk > 0.5, risk, isFault: random.uniform() < truth });
      if (change !== null) return index;
    }
    return outcomes;
  };
  const meanOf = (odds: number, outcomes: number): number =>
    reportSeeds.reduce((sum, seed) => sum + run(seed, odds, outcomes), 0) / reportSeeds.length;
  book.reach("concept.outcomesToFalseAlarm", meanOf(1, 20_000), declared);
  for (const odds of [4, 0.25]) book.bound(`concept.outcomesToFindOdds${odds}`, meanOf(odds, 5_000), 100);
}

async function measurePerformance(book: Book): Promise<void> {
  const note = (name: string, trial: PerformanceTrial): void => {
    for (const [figure, value] of Object.entries(trial)) {
      book.note(`performance.${name}.${figure}`, value ?? "none");
    }
  };
  const seeds = reportSeeds.slice(0, 5);
  const inputs = sumTrials(seeds.map((seed) => tryMadeWeeks("inputs", seed)));
  note("inputsMove", inputs);
  book.reach("performance.inputsMove.coveredShare", inputs.covered / inputs.estimates, 0.8);
  const concept = sumTrials(seeds.map((seed) => tryMadeWeeks("concept", seed)));
  note("conceptMoves", concept);
  // Half of the weeks are after the change; it must be silent in most of them.
  book.reach("performance.conceptMoves.silentShareAfter", concept.silent / (25 * seeds.length), 0.8);
  const elec2 = tryElec2(dataFolder);
  if (elec2 === null) book.skip("performance.elec2", `no elec2 in ${dataFolder} (AURORA_DATA)`);
  else {
    note("elec2", elec2);
    book.reach("performance.elec2.coveredShare", elec2.covered / Math.max(1, elec2.estimates), 0.8);
  }
  if (!existsSync(join(dataFolder, "edp")))
    book.skip("performance.edpTrain", `no edp in ${dataFolder} (AURORA_DATA)`);
  else {
    const edp = await tryEdpTrain(dataFolder);
    note("edpTrain", edp);
    book.reach("performance.edpTrain.coveredShare", edp.covered / Math.max(1, edp.estimates), 0.8);
  }
  for (const trial of tryBearingBundle(join(root, "models", "bearing-vibration", "1.0.0"))) {
    const { unit, truth, answer, isAsExpected } = trial;
    book.note(`performance.bearing.by${unit}.truth`, truth);
    book.check(`performance.bearing.by${unit}.answer`, answer, isAsExpected);
  }
}

function measureCost(book: Book): void {
  const random = createRandom(5);
  const watch = createConceptWatch();
  const started = ownCpuSeconds();
  const updates = 200_000;
  for (let index = 0; index < updates; index++) {
    const risk = random.uniform();
    watch.update({ raised: risk > 0.5, risk, isFault: random.uniform() < risk });
  }
  book.note("concept.microsecondsAnOutcome", (1e6 * (ownCpuSeconds() - started)) / updates);
}

const isMain = process.argv[1] === import.meta.filename;
if (isMain) {
  const { values } = readOptions({
    command: "npx tsx scripts/drift/streams.ts",
    does: "Streams with known change points: rows until a change is found, and false alarms.",
    options: { json: { type: "boolean", default: false, means: "one line of JSON" } },
  });
  const result = await measure();
  for (const [name, why] of Object.entries(result.skipped ?? {})) saySkipped(name, why);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    for (const [name, value] of Object.entries(result.figures)) process.stdout.write(`${name}: ${value}\n`);
    process.stdout.write(
      `${result.cases} cases, ${result.violations} violations ${result.missed.join(", ")}\n`,
    );
  }
  process.exitCode = result.violations > 0 ? 1 : 0;
}
