/** What lists tell of a turbine's state, so that those of a large fleet can be held in memory. */
import type { TurbineState } from "../../core/contract/turbine-state.ts";

/** A brief state, and what changes with the state that it was made of. */
export interface HeldState {
  readonly version: string;
  readonly state: TurbineState | null;
}

/**
 * As much of a state as tells how the turbine is and what lists are searched and sorted by: of scores each component's highest
 * risk, of baselines, drift, devices and the quality of data nothing. One of an older gateway, of which more is derived, stays whole.
 */
export function briefState(json: string | null): TurbineState | null {
  if (json === null) return null;
  const state = JSON.parse(json) as TurbineState;
  if (state.components === undefined) return state;
  const { site, turbine, time, operatingState, health, components, alarms, model } = state;
  const highest = new Map<string, TurbineState["lastScores"][number]>();
  for (const score of state.lastScores) {
    const before = highest.get(score.component);
    if (before === undefined || (score.risk ?? -1) > (before.risk ?? -1)) highest.set(score.component, score);
  }
  const lastScores = [...highest.values()];
  return { site, turbine, time, operatingState, health, components, alarms, lastScores, model, dataQuality };
}

const dataQuality = { windowsProcessed: 0, windowsQuarantined: 0, quarantinedByReason: {} };
