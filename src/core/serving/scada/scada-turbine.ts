/**
 * One turbine under a normal-behaviour bundle: readings → rows → student → the watch of `core/decision`, which training's
 * evaluation lives through as well. Rows are taken in order, whatever the engine does.
 */
import type { Manifest } from "../../contract/bundle/manifest.ts";
import type { NormalBehaviourSpec } from "../../contract/bundle/normal-behaviour.ts";
import { earliestClockMs } from "../../contract/iso-time.ts";
import type { Quarantine, Reading } from "../../contract/stream.ts";
import { type MonitorDay, reliveResiduals } from "../../decision/normal-behaviour/residual-monitor.ts";
import type { SiteCorrection } from "../../decision/normal-behaviour/site-correction.ts";
import { createTurbineWatch, type WatchOutcome } from "../../decision/normal-behaviour/turbine-watch.ts";
import { describeScoring } from "../../decision/scoring-model.ts";
import { dayMs } from "../../maths/durations.ts";
import { describeScorer } from "../digest-scoring.ts";
import type { LoadedBundle, StudentOutput } from "../loaded-bundle.ts";
import { createRowCutter, type ScadaRow } from "../row-cutter.ts";
import type { ScadaTurbineSnapshot } from "./scada-snapshot.ts";

/** A row with what was made of it. */
export interface ScoredRow {
  readonly row: ScadaRow;
  /** That scored it. */
  readonly bundle: LoadedBundle;
  readonly state: WatchOutcome["state"];
  readonly output: StudentOutput;
  /** Measured less expected, in the channel's unit, one an output; null unless the turbine operated. */
  readonly unexplained: WatchOutcome["unexplained"];
  /** The same less the site's share; null unless the state is `scored`. */
  readonly residuals: Float64Array | null;
}

interface ScadaTurbineSink {
  onRow(scored: ScoredRow): void;
  /** A day is over; days without rows come too, with what is still known. */
  onDay(day: MonitorDay): void;
  /** A clock was ahead: that day (whole days since the epoch) and what was dated after it is still to come. */
  onSetBack(day: number): void;
  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void;
  /** A row, or the end of a day, could not be taken; what comes after it is. */
  onDropped(error: unknown): void;
  /** The site's own share has been learnt; residuals count from now on. */
  onLearnt(correction: SiteCorrection): void;
  /** Repairs of the last run that the logbook no longer tells: its days have been lived through without them. */
  onTakenBack(repairs: readonly Repair[]): void;
}

type Memory = ScadaTurbineSnapshot["memory"];

/** A row that has not been taken yet. */
interface CutRow {
  readonly row: ScadaRow;
  readonly bundle: LoadedBundle;
  /** Averages of the features with this row. */
  readonly memoryThen: Memory;
}

/** A failure that was mended, from the installation's logbook. */
export interface Repair {
  readonly component: string;
  /** Whole days since the epoch, in the time of the data. */
  readonly day: number;
}

interface ScadaTurbine {
  /** Takes a trusted reading. */
  accept(reading: Reading): void;
  /** Time has passed without readings: ends what is over in the data's own time, which may lag behind the clock. */
  advance(nowMs: number): void;
  /** Another bundle, which gives the same scores, serves from the next row on. */
  use(bundle: LoadedBundle): void;
  snapshot(): ScadaTurbineSnapshot;
  /** Resolves when every row has been scored, or could not be. */
  idle(): Promise<void>;
}

interface ScadaTurbineOptions {
  readonly bundle: LoadedBundle;
  readonly repairs: readonly Repair[];
  /** Of the last run, of a model that gives the same scores. */
  readonly snapshot: ScadaTurbineSnapshot | undefined;
  readonly sink: ScadaTurbineSink;
}

/** Creates the watch over one turbine, new or from a snapshot. */
export function createScadaTurbine(options: ScadaTurbineOptions): ScadaTurbine {
  const { repairs, snapshot: from, sink } = options;
  let serving = options.bundle;
  const { manifest } = serving;
  const memory = new Map((from?.memory ?? []).map(([name, value, atMs]) => [name, { value, atMs }]));
  /** What is dated before it was lived through by the last run. */
  const livedToMs = Math.max(...[...memory.values()].map(({ atMs }) => atMs)) + manifest.window.hop * 1000;
  const spec = requireSpec(manifest);
  const logged = new Set(repairs.map(nameRepair));
  const takenBack = (from?.watch.monitor.repairs ?? []).filter((repair) => !logged.has(nameRepair(repair)));
  const kept =
    from === undefined || takenBack.length === 0
      ? from?.watch
      : { ...from.watch, monitor: reliveResiduals(spec, from.watch.monitor, repairs) };
  const watch = createTurbineWatch(
    {
      spec,
      channels: manifest.channels.map((channel) => channel.name),
      inputs: manifest.features.list.length,
    },
    kept,
  );
  if (takenBack.length > 0) sink.onTakenBack(takenBack);
  const told = new Set((kept?.monitor.repairs ?? []).map(nameRepair));
  let tail: Promise<void> = Promise.resolve();
  /** By how much the last reading's own time lay behind its arrival: a bridge that is late, or in another time zone. */
  let lagMs = Number.NaN;
  let arrivedMs = Number.NaN;
  /** Day that time alone has come to last. */
  let advancedDay = Number.NaN;

  /** What was logged by the end of a day is known on the next one: before `timeMs` closes that. */
  const tellRepairs = (timeMs: number): void => {
    const closing = Math.floor(timeMs / dayMs) - 1;
    for (const repair of repairs) {
      if (repair.day >= closing || told.has(nameRepair(repair))) continue;
      told.add(nameRepair(repair));
      watch.repaired(repair.component, repair.day);
    }
  };

  const describeMemory = (): Memory =>
    [...memory].map(([name, { value, atMs }]) => [name, value, atMs] as const);
  /** The memory as it was at the last row that was taken: rows are cut before they are. */
  let taken = describeMemory();
  /** What a clock that was ahead dated from here on is forgotten. */
  let aheadMs = Number.POSITIVE_INFINITY;

  const take = ({ row, bundle, memoryThen }: CutRow, output: StudentOutput): void => {
    const wasLearning = watch.correction === null;
    tellRepairs(row.fromMs);
    const { state, unexplained, residuals, days, setBackTo } = watch.accept({
      timestampMs: row.fromMs,
      nowMs: arrivedMs,
      values: row.values,
      standardised: bundle.standardised(row.features),
      outputs: output.logits,
    });
    if (setBackTo !== null) {
      aheadMs = (setBackTo + 1) * dayMs;
      for (const [name, { atMs }] of memory) if (atMs >= aheadMs) memory.delete(name);
      sink.onSetBack(setBackTo);
    }
    taken = memoryThen.filter(([, , atMs]) => atMs < aheadMs || atMs <= row.fromMs);
    for (const day of days) sink.onDay(day);
    if (wasLearning && watch.correction !== null) sink.onLearnt(watch.correction);
    sink.onRow({ row, bundle, state, output, unexplained, residuals });
  };

  const cutter = createRowCutter(manifest, memory, {
    onQuarantine: (quarantine, windows) => sink.onQuarantine(quarantine, windows),
    onRow: (row) => {
      const bundle = serving;
      const cut = { row, bundle, memoryThen: describeMemory() };
      bundle.retain();
      const scored = bundle.score(row);
      // Rejections are taken below; without this an earlier row's wait would leave them unhandled.
      scored.catch(() => {});
      tail = tail.then(async () => {
        try {
          take(cut, await scored);
        } catch (error) {
          sink.onDropped(error);
        } finally {
          bundle.release();
        }
      });
    },
  });

  return {
    accept: (reading) => {
      // A row that is later than now is of a clock that was ahead, and nothing was lived through.
      const { deviceId, channel, timestampMs } = reading;
      if (timestampMs < livedToMs && livedToMs <= reading.arrivedMs) {
        const detail = "sent again: of before the last row that was taken";
        const reason = { reason: "time-backwards", cause: "sent-again" } as const;
        sink.onQuarantine({ deviceId, channel, timestampMs, ...reason, detail, samples: 1 }, 0);
        return;
      }
      ({ arrivedMs } = reading);
      // By a gateway's clock that was never set nobody knows how late it is.
      const isUnset = arrivedMs < earliestClockMs && timestampMs >= earliestClockMs;
      lagMs = isUnset ? Number.NaN : arrivedMs - timestampMs;
      cutter.accept(reading);
    },
    advance: (nowMs) => {
      if (Number.isNaN(lagMs)) return;
      cutter.advance(nowMs - lagMs, nowMs);
      // The last row of a day is cut some minutes after its end.
      const endedMs = nowMs - lagMs - 2 * manifest.window.length * 1000;
      const day = Math.floor(endedMs / dayMs);
      if (day === advancedDay) return;
      advancedDay = day;
      tail = tail.then(() => {
        try {
          tellRepairs(endedMs);
          for (const each of watch.advance(endedMs)) sink.onDay(each);
        } catch (error) {
          sink.onDropped(error);
        }
      });
    },
    use: (bundle) => {
      serving = bundle;
    },
    snapshot: () => ({
      ...describeScoring(describeScorer(serving)),
      memory: taken,
      watch: watch.snapshot(),
    }),
    idle: () => tail,
  };
}

const nameRepair = ({ component, day }: Repair): string => `${component} ${day}`;

/** The section that such a bundle must have. @throws RangeError without it: the caller asks the task first. */
export function requireSpec(manifest: Manifest): NormalBehaviourSpec {
  if (manifest.normalBehaviour === undefined) throw new RangeError(`${manifest.name} watches no residuals`);
  return manifest.normalBehaviour;
}
