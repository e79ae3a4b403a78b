/** What a row, the turbine's last day and the plan make of each component: a decision of two modes, with its explanation. */
import { type NormalBehaviourSpec, scadaModes } from "../../contract/bundle/normal-behaviour.ts";
import type { Decision, Explanation, ModeDecision, OperatingState } from "../../contract/prediction.ts";
import { composeWindowId } from "../../contract/stream.ts";
import { explainLargestZ } from "../../decision/normal-behaviour/explain-largest-z.ts";
import { dayMs } from "../../maths/durations.ts";
import type { FarmPlan } from "./farm-plan.ts";
import type { ScoredRow } from "./scada-turbine.ts";

interface ComponentDeciderOptions {
  readonly site: string;
  readonly spec: NormalBehaviourSpec;
  readonly components: readonly string[];
  /** Place of the power among a row's values. */
  readonly powerAt: number;
  readonly plan: Pick<FarmPlan, "lastDayOf" | "askedOf" | "probabilityOf">;
}

/** What is decided on one component after a row. */
interface ComponentDecision {
  readonly decision: Decision;
  /** One a mode; null where the mode has none. */
  readonly explanations: readonly (Explanation | null)[];
}

/** Decides on every component of `turbine` after a row of it. */
type ComponentDecider = (turbine: string, scored: ScoredRow) => readonly ComponentDecision[];

/** Creates it; remembers since when each sensor has not been believed, of this run. */
export function createComponentDecider(options: ComponentDeciderOptions): ComponentDecider {
  const { site, spec, components, powerAt, plan } = options;
  /** By turbine and component. */
  const sensorSince = new Map<string, number>();
  const firstFaultMs = (key: string, atMs: number): number => {
    const since = sensorSince.get(key) ?? atMs;
    sensorSince.set(key, since);
    return since;
  };
  return (turbine, { row, bundle, state, residuals }) => {
    const operatingState = classifyRowState(state, row.values[powerAt]!);
    const day = plan.lastDayOf(turbine);
    const isKnown = residuals !== null || (state === "not-operating" && operatingState !== "standby");
    return components.map((component, at) => {
      const key = `${turbine}/${component}`;
      const score = day === undefined ? Number.NaN : day.scores[at]!;
      const outputs = spec.residuals.flatMap((each, index) => (each.component === component ? [index] : []));
      const hasSensorFault = day?.sensorFaults.some((output) => outputs.includes(output)) ?? false;
      const isDecided = isKnown && day !== undefined && (!Number.isNaN(score) || hasSensorFault);
      const asked = plan.askedOf(turbine, component);
      const probability = plan.probabilityOf(turbine, component);
      const modes: ModeDecision[] = [
        {
          failureMode: scadaModes[0],
          probability,
          // The logbook's rate is in it already: it is no evidence alone, as a window's is.
          risk: probability,
          score: Number.isNaN(score) ? 0 : score,
          threshold: thresholdOf(spec, component),
          active: asked !== undefined,
          sinceMs: asked === undefined ? null : (asked.day + 1) * dayMs,
        },
        {
          failureMode: scadaModes[1],
          probability: hasSensorFault ? 1 : 0,
          score: hasSensorFault ? 1 : 0,
          threshold: 1,
          active: hasSensorFault,
          sinceMs: hasSensorFault ? firstFaultMs(key, row.fromMs) : null,
          isAdvisory: true,
        },
      ];
      if (!hasSensorFault) sensorSince.delete(key);
      const sensors = outputs.map((output) => ({
        name: bundle.manifest.outputs[output]!.title,
        z: day?.z[output] ?? Number.NaN,
      }));
      const decision = {
        point: { site, turbine, component },
        windowId: composeWindowId({ turbine, component }, row.fromMs),
        fromMs: row.fromMs,
        toMs: row.toMs,
        operatingState,
        model: bundle.ref,
        modes: isDecided ? modes : [],
        ...(state === "learning" || state === "scored" ? { isLearning: state === "learning" } : {}),
      };
      return { decision, explanations: [explainLargestZ(sensors), null] };
    });
  };
}

/** The probability from which an inspection is worth its money. */
function thresholdOf({ policy }: NormalBehaviourSpec, component: string): number {
  const own = policy.components.find((each) => each.component === component);
  if (own === undefined) return 1;
  const breakEven = (policy.minWorthEur + own.inspectionEur) / (own.worthEur + own.inspectionEur);
  return Math.min(1, Math.max(0, breakEven));
}

function classifyRowState(state: ScoredRow["state"], power: number): OperatingState {
  if (state === "frozen") return "information-unavailable";
  if (state === "scored" || state === "learning") return "full-performance";
  return power > 0 ? "partial-performance" : "standby";
}
