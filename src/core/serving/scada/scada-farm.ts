/**
 * The turbines that one normal-behaviour bundle watches: hands readings to each, ranks them against each other at the
 * end of every day, and turns what the policy asks for into decisions of two modes a component: `failure-ahead` while
 * an inspection is asked for, `sensor-fault` while a sensor's values cannot be believed. Reads no clock of its own.
 */
import { listComponents } from "../../contract/bundle/normal-behaviour.ts";
import { renderIsoTime } from "../../contract/iso-time.ts";
import type { Decision, Explanation } from "../../contract/prediction.ts";
import type { Quarantine, Reading } from "../../contract/stream.ts";
import type { PlannedInspection } from "../../decision/normal-behaviour/inspection-planner.ts";
import type { MonitorDay } from "../../decision/normal-behaviour/residual-monitor.ts";
import { describeScoring, givesSameScores } from "../../decision/scoring-model.ts";
import { dayMs } from "../../maths/durations.ts";
import { describeScorer } from "../digest-scoring.ts";
import type { LoadedBundle } from "../loaded-bundle.ts";
import { createComponentDecider } from "./component-decider.ts";
import { carryPlan, createFarmPlan } from "./farm-plan.ts";
import type { ScadaFarmSnapshot, ScadaTurbineSnapshot } from "./scada-snapshot.ts";
import { createScadaTurbine, type Repair, requireSpec, type ScoredRow } from "./scada-turbine.ts";

/** What the last run kept. */
interface ScadaKept {
  readonly farm: ScadaFarmSnapshot | undefined;
  turbine(id: string): ScadaTurbineSnapshot | undefined;
}

interface ScadaFarmOptions {
  readonly site: string;
  readonly bundle: LoadedBundle;
  readonly turbines: readonly { readonly id: string; readonly repairs: readonly Repair[] }[];
  readonly kept: ScadaKept;
  readonly sink: ScadaFarmSink;
}

interface ScadaFarmSink {
  /** One component after a row; `explanations` are one a mode, null where the mode has none. */
  onDecision(decision: Decision, explanations: readonly (Explanation | null)[]): void;
  onRow(turbine: string, scored: ScoredRow): void;
  onQuarantine(turbine: string, quarantine: Quarantine, windows: 0 | 1): void;
  onDropped(turbine: string, error: unknown): void;
  onEvent(turbine: string, name: string, detail: string): void;
  /** The policy asks for an inspection. */
  onInspection(inspection: PlannedInspection): void;
  /** A day of a turbine is over: its state, and the farm's, are worth writing down. */
  onDay(turbine: string, day: MonitorDay): void;
}

/** What is known of a component at the end of its turbine's last day. */
export interface ComponentStanding {
  readonly component: string;
  /** |z|, NaN while nothing is known. */
  readonly score: number;
  /** Of a failure in the horizon; 0 while nothing is known. */
  readonly probability: number;
}

/** The turbines of one bundle. */
export interface ScadaFarm {
  accept(reading: Reading): void;
  advance(nowMs: number): void;
  /** What is known of each component of a turbine, in the order of `components`; null before its first day is over. */
  standingOf(turbine: string): readonly ComponentStanding[] | null;
  /** Goes on with another bundle from the next row on; false: it scores otherwise, and is another farm's. */
  adopt(bundle: LoadedBundle): boolean;
  snapshot(): ScadaFarmSnapshot;
  snapshotTurbine(id: string): ScadaTurbineSnapshot;
  idle(): Promise<void>;
}

/** Creates the farm of `bundle`'s turbines. */
export function createScadaFarm(options: ScadaFarmOptions): ScadaFarm {
  const { bundle, site, sink, kept } = options;
  const { manifest, ref } = bundle;
  let scorer = describeScorer(bundle);
  const spec = requireSpec(manifest);
  const components = listComponents(spec);
  const plan = createFarmPlan({
    policy: spec.policy,
    components,
    logbook: new Map(options.turbines.map(({ id, repairs }) => [id, repairs])),
    from: kept.farm === undefined || givesSameScores(kept.farm, scorer) ? kept.farm : carryPlan(kept.farm),
  });
  const decide = createComponentDecider({
    site,
    spec,
    components,
    plan,
    powerAt: manifest.channels.findIndex(({ name }) => name === spec.operation.powerCurve.powerChannel),
  });
  const running = new Map(
    options.turbines.map(({ id, repairs }) => {
      const learnt = kept.turbine(id);
      const goesOn = learnt === undefined || givesSameScores(learnt, scorer);
      if (!goesOn)
        sink.onEvent(id, "scada-relearning", `${ref.name}@${ref.version} learns this turbine anew`);
      const turbine = createScadaTurbine({
        bundle,
        repairs,
        snapshot: goesOn ? learnt : undefined,
        sink: {
          onRow: (scored) => {
            sink.onRow(id, scored);
            for (const { decision, explanations } of decide(id, scored))
              sink.onDecision(decision, explanations);
          },
          onDay: (day) => {
            for (const inspection of plan.takeDay(id, day)) sink.onInspection(inspection);
            sink.onDay(id, day);
          },
          onSetBack: (day) => {
            plan.setBack(day);
            sink.onEvent(
              id,
              "scada-set-back",
              `its clock was ahead until now: ${nameDay(day)} is still to come`,
            );
          },
          onQuarantine: (quarantine, windows) => sink.onQuarantine(id, quarantine, windows),
          onDropped: (error) => sink.onDropped(id, error),
          onLearnt: ({ rows }) => sink.onEvent(id, "scada-learnt", `the site's own share, of ${rows} rows`),
          onTakenBack: (taken) => {
            const names = taken.map(({ component, day }) => `${component} of ${nameDay(day)}`).join(", ");
            sink.onEvent(
              id,
              "scada-repair-taken-back",
              `no longer under repairs: ${names}; from the end of this day on it is judged without`,
            );
          },
        },
      });
      return [id, turbine] as const;
    }),
  );
  return {
    accept: (reading) => running.get(reading.deviceId)?.accept(reading),
    advance: (nowMs) => {
      for (const turbine of running.values()) turbine.advance(nowMs);
    },
    standingOf: (turbine) => {
      const scores = plan.lastDayOf(turbine)?.scores;
      if (scores === undefined) return null;
      return components.map((component, at) => ({
        component,
        score: scores[at]!,
        probability: plan.probabilityOf(turbine, component),
      }));
    },
    adopt: (next) => {
      if (!givesSameScores(describeScoring(scorer), describeScorer(next))) return false;
      scorer = describeScorer(next);
      for (const turbine of running.values()) turbine.use(next);
      return true;
    },
    snapshot: () => ({ ...describeScoring(scorer), ...plan.snapshot() }),
    snapshotTurbine: (id) => running.get(id)!.snapshot(),
    idle: async () => {
      await Promise.all([...running.values()].map((turbine) => turbine.idle()));
    },
  };
}

/** A whole day since the epoch, as people write it. */
const nameDay = (day: number): string => renderIsoTime(day * dayMs).slice(0, 10);
