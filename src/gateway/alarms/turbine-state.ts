/**
 * The retained state of a turbine. Says "ok" only when every watched component runs, was scored, and has no alarm: a
 * turbine that stands or whose data is missing is not healthy but unknown.
 */
import {
  type Decision,
  type ModelRef,
  type OperatingState,
  operatingStates,
} from "../../core/contract/prediction.ts";
import type { TurbineHealth, TurbineState } from "../../core/contract/turbine-state.ts";
import type { OpenAlarm } from "./alarm-register.ts";
import { formatTime } from "./alert-event.ts";

/** Follows the decisions of one turbine. */
export interface TurbineTracker {
  /** Takes a decision of one of the turbine's components; others are ignored. */
  update(decision: Decision): void;
  /** The payload of the retained state at `timeMs`. */
  describe(now: {
    readonly timeMs: number;
    readonly alarms: readonly OpenAlarm[];
    readonly dataQuality: TurbineState["dataQuality"];
    readonly baselines?: TurbineState["baselines"];
  }): TurbineState;
}

/** Creates the tracker of a turbine; `components` are all that are watched, seen or not. */
export function createTurbineTracker(
  site: string,
  turbine: string,
  components: readonly string[],
): TurbineTracker {
  const states = new Map<string, OperatingState>(
    components.map((component) => [component, "information-unavailable"]),
  );
  const scores = new Map<string, TurbineState["lastScores"][number]>();
  let model: ModelRef | null = null;
  return {
    update({ point, operatingState, modes, toMs, model: ref }) {
      if (point.site !== site || point.turbine !== turbine || !states.has(point.component)) return;
      // An operating window without modes was not scored: nothing is known.
      const isScored = modes.length > 0 || operatingState === "standby";
      states.set(point.component, isScored ? operatingState : "information-unavailable");
      model = ref;
      for (const { failureMode, probability } of modes) {
        const { component } = point;
        scores.set(`${component}/${failureMode}`, {
          component,
          failureMode,
          probability,
          time: formatTime(toMs),
        });
      }
    },
    describe({ timeMs, alarms, dataQuality, baselines }) {
      const known = [...states.values()];
      return {
        site,
        turbine,
        time: formatTime(timeMs),
        operatingState: operatingStates.find((state) => known.includes(state)) ?? "information-unavailable",
        health: judgeHealth(known, alarms),
        alarms: alarms.map(({ component, failureMode, state, sinceMs, probability }) => ({
          component,
          failureMode,
          state,
          since: formatTime(sinceMs),
          probability,
        })),
        lastScores: [...scores.values()],
        model,
        ...(baselines === undefined ? {} : { baselines }),
        dataQuality,
      };
    },
  };
}

/**
 * `alarm` when any alarm's condition holds, shelved and suppressed ones too: withholding an alarm mends nothing. An
 * alarm that is out of service is no evidence either way, so its turbine is unknown at best.
 */
function judgeHealth(states: readonly OperatingState[], alarms: readonly OpenAlarm[]): TurbineHealth {
  if (alarms.some(({ state, conditionActive }) => conditionActive && state !== "out-of-service"))
    return "alarm";
  const isKnown = (state: OperatingState): boolean =>
    state === "full-performance" || state === "partial-performance";
  if (states.length === 0 || !states.every(isKnown)) return "information-unavailable";
  return alarms.some(({ state }) => state === "out-of-service") ? "information-unavailable" : "ok";
}
