/**
 * Publishes the turbines' retained states: at once when what an operator sees changes, every few seconds otherwise. Says
 * "ok" only when every watched component runs, was scored, and has no alarm: a turbine that stands or whose data is
 * missing is not healthy but unknown.
 */
import type { TurbineConfig } from "../../core/contract/config/gateway-config.ts";
import {
  type Decision,
  type ModelRef,
  type OperatingState,
  operatingStates,
} from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { Topics } from "../../core/contract/topics.ts";
import type { TurbineHealth, TurbineState } from "../../core/contract/turbine-state.ts";
import type { AlarmRegister, OpenAlarm } from "../../core/decision/alarms/alarm-register.ts";
import { formatTime } from "../../core/decision/alarms/alert-event.ts";
import type { BaselineStatus } from "../../core/decision/baseline-learner.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";

export interface StatePublisher {
  /** Takes a decision of any point. */
  update(decision: Decision): void;
  /** Publishes what changed or is due; call it about once a second. */
  tick(): void;
  /**
   * The gateway stops: from now on nobody knows how the turbines are. Resolves when it was said, or could not be; an
   * alarm stays one. (After a crash only the gateway's last will speaks.)
   */
  sayGoodbye(): Promise<void>;
}

/** How a point stands against its healthy baseline. */
export interface PointCondition {
  readonly point: PointId;
  /** Null: its bundle knows no baselines. */
  readonly status: BaselineStatus | null;
  /** Of its last window, dB; null: not known. */
  readonly severityDb: number | null;
}

export interface StatePublisherOptions {
  readonly site: string;
  readonly turbines: readonly TurbineConfig[];
  readonly register: AlarmRegister;
  /** What of a turbine's data was processed and set aside. */
  readonly dataQualityOf: (turbine: string) => TurbineState["dataQuality"];
  readonly conditions?: () => readonly PointCondition[];
  /** Components that are watched beside the turbine's points. */
  readonly componentsOf?: (turbine: string) => readonly string[];
  readonly mqtt: MqttClient;
  readonly topics: Topics;
  readonly clock: Clock;
}

/** Scores go stale within this; state and alarms are published at once. */
const refreshMs = 5000;

interface Entry {
  readonly turbine: string;
  readonly tracker: TurbineTracker;
  /** What an operator would want to know at once, as it was last published. */
  published: string;
  publishedMonotonicMs: number;
}

/** Creates the publisher; every (re)connection publishes all states anew. */
export function createStatePublisher(options: StatePublisherOptions): StatePublisher {
  const { site, register, mqtt, topics, clock } = options;
  const entries = new Map<string, Entry>(
    options.turbines.map((turbine) => {
      const others = options.componentsOf?.(turbine.id) ?? [];
      const components = [...new Set([...turbine.points.map((point) => point.component), ...others])];
      const tracker = createTurbineTracker(site, turbine.id, components);
      const entry: Entry = {
        turbine: turbine.id,
        tracker,
        published: "",
        publishedMonotonicMs: Number.NEGATIVE_INFINITY,
      };
      return [turbine.id, entry];
    }),
  );
  const describe = (entry: Entry): TurbineState =>
    entry.tracker.describe({
      timeMs: clock.nowMs(),
      alarms: register.list(site, entry.turbine),
      dataQuality: options.dataQualityOf(entry.turbine),
      baselines: describeBaselines(options.conditions?.() ?? [], entry.turbine),
    });
  const publish = async (entry: Entry, state: TurbineState): Promise<void> => {
    entry.published = urgentPart(state);
    entry.publishedMonotonicMs = clock.monotonicMs();
    await mqtt.publish(topics.state(site, entry.turbine), JSON.stringify(state), { qos: 1, retain: true });
  };
  const forget = (entry: Entry): void => {
    entry.published = "";
  };
  /** What the broker does not take is sent again at the next tick. */
  const send = (entry: Entry, state: TurbineState): void => {
    publish(entry, state).catch(() => forget(entry));
  };
  mqtt.onConnect(() => {
    for (const entry of entries.values()) forget(entry);
    for (const entry of entries.values()) send(entry, describe(entry));
  });
  return {
    update: (decision) => entries.get(decision.point.turbine)?.tracker.update(decision),
    tick: () => {
      if (!mqtt.connected) return;
      for (const entry of entries.values()) {
        const state = describe(entry);
        const isDue = clock.monotonicMs() - entry.publishedMonotonicMs >= refreshMs;
        if (isDue || urgentPart(state) !== entry.published) send(entry, state);
      }
    },
    sayGoodbye: async () => {
      await Promise.allSettled(
        [...entries.values()].map((entry) => {
          const state = describe(entry);
          const health = state.health === "alarm" ? "alarm" : "information-unavailable";
          return publish(entry, { ...state, operatingState: "information-unavailable", health });
        }),
      );
    },
  };
}

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
        health: describeHealth(known, alarms),
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
function describeHealth(states: readonly OperatingState[], alarms: readonly OpenAlarm[]): TurbineHealth {
  if (alarms.some(({ state, conditionActive }) => conditionActive && state !== "out-of-service"))
    return "alarm";
  const isKnown = (state: OperatingState): boolean =>
    state === "full-performance" || state === "partial-performance";
  if (states.length === 0 || !states.every(isKnown)) return "information-unavailable";
  return alarms.some(({ state }) => state === "out-of-service") ? "information-unavailable" : "ok";
}

function describeBaselines(
  conditions: readonly PointCondition[],
  turbine: string,
): NonNullable<TurbineState["baselines"]> {
  return conditions.flatMap(({ point, status, severityDb }) =>
    status === null || point.turbine !== turbine
      ? []
      : [
          {
            component: point.component,
            ...status,
            severityDb: severityDb === null ? null : round(severityDb),
          },
        ],
  );
}

/** To a tenth of a decibel: more is noise. */
function round(decibels: number): number {
  return Math.round(decibels * 10) / 10;
}

function urgentPart(state: TurbineState): string {
  return JSON.stringify([
    state.operatingState,
    state.health,
    state.model,
    state.baselines?.map((baseline) => [baseline.state, baseline.version]),
    state.alarms.map((alarm) => [alarm.component, alarm.failureMode, alarm.state]),
  ]);
}
