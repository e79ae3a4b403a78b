/**
 * When a turbine's state is published: at once where an alarm, a device or a source changes, or anything else that an operator wants
 * to know, and every minute otherwise. Of a turbine that comes and goes all the time the changes of the latter kind wait for that
 * minute, since each costs a thin link a whole state. Publishes nothing itself.
 */
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import type { Clock } from "../../core/platform/clock.ts";

/** The pace of one turbine's states. */
export interface StatePace {
  /** Is this state, the newest, to be published now? */
  isDue(state: TurbineState): boolean;
  /** It is being published. */
  note(state: TurbineState): void;
  /** The broker may not have what was published last: the next state is due. */
  forget(): void;
}

/**
 * Scores go stale within this; state and alarms are published at once. More often would cost more of a thin link than all lanes do. Each
 * turbine has its own moment in it: all at once would hold up windows.
 */
export const stateRefreshMs = 60_000;

/** So many changes of how a turbine and its components are go at once, and one more for each refresh since. */
const mostAhead = 10;

/** Creates the pace of a state that was not published yet. @param momentMs when in the time of a refresh it is refreshed */
export function createStatePace(momentMs: number, clock: Pick<Clock, "monotonicMs">): StatePace {
  /** As they were last published; null: it is not known what the broker has. */
  let published: { readonly urgent: string; readonly standing: string } | null = null;
  /** The period, of those that begin with the moment, in which that was. */
  let publishedIn = Number.NEGATIVE_INFINITY;
  /** Changes that went ahead of a refresh, less one for each refresh since. */
  let ahead = 0;
  const periodNow = (): number => Math.floor((clock.monotonicMs() - momentMs) / stateRefreshMs);
  const isAhead = (state: TurbineState): boolean =>
    published !== null && publishedIn === periodNow() && published.urgent === urgentPart(state);
  return {
    isDue: (state) => !isAhead(state) || (ahead < mostAhead && published?.standing !== standingPart(state)),
    note: (state) => {
      const period = periodNow();
      ahead = isAhead(state) ? ahead + 1 : Math.max(0, ahead - (period - publishedIn));
      published = { urgent: urgentPart(state), standing: standingPart(state) };
      publishedIn = period;
    },
    forget: () => {
      published = null;
    },
  };
}

/** What somebody has to do something about. */
function urgentPart(state: TurbineState): string {
  return JSON.stringify([
    state.alarms.map((alarm) => [alarm.component, alarm.failureMode, alarm.state, alarm.until]),
    state.devices?.map(({ device, diagnoses }) => [device, diagnoses.map(({ code }) => code)]),
    state.sources?.map(({ source, diagnoses }) => [source, diagnoses.map(({ code }) => code)]),
  ]);
}

/** How the turbine and its components are, which may change with every window. */
function standingPart(state: TurbineState): string {
  return JSON.stringify([
    state.operatingState,
    state.health,
    state.components?.map(({ health, sinceMs, unknown }) => [health, sinceMs, unknown !== undefined]),
    state.model,
    state.baselines?.map((baseline) => [baseline.state, baseline.version]),
    state.drift?.map(({ component, level }) => [component, level]),
  ]);
}
