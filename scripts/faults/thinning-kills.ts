/**
 * kill -9 of a process that thins predictions by age, and of the PostgreSQL server under it: what is left in the end is what
 * one that nobody disturbed leaves beside it, row by row.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import { openPostgresRecord } from "../../src/collector/record/postgres/postgres-record.ts";
import type { PredictionSeries, PredictionThinning } from "../../src/collector/record/prediction-record.ts";
import { openSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { systemClock } from "../../src/core/platform/clock.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { endChild } from "../../test/support/has-ended.ts";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../test/support/scratch-postgres.ts";
import { predictionSite } from "../bench/bench-predictions.ts";
import { filledFromMs, fillWithDays } from "../bench/fill-with-days.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { createFaultLedger, type FaultModule } from "./fault-ledger.ts";

/** A record's file, or its database's address. */
interface RecordPlace {
  readonly engine: "sqlite" | "postgres";
  readonly at: string;
}

/** What a process that thins is told. */
export interface ThinnerPlan {
  readonly place: RecordPlace;
  readonly thinning: PredictionThinning;
  /** Rows that a step takes at most. */
  readonly stepRows: number;
}

const load = { turbines: 3, days: 1 };
const stepRows = 40;
/** First ten minutes, then an hour: what is thinned is thinned again. */
const thinnings: readonly PredictionThinning[] = [10, 60].map((minutes) => ({
  receivedBeforeMs: filledFromMs + load.days * dayMs,
  rowMs: minutes * 60_000,
}));
/** Of all kills, an engine's. */
const share = 1 / 16;
/** A step takes less. */
const longestWaitMs = 12;

export const runThinningKills: FaultModule = async (options) => {
  const ledger = createFaultLedger(options.say);
  const program = join(import.meta.dirname, "record-thinner.js");
  const random = createRandom(options.seed).fork("kills-thinning");
  const kills = Math.ceil(options.kills * share);
  const figures: Record<string, unknown> = {};
  const scratch = createScratchFolder("kills-thinning");
  const server = hasPostgres ? await startScratchPostgres() : null;
  try {
    const places = {
      sqlite: (name: string) => join(scratch.path, `${name}.sqlite`),
      ...(server === null ? {} : { postgres: () => server.createDatabase() }),
    };
    for (const [engine, createPlace] of Object.entries(places) as [
      RecordPlace["engine"],
      typeof places.sqlite,
    ][]) {
      const [disturbed, calm] = [
        { engine, at: await createPlace("disturbed") },
        { engine, at: await createPlace("calm") },
      ];
      for (const place of [disturbed, calm]) await withRecord(place, (record) => fillWithDays(record, load));
      await ledger.run(`${engine}, ${kills} kills`, async () => {
        const before = await countWindows(disturbed);
        const done = { kills: 0, serverKills: 0, steps: 0 };
        for (const thinning of thinnings) {
          const plan = { place: disturbed, thinning, stepRows };
          const most = Math.ceil(kills / thinnings.length);
          await thinUnderKills(program, plan, {
            most,
            random,
            server: engine === "postgres" ? server : null,
            done,
          });
          await withRecord(calm, async (record) => {
            while (!(await record.thinPredictions(thinning)).isDone);
          });
        }
        figures[engine] = done;
        const wrongs = done.kills < kills / 2 ? [`only ${done.kills} kills met one that thins`] : [];
        const after = await countWindows(disturbed);
        if (after !== before) wrongs.push(`${before} windows became ${after}`);
        return [...wrongs, ...compare(await readAllRows(disturbed), await readAllRows(calm))];
      });
      const [first, ...others] = await readAllRows(calm);
      const doubled = {
        ...first!,
        windows: first!.windows.map((windows, row) => (row === 7 ? 2 * windows : windows)),
      };
      ledger.check(
        `${engine}: a row that counts twice is seen`,
        compare([doubled, ...others], [first!, ...others]).length === 1,
        "it is not",
      );
    }
  } finally {
    await server?.close();
    scratch.remove();
  }
  return ledger.report(figures);
};

interface Killing {
  readonly most: number;
  readonly random: Random;
  /** Killed instead of the process at every other time; null: there is none. */
  readonly server: ScratchPostgres | null;
  readonly done: { kills: number; serverKills: number; steps: number };
}

/** Starts a process that thins again and again, and kills it some steps later, until one comes to its end. */
async function thinUnderKills(
  program: string,
  plan: ThinnerPlan,
  { most, random, server, done }: Killing,
): Promise<void> {
  for (let killed = 0; ; ) {
    const child = endWithProcess(
      fork(program, [JSON.stringify(plan)], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [] }),
    );
    const gone = once(child, "close");
    const goesOn = killed < most;
    const met = await passSteps(child, goesOn ? 1 + random.integer(3) : Number.POSITIVE_INFINITY);
    done.steps += met.steps;
    if (met.isDone) {
      await gone;
      return;
    }
    if (!goesOn) throw new Error(`thinning ended by itself: ${met.words}`);
    await new Promise((resolve) => setTimeout(resolve, random.uniform() * longestWaitMs));
    if (server !== null && killed % 2 === 1) {
      await server.kill();
      await server.start();
      done.serverKills++;
    }
    await endChild(child, "SIGKILL");
    killed++;
    done.kills++;
  }
}

/** Waits for so many steps, the last one, or the end of the process. */
function passSteps(
  child: ChildProcess,
  count: number,
): Promise<{ readonly steps: number; readonly isDone: boolean; readonly words: string }> {
  let [steps, words] = [0, ""];
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-1500);
  });
  return new Promise((resolve) => {
    const end = (isDone: boolean): void => resolve({ steps, isDone, words });
    child.on("message", (word) => {
      steps++;
      if (word === "done" || steps === count) end(word === "done");
    });
    // "exit" may come before the last word, "close" comes after it.
    child.once("close", () => end(false));
  });
}

/** With steps as short as the process's: sums agree to the last digit then. */
async function withRecord<T>(place: RecordPlace, work: (record: FleetRecord) => Promise<T>): Promise<T> {
  const { at } = place;
  const options = { logger: silentLogger, thinningRows: stepRows };
  const record =
    place.engine === "sqlite"
      ? await openSqliteRecord({ ...options, path: at, clock: systemClock })
      : await openPostgresRecord({ ...options, url: at, connections: 2, statementTimeoutMs: 20_000 });
  try {
    return await work(record);
  } finally {
    await record.close();
  }
}

const everywhere = { fromMs: 0, toMs: 8e15, bucketMs: 1 };

function readAllRows(place: RecordPlace): Promise<readonly PredictionSeries[]> {
  return withRecord(place, async (record) => {
    const series: PredictionSeries[] = [];
    for (let turbine = 0; turbine < load.turbines; turbine++)
      series.push(
        ...(await record.predictions({ site: predictionSite, turbine: `wt-${turbine}`, ...everywhere })),
      );
    return series;
  });
}

async function countWindows(place: RecordPlace): Promise<number> {
  const series = await readAllRows(place);
  return series.flatMap(({ windows }) => windows).reduce((sum, windows) => sum + windows, 0);
}

/** What is wrong, in words. */
function compare(found: readonly PredictionSeries[], expected: readonly PredictionSeries[]): string[] {
  const rows = load.turbines * load.days * (dayMs / hourMs);
  const some = expected[0]?.timesMs.length ?? 0;
  if (some * load.turbines !== rows)
    return [`${some} rows of a point are left where ${rows / load.turbines} should be`];
  if (found.length !== expected.length) return [`${found.length} points instead of ${expected.length}`];
  return found.flatMap((series, index) =>
    isDeepStrictEqual(series, expected[index])
      ? []
      : [`point ${index} is not what it is where nobody was killed`],
  );
}
