/**
 * One turbine under a normal-behaviour bundle: rows → normal operation? frozen? → student → residuals, less the site's
 * own share → medians of days → distance from the turbine's own past. The same parts in the same sequence as in
 * training's replay, so that the same rows give the same residuals. Rows are judged in order, whatever the engine does.
 */
import type { Manifest } from "../../contract/manifest.ts";
import type { NormalBehaviourSpec } from "../../contract/normal-behaviour.ts";
import type { Quarantine, Reading } from "../../contract/stream.ts";
import { createDailyMedian, type DayOfResiduals } from "../../decision/normal-behaviour/daily-median.ts";
import { createFrozenGuard } from "../../decision/normal-behaviour/frozen-guard.ts";
import { createOperationFilter } from "../../decision/normal-behaviour/operation-filter.ts";
import { createResidualMonitor, type MonitorDay } from "../../decision/normal-behaviour/residual-monitor.ts";
import {
  applySiteCorrection,
  createSiteCorrectionLearner,
  type SiteCorrection,
} from "../../decision/normal-behaviour/site-correction.ts";
import type { LoadedBundle, StudentOutput } from "../loaded-bundle.ts";
import { createScadaRowCutter, type ScadaRow } from "./scada-row-cutter.ts";
import type { ScadaTurbineSnapshot } from "./scada-snapshot.ts";

/** A row with what was made of it. */
export interface JudgedRow {
  readonly row: ScadaRow;
  /** `normal`: it was scored. `frozen`: nobody measures any more. */
  readonly state: "normal" | "not-normal" | "frozen";
  /** Null unless the state is normal. */
  readonly output: StudentOutput | null;
  /** Measured less expected less the site's share, float32, one an output; null: not scored, or the site is not learnt. */
  readonly residuals: Float32Array | null;
}

/** Where judgements go. */
export interface ScadaTurbineSink {
  onRow(judged: JudgedRow): void;
  /** A day is over; days without rows come too, with what is still known. */
  onDay(day: MonitorDay): void;
  onQuarantine(quarantine: Quarantine, windows: 0 | 1): void;
  onDropped(row: ScadaRow, error: unknown): void;
  /** The site's own share has been learnt; residuals count from now on. */
  onLearnt(correction: SiteCorrection): void;
}

/** A failure that was mended, from the installation's logbook. */
export interface Repair {
  readonly component: string;
  readonly day: number;
}

/** One turbine. */
export interface ScadaTurbine {
  readonly components: readonly string[];
  /** Rows towards the site's correction; null once it is in use, or none is wanted. */
  readonly learning: { readonly rows: number; readonly of: number } | null;
  accept(reading: Reading): void;
  advance(nowMs: number): void;
  snapshot(): ScadaTurbineSnapshot;
  /** Resolves when every row has been judged. */
  idle(): Promise<void>;
}

/** Creates the watch over one turbine by `bundle`, new or from a snapshot of the same model. */
export function createScadaTurbine(
  bundle: LoadedBundle,
  repairs: readonly Repair[],
  sink: ScadaTurbineSink,
  snapshot?: ScadaTurbineSnapshot,
): ScadaTurbine {
  const { manifest } = bundle;
  const spec = requireSpec(manifest);
  const from = snapshot?.modelDigest === bundle.ref.digest ? snapshot : undefined;
  const outputs = spec.residuals.length;
  const inputs = manifest.features.list.length;
  const channels = manifest.channels.map((channel) => channel.name);
  const measuredAt = spec.residuals.map((residual) => channels.indexOf(residual.channel));
  const memory = new Map((from?.memory ?? []).map(([name, value, atMs]) => [name, { value, atMs }]));
  const guard = createFrozenGuard(spec.guard.frozenRows);
  const isNormal = createOperationFilter(spec.operation, channels);
  const median = createDailyMedian(outputs, spec.statistics.minRowsPerDay, from?.openDay);
  const monitor = createResidualMonitor(spec, from?.monitor);
  const told = new Set((from?.monitor.repairs ?? []).map(({ component, day }) => `${component} ${day}`));
  let correction = from?.correction ?? null;
  const learner =
    spec.siteCorrection === undefined || correction !== null
      ? null
      : createSiteCorrectionLearner(spec.siteCorrection, inputs, outputs, from?.learning ?? undefined);
  let lastDay: number | null = lastDayOf(from);
  let tail: Promise<void> = Promise.resolve();
  /** Day that time alone has come to. */
  let advancedDay = Number.NEGATIVE_INFINITY;

  const takeDay = (done: DayOfResiduals | null): void => {
    if (done === null) return;
    for (let day = lastDay === null ? done.day : lastDay + 1; day <= done.day; day++) {
      // What was logged by the end of the day before is known on this day.
      for (const { component, day: repairDay } of repairs) {
        if (repairDay >= day || told.has(`${component} ${repairDay}`)) continue;
        told.add(`${component} ${repairDay}`);
        monitor.repaired(component, repairDay);
      }
      const medians = day === done.day ? done.medians : new Float64Array(outputs).fill(Number.NaN);
      sink.onDay(monitor.update(day, medians));
      lastDay = day;
    }
  };

  const takeScored = (row: ScadaRow, output: StudentOutput): Float32Array | null => {
    const standardised = bundle.standardised(row.features);
    const predicted = Float32Array.from(output.logits);
    const residuals = new Float64Array(outputs);
    for (const [index, { location, scale }] of spec.residuals.entries()) {
      const measured = Math.fround(row.values[measuredAt[index]!]!);
      residuals[index] = measured - (location + scale * predicted[index]!);
    }
    if (learner !== null && correction === null) {
      learner.add(standardised, predicted, residuals);
      correction = learner.fit();
      if (correction !== null) sink.onLearnt(correction);
      return null;
    }
    if (correction !== null) applySiteCorrection(correction, standardised, predicted, residuals);
    const rounded = Float32Array.from(residuals);
    takeDay(median.add(row.fromMs, rounded));
    return rounded;
  };

  const judge = async (row: ScadaRow, state: JudgedRow["state"], scored: Promise<StudentOutput> | null) => {
    takeDay(median.advance(row.fromMs));
    const output = scored === null ? null : await scored;
    const residuals = output === null ? null : takeScored(row, output);
    sink.onRow({ row, state, output, residuals });
  };

  const cutter = createScadaRowCutter(manifest, memory, {
    onQuarantine: (quarantine, windows) => sink.onQuarantine(quarantine, windows),
    onRow: (row) => {
      const isFrozen = guard.update(row.values);
      const state = isFrozen ? "frozen" : isNormal(row.values) ? "normal" : "not-normal";
      let scored: Promise<StudentOutput> | null = null;
      if (state === "normal") {
        bundle.retain();
        scored = bundle.score(row).finally(() => bundle.release());
        // Rejections are taken below; without this an earlier row's wait would leave them unhandled.
        scored.catch(() => {});
      }
      tail = tail.then(() => judge(row, state, scored)).catch((error) => sink.onDropped(row, error));
    },
  });

  return {
    components: monitor.components,
    get learning() {
      return learner === null || correction !== null
        ? null
        : { rows: learner.rows, of: spec.siteCorrection!.minRows };
    },
    accept: (reading) => cutter.accept(reading),
    advance: (nowMs) => {
      cutter.advance(nowMs);
      // The last row of a day is cut some minutes after its end.
      const endedMs = nowMs - 2 * manifest.window.length * 1000;
      const day = Math.floor(endedMs / 86_400_000);
      if (day <= advancedDay) return;
      advancedDay = day;
      tail = tail.then(() => takeDay(median.advance(endedMs)));
    },
    snapshot: () => ({
      modelDigest: bundle.ref.digest,
      memory: [...memory].map(([name, { value, atMs }]) => [name, value, atMs] as const),
      openDay: median.snapshot(),
      monitor: monitor.snapshot(),
      correction,
      learning: learner === null || correction !== null ? null : learner.snapshot(),
    }),
    idle: () => tail,
  };
}

/** The section that such a bundle must have. @throws RangeError without it: the caller asks the task first. */
export function requireSpec(manifest: Manifest): NormalBehaviourSpec {
  if (manifest.normalBehaviour === undefined) throw new RangeError(`${manifest.name} watches no residuals`);
  return manifest.normalBehaviour;
}

function lastDayOf(snapshot: ScadaTurbineSnapshot | undefined): number | null {
  if (snapshot === undefined || snapshot.monitor.medians.length === 0) return null;
  return snapshot.monitor.firstDay + snapshot.monitor.medians.length - 1;
}
