/** Starts of a gateway that may have lost its memory, each at a broker whose states are given. */
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import type { TurbineState } from "../../../src/core/contract/turbine-state.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../../src/core/decision/alarms/alert-policy.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import type { MqttClient } from "../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import type { MqttHandler } from "../../../src/core/platform/mqtt/mqtt-subscriptions.ts";
import { createAlarmRecall } from "../../../src/gateway/points/recall-alarms.ts";
import { readSnapshots } from "../../../src/gateway/points/snapshots.ts";
import { point } from "../../core/decision/decider-feed.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createFakeMqtt, createFakeState } from "../fakes.ts";

export const since = "2026-11-01T12:00:00.000Z";
export const topics = createTopics("aurora/v1");
const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.4 };
const config = gatewayConfigSchema().parse({
  gateway: { id: "gw", site: "north" },
  devices: [{ id: "mcu", connect: "mqtt" }],
  turbines: ["t1", "t2", "T1"].map((id) => ({
    id,
    scadaBundle: "scada-test",
    points: [{ component: point.component, bundle: "b", device: "mcu", channel: `de-${id}`, bearing }],
  })),
});

type Said = TurbineState["alarms"][number];

export const said = (failureMode: string, change: Partial<Said> = {}): Said => ({
  component: point.component,
  failureMode,
  state: "unacknowledged",
  since,
  probability: 0.9,
  severity: "critical",
  ...change,
});

export const stateOf = (alarms: readonly Said[], change: Partial<TurbineState> = {}): TurbineState => ({
  site: "north",
  turbine: "t1",
  gateway: "gw",
  time: "2026-11-20T00:00:00.000Z",
  operatingState: "information-unavailable",
  health: "alarm",
  alarms,
  lastScores: [],
  model: null,
  dataQuality: { windowsProcessed: 0, windowsQuarantined: 0, quarantinedByReason: {} },
  ...change,
});

/** A state of each other turbine, without alarms. */
export const restOfSite = ["t2", "T1"].map((turbine) => stateOf([], { turbine }));

/** The topic of the turbine that a state names. */
const topicOf = (payload: unknown): string => {
  const { turbine = "t1" } = payload as Partial<TurbineState>;
  return topics.state("north", turbine);
};

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Starts of one gateway over one state folder, each at a broker that holds these messages, or that refuses. */
export function createStarts(state = createFakeState()) {
  const events: string[] = [];
  const warnings: string[] = [];
  const clock = createManualClock();
  const start = () => {
    const mqtt = createFakeMqtt();
    const refused = new Set<string>();
    const lost = new Set<Parameters<MqttClient["onDisconnect"]>[0]>();
    let handler: MqttHandler | null = null;
    const subscribed: string[] = [];
    const unanswered: (() => void)[] = [];
    const line = { isSlow: false, answer: () => unanswered.splice(0).forEach((each) => void each()) };
    const recall = createAlarmRecall({
      config,
      state,
      mqtt: {
        onConnect: mqtt.onConnect,
        onDisconnect: (callback) => {
          lost.add(callback);
          return () => void lost.delete(callback);
        },
        get firstAttempt() {
          return mqtt.refuse ? Promise.resolve(false) : mqtt.firstAttempt;
        },
        refusedFilters: refused,
        subscribe: async (filter, _qos, given) => {
          subscribed.push(filter);
          handler = given;
        },
        unsubscribe: async (filter) => {
          if (subscribed.includes(filter)) handler = null;
          if (line.isSlow) await new Promise<void>((resolve) => unanswered.push(resolve));
        },
      },
      topics,
      clock,
      timers: clock,
      logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
      onEvent: (name, subject) => void events.push(`${name} ${subject}`),
    });
    const deliver = (payload: unknown, topic = topicOf(payload), retain = true): void => {
      const text = typeof payload === "string" ? payload : JSON.stringify(payload);
      handler?.(topic, new TextEncoder().encode(text), retain);
    };
    /** Looks, with what the broker delivers while it is connected. */
    const look = async (messages: readonly unknown[] = [], topic?: string): Promise<void> => {
      mqtt.connected = true;
      const looked = recall.look();
      await settle();
      for (const message of messages) deliver(message, topic);
      clock.advance(1_000);
      await looked;
    };
    const lose = (): void => {
      mqtt.connected = false;
      for (const callback of [...lost]) callback({ reason: "closed", detail: "lost" });
    };
    return {
      recall,
      mqtt,
      line,
      lose,
      refused,
      subscribed,
      deliver,
      look,
      isListening: () => handler !== null,
    };
  };
  const kept = () => readSnapshots(state, silentLogger);
  const listed = () =>
    createAlarmRegister(defaultAlertPolicy, kept().alarms)
      .list()
      .map((alarm) => `${alarm.turbine} ${alarm.failureMode} ${alarm.state} ${alarm.conditionActive}`);
  return { start, state, events, warnings, clock, kept, listed };
}
