/** Publishes the turbines' retained states: at once when what an operator sees changes, every few seconds otherwise. */

import type { TurbineConfig } from "../../core/contract/config/gateway-config.ts";
import type { Decision } from "../../core/contract/prediction.ts";
import type { Topics } from "../../core/contract/topics.ts";
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import type { PointStatus } from "../points/pipeline-baselines.ts";
import type { DataQuality } from "../record/data-quality.ts";
import type { AlarmRegister } from "./alarm-register.ts";
import { createTurbineTracker, type TurbineTracker } from "./turbine-state.ts";

/** Follows decisions and publishes. */
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

/** What it needs. */
export interface StatePublisherOptions {
  readonly site: string;
  readonly turbines: readonly TurbineConfig[];
  readonly register: AlarmRegister;
  readonly quality: DataQuality;
  /** Where the baselines of all points stand. */
  readonly conditions?: () => readonly PointStatus[];
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
  const { site, register, quality, mqtt, topics, clock } = options;
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
      dataQuality: quality.ofTurbine(entry.turbine),
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
  mqtt.onConnect(() => {
    for (const entry of entries.values()) forget(entry);
    for (const entry of entries.values()) publish(entry, describe(entry)).catch(() => forget(entry));
  });
  return {
    update: (decision) => entries.get(decision.point.turbine)?.tracker.update(decision),
    tick: () => {
      if (!mqtt.connected) return;
      for (const entry of entries.values()) {
        const state = describe(entry);
        const isDue = clock.monotonicMs() - entry.publishedMonotonicMs >= refreshMs;
        if (isDue || urgentPart(state) !== entry.published) publish(entry, state).catch(() => forget(entry));
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

function describeBaselines(
  conditions: readonly PointStatus[],
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
