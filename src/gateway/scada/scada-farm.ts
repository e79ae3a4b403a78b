/**
 * The turbines that one normal-behaviour bundle watches: hands readings to each, ranks them against each other at the
 * end of every day, and turns what the policy asks for into decisions of two modes a component: `failure-ahead` while
 * an inspection is asked for, `sensor-fault` while a sensor's values cannot be believed. Reads no clock of its own.
 */
import type {
  Decision,
  Explanation,
  ModeDecision,
  ModelRef,
  OperatingState,
} from "../../contract/prediction.ts";
import type { Quarantine, Reading } from "../../contract/stream.ts";
import { explainScore } from "../../decision/normal-behaviour/explain-score.ts";
import { createInspectionPlanner } from "../../decision/normal-behaviour/inspection-planner.ts";
import type { MonitorDay } from "../../decision/normal-behaviour/residual-monitor.ts";
import type { LoadedBundle } from "../loaded-bundle.ts";
import type { ScadaFarmSnapshot, ScadaTurbineSnapshot } from "./scada-snapshot.ts";
import { createScadaTurbine, type JudgedRow, type Repair, requireSpec } from "./scada-turbine.ts";

/** Failure modes of such a decision, in order. */
const scadaModes = ["failure-ahead", "sensor-fault"] as const;

/** What the last run kept. */
export interface ScadaKept {
  readonly farm: ScadaFarmSnapshot | undefined;
  turbine(id: string): ScadaTurbineSnapshot | undefined;
}

/** What a farm is made of. */
export interface ScadaFarmOptions {
  readonly site: string;
  readonly bundle: LoadedBundle;
  readonly turbines: readonly { readonly id: string; readonly repairs: readonly Repair[] }[];
  readonly kept: ScadaKept;
  readonly sink: ScadaFarmSink;
}

/** Where everything goes. */
export interface ScadaFarmSink {
  /** One component after a row; `explanations` are one a mode, null where the mode has none. */
  onDecision(decision: Decision, explanations: readonly (Explanation | null)[]): void;
  onRow(turbine: string, judged: JudgedRow): void;
  onQuarantine(turbine: string, quarantine: Quarantine, windows: 0 | 1): void;
  onDropped(turbine: string, error: unknown): void;
  onEvent(turbine: string, name: string, detail: string): void;
  /** A day of a turbine is over: its state, and the farm's, are worth writing down. */
  onDay(turbine: string): void;
}

/** The turbines of one bundle. */
export interface ScadaFarm {
  readonly model: ModelRef;
  /** By turbine: components that are watched. */
  readonly components: readonly string[];
  accept(reading: Reading, arrivalMs: number): void;
  advance(nowMs: number): void;
  snapshot(): ScadaFarmSnapshot;
  snapshotTurbine(id: string): ScadaTurbineSnapshot;
  idle(): Promise<void>;
}

/** Creates the farm of `bundle`'s turbines. */
export function createScadaFarm(options: ScadaFarmOptions): ScadaFarm {
  const { bundle, site, sink, kept } = options;
  const { manifest, ref } = bundle;
  const spec = requireSpec(manifest);
  const { policy } = spec;
  const from = kept.farm?.modelDigest === ref.digest ? kept.farm : undefined;
  const planner = createInspectionPlanner(policy, from?.planner);
  /** Day at whose end the inspection that stands was decided, by turbine and component. */
  const standing = new Map((from?.standing ?? []).map((each) => [keyOf(each.turbine, each.component), each]));
  const assessed = new Map((from?.assessed ?? []).map(([turbine, name, p]) => [keyOf(turbine, name), p]));
  const days = new Map((from?.days ?? []).map((each) => [each.turbine, restoreDay(each)]));
  const told = new Set<string>();
  let plannedDay = from?.plannedDay ?? null;
  const powerAt = manifest.channels.findIndex(({ name }) => name === spec.operation.powerCurve.powerChannel);
  const titles = manifest.outputs.map((output) => output.title);

  const takeDay = (turbine: string, repairs: readonly Repair[], day: MonitorDay): void => {
    days.set(turbine, day);
    for (const { component, day: repairDay } of repairs) {
      const name = `${keyOf(turbine, component)} ${repairDay}`;
      if (repairDay > day.day || told.has(name)) continue;
      told.add(name);
      planner.failed(turbine, component, repairDay);
      const asked = standing.get(keyOf(turbine, component));
      if (asked !== undefined && asked.day <= repairDay) standing.delete(keyOf(turbine, component));
    }
    const components = running.get(turbine)!.components;
    planner.observe(turbine, day.day, new Map(components.map((name, at) => [name, day.scores[at]!])));
    for (const [key, asked] of standing) {
      if (asked.turbine === turbine && day.day >= asked.day + policy.muteDays) standing.delete(key);
    }
    plan(day.day);
    sink.onDay(turbine);
  };

  /** Weighs the pairs at the end of a day that every turbine has come to the end of; a silent one is not waited for. */
  const plan = (day: number): void => {
    const latest = [...days.values()].map((each) => each.day);
    const isWhole = latest.length === running.size && latest.every((each) => each >= day);
    const due = isWhole ? day : day - 1;
    if (plannedDay !== null && due <= plannedDay) return;
    plannedDay = due;
    for (const pair of planner.assess(due))
      assessed.set(keyOf(pair.turbine, pair.component), pair.probability);
    if (due % policy.roundDays !== 0) return;
    for (const asked of planner.plan(due)) {
      const { turbine, component } = asked;
      standing.set(keyOf(turbine, component), { turbine, component, day: due });
      sink.onEvent(
        turbine,
        "inspection-asked",
        `${component}: |z| ${asked.score.toFixed(2)}, p ${asked.probability.toFixed(3)}, worth ${asked.expectedEur.toFixed(0)} EUR`,
      );
    }
  };

  const decide = (turbine: string, { row, state, residuals }: JudgedRow): void => {
    const operatingState = judgeState(state, row.values[powerAt]!);
    const day = days.get(turbine);
    const isKnown = residuals !== null || (state === "not-operating" && operatingState !== "standby");
    for (const component of farm.components) {
      const scored = day === undefined ? Number.NaN : day.scores[farm.components.indexOf(component)]!;
      const outputs = spec.residuals.flatMap((each, index) => (each.component === component ? [index] : []));
      const hasSensorFault = day?.sensorFaults.some((output) => outputs.includes(output)) ?? false;
      const isJudged = isKnown && day !== undefined && (!Number.isNaN(scored) || hasSensorFault);
      const asked = standing.get(keyOf(turbine, component));
      const probability = assessed.get(keyOf(turbine, component)) ?? 0;
      const modes: ModeDecision[] = [
        {
          failureMode: scadaModes[0],
          probability,
          score: Number.isNaN(scored) ? 0 : scored,
          threshold: thresholdOf(component),
          active: asked !== undefined,
          sinceMs: asked === undefined ? null : (asked.day + 1) * dayMs,
        },
        {
          failureMode: scadaModes[1],
          probability: hasSensorFault ? 1 : 0,
          score: hasSensorFault ? 1 : 0,
          threshold: 1,
          active: hasSensorFault,
          sinceMs: hasSensorFault ? firstFaultMs(turbine, component, row.fromMs) : null,
          isAdvisory: true,
        },
      ];
      if (!hasSensorFault) sensorSince.delete(keyOf(turbine, component));
      const sensors = outputs.map((output) => ({ name: titles[output]!, z: day?.z[output] ?? Number.NaN }));
      sink.onDecision(
        {
          point: { site, turbine, component },
          windowId: `${turbine}/${component}/${row.fromMs}`,
          ...{ fromMs: row.fromMs, toMs: row.toMs, operatingState, model: ref },
          modes: isJudged ? modes : [],
        },
        [explainScore(sensors), null],
      );
    }
  };

  /** Since when a sensor is not believed, by turbine and component: of this run. */
  const sensorSince = new Map<string, number>();
  const firstFaultMs = (turbine: string, component: string, atMs: number): number => {
    const key = keyOf(turbine, component);
    const since = sensorSince.get(key) ?? atMs;
    sensorSince.set(key, since);
    return since;
  };
  /** The probability from which an inspection is worth its money. */
  const thresholdOf = (component: string): number => {
    const own = policy.components.find((each) => each.component === component);
    if (own === undefined) return 1;
    const breakEven = (policy.minWorthEur + own.inspectionEur) / (own.worthEur + own.inspectionEur);
    return Math.min(1, Math.max(0, breakEven));
  };

  const running = new Map(
    options.turbines.map(({ id, repairs }) => {
      const turbine = createScadaTurbine(
        bundle,
        repairs,
        {
          onRow: (judged) => {
            sink.onRow(id, judged);
            decide(id, judged);
          },
          onDay: (day) => takeDay(id, repairs, day),
          onQuarantine: (quarantine, windows) => sink.onQuarantine(id, quarantine, windows),
          onDropped: (error) => sink.onDropped(id, error),
          onLearnt: ({ rows }) => sink.onEvent(id, "scada-learnt", `the site's own share, of ${rows} rows`),
        },
        kept.turbine(id),
      );
      return [id, turbine] as const;
    }),
  );

  const farm: ScadaFarm = {
    model: ref,
    components: [...new Set(spec.residuals.map((residual) => residual.component))],
    accept: (reading, arrivalMs) => running.get(reading.deviceId)?.accept(reading, arrivalMs),
    advance: (nowMs) => {
      for (const turbine of running.values()) turbine.advance(nowMs);
    },
    snapshot: () => ({
      ...{ modelDigest: ref.digest, planner: planner.snapshot(), plannedDay },
      standing: [...standing.values()],
      days: [...days].map(([turbine, day]) => keepDay(turbine, day)),
      assessed: [...days.keys()].flatMap((turbine) =>
        farm.components.flatMap((component) => {
          const probability = assessed.get(keyOf(turbine, component));
          return probability === undefined ? [] : [[turbine, component, probability] as const];
        }),
      ),
    }),
    snapshotTurbine: (id) => running.get(id)!.snapshot(),
    idle: async () => {
      await Promise.all([...running.values()].map((turbine) => turbine.idle()));
    },
  };
  return farm;
}

function keepDay(
  turbine: string,
  { day, z, scores, sensorFaults }: MonitorDay,
): ScadaFarmSnapshot["days"][number] {
  const toNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return { turbine, day, sensorFaults, z: Array.from(z, toNull), scores: Array.from(scores, toNull) };
}

function restoreDay({ day, z, scores, sensorFaults }: ScadaFarmSnapshot["days"][number]): MonitorDay {
  const toNumber = (value: number | null): number => value ?? Number.NaN;
  return {
    day,
    sensorFaults,
    z: Float64Array.from(z, toNumber),
    scores: Float64Array.from(scores, toNumber),
  };
}

const dayMs = 86_400_000;
const keyOf = (turbine: string, component: string): string => `${turbine}/${component}`;

function judgeState(state: JudgedRow["state"], power: number): OperatingState {
  if (state === "frozen") return "information-unavailable";
  if (state === "scored" || state === "learning") return "full-performance";
  return power > 0 ? "partial-performance" : "standby";
}
