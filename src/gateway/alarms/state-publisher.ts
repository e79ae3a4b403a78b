/**
 * Publishes the turbines' retained states; when is `state-pace.ts`'s, and what is said of a turbine and its components
 * `turbine-tracker.ts`'s.
 */
import type { TurbineConfig } from "../../core/contract/config/gateway-config.ts";
import { indexPoints } from "../../core/contract/config/index-points.ts";
import { type DiagnosedDevice, findUnfit } from "../../core/contract/device/device-diagnosis.ts";
import type { Decision } from "../../core/contract/prediction.ts";
import type { DiagnosedSource } from "../../core/contract/source-diagnosis.ts";
import type { PointId, Quarantine } from "../../core/contract/stream.ts";
import type { Topics } from "../../core/contract/topics.ts";
import type { ComponentCondition, PointSilence, TurbineState } from "../../core/contract/turbine-state.ts";
import type { AlarmRegister, OpenAlarm } from "../../core/decision/alarms/alarm-register.ts";
import { findHighestRisk, rollUpHealth, tellsRisk } from "../../core/decision/roll-up-health.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import type { PointCondition } from "./component-tracker.ts";
import { createStatePace, type StatePace, stateRefreshMs } from "./state-pace.ts";
import { type ComponentDrift, createTurbineTracker, type TurbineTracker } from "./turbine-tracker.ts";

export interface StatePublisher {
  /** Takes a decision of any point. */
  update(decision: Decision): void;
  /** Nothing is known of a point any more; comes after the decision that said so. */
  noteSilence(point: PointId, silence: PointSilence): void;
  /** Something of a device's data was set aside. */
  noteSetAside(quarantine: Quarantine): void;
  /** Something of a turbine's SCADA values was set aside, of which a row comes every `rowMs`. */
  noteRowSetAside(quarantine: Quarantine, rowMs: number): void;
  /** How all components are now, where the baselines of all points stand so. */
  describeComponents(conditions: readonly PointCondition[]): readonly DescribedComponent[];
  /** Has the broker taken the newest state of every turbine that was due? */
  arePublished(): boolean;
  /** Publishes what changed or is due; call it about once a second. */
  tick(): void;
  /** As a tick does, of one turbine: an alert is not to wait for the next one. */
  publishTurbine(turbine: string): void;
  /**
   * The gateway stops: from now on nobody knows how the turbines are. Resolves when it was said, or could not be; an
   * alarm stays one. (After a crash only the gateway's last will speaks.)
   */
  sayGoodbye(): Promise<void>;
}

/** A component of one of the turbines, as it is now. */
export interface DescribedComponent extends ComponentCondition {
  readonly turbine: string;
  /** Is nothing known of it although its turbine does not stand by, and people have no alarm of it out of service? */
  readonly unheard: boolean;
  /** Highest of its failure modes, at the site's prior; null: not known. */
  readonly risk: number | null;
}

interface StatePublisherOptions {
  readonly site: string;
  /** Id of this gateway: states say whose they are. */
  readonly gateway: string;
  readonly turbines: readonly TurbineConfig[];
  readonly register: AlarmRegister;
  /** What of a turbine's data was processed and set aside. */
  readonly dataQualityOf: (turbine: string) => TurbineState["dataQuality"];
  readonly conditions: () => readonly PointCondition[];
  /** What was last said of each point's drift. */
  readonly drift: () => readonly (ComponentDrift & { readonly turbine: string })[];
  /** Devices that something is wrong with. */
  readonly devices: (turbine: string) => readonly DiagnosedDevice[];
  /** Sources of its SCADA values that something is wrong with. */
  readonly sources: (turbine: string) => readonly DiagnosedSource[];
  /** Components that are watched beside the turbine's points. */
  readonly componentsOf: (turbine: string) => readonly string[];
  readonly mqtt: MqttClient;
  readonly topics: Topics;
  readonly clock: Clock;
}

/** What was set aside of a device's data longer ago than this says nothing of now, … */
const setAsideFreshMs = 60_000;
/** … and of rows of SCADA values so many rows. */
const setAsideFreshRows = 2;

interface Entry {
  readonly turbine: string;
  readonly pace: StatePace;
  readonly tracker: TurbineTracker;
  /** Components that its SCADA values speak of. */
  readonly ofScada: readonly string[];
}

/** How all points are now, by turbine: gathered once for all states that are described together. */
interface Standings {
  readonly alarms: ReadonlyMap<string, readonly OpenAlarm[]>;
  readonly conditions: ReadonlyMap<string, readonly PointCondition[]>;
  readonly drift: ReadonlyMap<string, readonly ComponentDrift[]>;
}

/** Creates the publisher; every (re)connection publishes all states anew. */
export function createStatePublisher(options: StatePublisherOptions): StatePublisher {
  const { site, register, mqtt, topics, clock } = options;
  const entries = new Map<string, Entry>(
    options.turbines.map((turbine, index) => {
      const others = options.componentsOf(turbine.id);
      const components = [...new Set([...turbine.points.map((point) => point.component), ...others])];
      const tracker = createTurbineTracker(site, turbine.id, components);
      const entry: Entry = {
        turbine: turbine.id,
        pace: createStatePace((stateRefreshMs * index) / options.turbines.length, clock),
        tracker,
        ofScada: others,
      };
      return [turbine.id, entry];
    }),
  );
  const points = indexPoints(options.turbines);
  const unfitOf = (
    { turbine }: Entry,
    component: string,
    devices: readonly DiagnosedDevice[],
  ): PointSilence | undefined => {
    if (devices.length === 0) return undefined;
    const source = points.find(turbine, component);
    const unfit = source === undefined ? null : findUnfit(devices, source.device);
    return unfit === null ? undefined : { reason: unfit.text, sinceMs: unfit.sinceMs };
  };
  const gather = (all = options.conditions()): Standings => ({
    alarms: groupBy(register.list(site), ({ turbine }) => turbine),
    conditions: groupBy(all, ({ point }) => point.turbine),
    drift: groupBy(options.drift(), ({ turbine }) => turbine),
  });
  const describe = (entry: Entry, { alarms, conditions, drift }: Standings): TurbineState => {
    const devices = options.devices(entry.turbine);
    const sources = options.sources(entry.turbine);
    return entry.tracker.describe({
      timeMs: clock.nowMs(),
      monotonicMs: clock.monotonicMs(),
      alarms: alarms.get(entry.turbine) ?? [],
      dataQuality: options.dataQualityOf(entry.turbine),
      conditions: conditions.get(entry.turbine) ?? [],
      drift: drift.get(entry.turbine) ?? [],
      devices,
      sources,
      unfitOf: (component) => unfitOf(entry, component, devices),
      unheardOf: (component) => unheardOf(entry, component, sources),
    });
  };
  /** The newest states that the broker has not taken yet. */
  const untaken = new Map<Entry, TurbineState>();
  const publish = async (entry: Entry, state: TurbineState): Promise<void> => {
    entry.pace.note(state);
    untaken.set(entry, state);
    const told = { ...state, gateway: options.gateway };
    await mqtt.publish(topics.state(site, entry.turbine), JSON.stringify(told), { qos: 1, retain: true });
    if (untaken.get(entry) === state) untaken.delete(entry);
  };
  /** What the broker does not take is sent again at the next tick. */
  const send = (entry: Entry, state: TurbineState): void => {
    publish(entry, state).catch(() => entry.pace.forget());
  };
  const publishDue = (some: Iterable<Entry>): void => {
    if (!mqtt.connected) return;
    const standings = gather();
    for (const entry of some) {
      const state = describe(entry, standings);
      if (entry.pace.isDue(state)) send(entry, state);
    }
  };
  mqtt.onConnect(() => {
    for (const { pace } of entries.values()) pace.forget();
    publishDue(entries.values());
  });
  return {
    update: (decision) => {
      const heard = { atMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
      entries.get(decision.point.turbine)?.tracker.update(decision, heard);
    },
    noteSilence: ({ turbine, component }, silence) =>
      entries.get(turbine)?.tracker.noteSilence(component, silence),
    noteSetAside: ({ deviceId, channel, reason }) => {
      const setAside = { reason, atMs: clock.nowMs(), freshMs: setAsideFreshMs };
      for (const point of points.ofDevice(deviceId))
        if (point.channel === channel)
          entries.get(point.turbine)?.tracker.noteSetAside(point.component, setAside);
    },
    noteRowSetAside: ({ deviceId, channel, reason, cause, detail }, rowMs) => {
      const entry = entries.get(deviceId);
      // What was sent again is not missing.
      if (entry === undefined || cause === "sent-again") return;
      const named = channel === "" || detail.includes(channel) ? detail : `${channel}: ${detail}`;
      const freshMs = Math.max(setAsideFreshMs, setAsideFreshRows * rowMs);
      for (const component of entry.ofScada)
        entry.tracker.noteSetAside(component, { reason, detail: named, atMs: clock.nowMs(), freshMs });
    },
    describeComponents: (conditions) => {
      const standings = gather(conditions);
      return [...entries.values()].flatMap((entry) => {
        const { components = [], lastScores, alarms } = describe(entry, standings);
        return components.map((each) => ({
          turbine: entry.turbine,
          ...each,
          unheard: isUnheard(each, alarms),
          risk: tellsRisk(each)
            ? findHighestRisk(lastScores.filter(({ component }) => component === each.component))
            : null,
        }));
      });
    },
    arePublished: () => mqtt.connected && untaken.size === 0,
    tick: () => publishDue(entries.values()),
    publishTurbine: (turbine) => {
      const entry = entries.get(turbine);
      if (entry !== undefined) publishDue([entry]);
    },
    sayGoodbye: async () => {
      const standings = gather();
      await Promise.allSettled(
        [...entries.values()].map((entry) => {
          const state = describe(entry, standings);
          return publish(entry, forgetHealth(state, clock.nowMs()));
        }),
      );
    },
  };
}

function isUnheard(
  { component, health, isStandby }: ComponentCondition,
  alarms: TurbineState["alarms"],
): boolean {
  if (health !== "no-data" || isStandby === true) return false;
  return !alarms.some((alarm) => alarm.component === component && alarm.state === "out-of-service");
}

/** The worst that is wrong with the sources of the values that speak of a component. */
function unheardOf(
  { ofScada }: Entry,
  component: string,
  sources: readonly DiagnosedSource[],
): PointSilence | undefined {
  const found = ofScada.includes(component) ? sources.flatMap(({ diagnoses }) => diagnoses) : [];
  // Values of a clock that is off, and of polls that are slow, are used all the same.
  const worst = found.find(({ code }) => code !== "clock" && code !== "slow-poll");
  return worst === undefined ? undefined : { reason: worst.text.slice(0, 400), sinceMs: worst.sinceMs };
}

/** What is left of a state when nobody watches any more: an alarm stays one. */
function forgetHealth(state: TurbineState, nowMs: number): TurbineState {
  const components = state.components?.map((each): ComponentCondition => {
    const reason = "its gateway stopped";
    // The time that is told after it is the alarm's.
    if (each.health === "warning" || each.health === "critical")
      return {
        ...each,
        reason: each.reason === null ? reason : `${reason}; ${each.reason}`,
        unknown: { reason, sinceMs: nowMs },
      };
    return { component: each.component, health: "no-data", reason, sinceMs: nowMs };
  });
  return {
    ...state,
    operatingState: "information-unavailable",
    health: state.health === "alarm" ? "alarm" : "information-unavailable",
    healthReason: rollUpHealth(components ?? [], nowMs).reason,
    components,
  };
}
