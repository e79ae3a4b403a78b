/**
 * Alarms that the last run kept of what the configuration no longer has: a component, its measuring point, or its SCADA values.
 * Nobody watches them, so that no window would ever end them, and a point that comes back later begins anew: those that are over
 * are forgotten with the next start. What waits for people, or is withheld by them, stays. Of a turbine that another gateway watches
 * by now those that it names are that one's: they are let go, and nobody is told that they ended.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { Topics } from "../../core/contract/topics.ts";
import type {
  AlarmName,
  AlarmRegister,
  AlarmRegisterSnapshot,
} from "../../core/decision/alarms/alarm-register.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { awaitSuccessors } from "../alarms/await-successors.ts";
import { notePublishedStates } from "../alarms/published-states.ts";
import type { KeptPlace } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import type { Telemetry } from "../record/telemetry.ts";
import { listScadaComponents } from "./check-scada-config.ts";
import { isOfScada, type Snapshots } from "./snapshots.ts";

/** What is watched. */
interface Watched {
  readonly config: GatewayConfig;
  readonly manifestOf: (name: string) => Manifest;
}

interface UnwatchedAlarmsOptions extends Watched {
  readonly register: Pick<AlarmRegister, "retire" | "handOver">;
  /** Of the last run. */
  readonly kept: Pick<Snapshots, "alarms">;
  readonly record: { readonly state: StateStore; readonly telemetry: Pick<Telemetry, "event"> };
  readonly topics: Topics;
  readonly mqtt: Pick<MqttClient, "publish" | "subscribe" | "unsubscribe" | "onConnect" | "onDisconnect">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Writes a component's alarms down. */
  keep(component: KeptPlace): void;
  onAlerts(events: readonly AlertEvent[]): void;
}

interface UnwatchedAlarms {
  /** Ends what is known to be nobody's, and tells of it: the first time once whoever is told listens. */
  tick(): void;
  close(): void;
}

/** What the last run kept, without those of such alarms that are normal. */
export function forgetUnwatched({ records }: AlarmRegisterSnapshot, watched: Watched): AlarmRegisterSnapshot {
  return { records: records.filter((each) => each.alarm.state !== "normal" || isWatched(each, watched)) };
}

/**
 * Notes which states go out, before the first does. Ends such alarms and takes former states back, those of a turbine that is gone
 * once it is known that no other gateway watches it.
 */
export function createUnwatchedAlarms(options: UnwatchedAlarmsOptions): UnwatchedAlarms {
  const { config, register, kept, record, topics, clock, logger } = options;
  const { state, telemetry } = record;
  const formerStates = notePublishedStates({
    ...options,
    state,
    alarms: kept.alarms,
    onEmptied: (topic) => successors.leave(topic),
  });
  const topicOf = ({ point: { site, turbine } }: AlarmName): string => topics.state(site, turbine);
  const watched = new Set(config.turbines.map(({ id }) => topics.state(config.gateway.site, id)));
  // Alarms that wait for people outlive the state that told of them.
  const ofAlarms = kept.alarms.records.map(topicOf).filter((topic) => !watched.has(topic));
  let isDue = true;
  // A gateway of this site may not read topics of its former one: a broker may end the connection that asks for them.
  const isOfSite = (topic: string): boolean =>
    topic === topics.state(config.gateway.site, topic.split("/").at(-2) ?? "");
  const successors = awaitSuccessors({
    ...options,
    topics: [...formerStates.topics, ...ofAlarms].filter(isOfSite),
    gateway: config.gateway.id,
    onFound: (topic, { gateway, alarms }) => {
      formerStates.leave(topic);
      // What that one does not know it would never tell the end of.
      isDue = true;
      logger.info("another gateway watches a turbine that is no longer configured", { topic, gateway });
      for (const { turbine, component, failureMode } of register.handOver(
        (alarm) =>
          topicOf(alarm) === topic &&
          alarms.some(
            (said) => said.component === alarm.point.component && said.failureMode === alarm.failureMode,
          ),
      )) {
        options.keep({ turbine, component });
        telemetry.event(
          "alarm.handed-over",
          `${turbine} ${component} ${failureMode}`,
          `${gateway} watches its turbine, which is no longer configured here: the alarm is that gateway's`,
        );
      }
    },
    onNone: () => {
      for (const topic of ofAlarms) if (!formerStates.topics.has(topic)) successors.leave(topic);
      empty();
      isDue = true;
    },
  });
  const empty = (): void => formerStates.empty((topic) => !successors.isAwaited(topic));
  empty();
  const tick = (): void => {
    if (!isDue) return;
    isDue = false;
    const retired = register.retire({
      isOver: (alarm) => !isWatched(alarm, options) && !successors.isAwaited(topicOf(alarm)),
      atMs: clock.nowMs(),
      reason: "what watched its component for it is no longer configured",
    });
    for (const event of retired) {
      const { turbine, component, failureMode } = event.data;
      logger.warn("an alarm is over, since what watched its component for it is no longer configured", {
        turbine,
        component,
        failureMode,
      });
    }
    options.onAlerts(retired);
  };
  return { tick, close: successors.close };
}

function isWatched({ point, failureMode }: AlarmName, { config, manifestOf }: Watched): boolean {
  const { site, turbine, component } = point;
  const watching = config.turbines.find(({ id }) => id === turbine);
  if (site !== config.gateway.site || watching === undefined) return false;
  // A component may be watched by its vibration and by SCADA values: neither ends what the other one raised.
  return isOfScada(failureMode)
    ? listScadaComponents(config, manifestOf, turbine).includes(component)
    : watching.points.some((point) => point.component === component);
}
