/** Who listens to all that an installation says in public, and holds every message to its schema. */
import { onTestFinished } from "vitest";
import { type AlertEvent, alertEventSchema } from "../../src/core/contract/alert.ts";
import {
  type GatewayStatus,
  gatewayStatusSchema,
  type TurbineState,
  turbineStateSchema,
} from "../../src/core/contract/turbine-state.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { until } from "../support/until.ts";
import { type Installation, names, topics } from "./installation.ts";

/** What a subscriber has heard. */
export interface Subscriber {
  /** Every event as it came, repetitions included. */
  readonly alerts: AlertEvent[];
  readonly states: Map<string, TurbineState>;
  /** Every state of every turbine as it came. */
  readonly history: TurbineState[];
  readonly statuses: GatewayStatus[];
}

/** An ordinary guest at the broker who listens to everything that is public, from when this resolves: there must be a broker. */
export async function listen(installation: Installation): Promise<Subscriber> {
  const client = createMqttClient({
    url: installation.mqttUrl,
    clientId: `guest-${Math.random()}`,
    version: 4,
    backoff: { firstMs: 20, maxMs: 100 },
  });
  onTestFinished(() => client.close());
  const owner = installation.connect(`owner-${Math.random()}`);
  const subscriber: Subscriber = { alerts: [], states: new Map(), history: [], statuses: [] };
  const parse = (payload: Uint8Array): unknown => JSON.parse(Buffer.from(payload).toString("utf8"));
  await client.subscribe(topics.allAlerts, 1, (topic, payload) => {
    const event = alertEventSchema().parse(parse(payload));
    if (topic !== topics.alert(event.data.site, event.data.turbine)) throw new Error(`alert on ${topic}`);
    subscriber.alerts.push(event);
  });
  await client.subscribe(topics.allStates, 1, (_topic, payload) => {
    const state = turbineStateSchema().parse(parse(payload));
    subscriber.states.set(state.turbine, state);
    subscriber.history.push(state);
  });
  await owner.subscribe(topics.status(names.gateway), 1, (_topic, payload) => {
    subscriber.statuses.push(gatewayStatusSchema().parse(parse(payload)));
  });
  // An event is told once, and waits for nobody who is still on the way.
  await until(() => client.connected && owner.connected, "the subscriber listens");
  return subscriber;
}
