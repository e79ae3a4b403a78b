import { expect, onTestFinished, test } from "vitest";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import type {
  BrokerConnection,
  BrokerConnectionEvents,
} from "../../../../src/core/platform/mqtt/broker-connection.ts";
import {
  createReconnectingClient,
  type MqttClient,
} from "../../../../src/core/platform/mqtt/mqtt-reconnect.ts";
import { createManualClock, type ManualClock } from "../../../support/manual-clock.ts";

/** A connection whose other end a test plays. */
interface Played {
  readonly events: BrokerConnectionEvents;
  /** Filters that it was asked for, and the way to answer. */
  readonly asked: { readonly filter: string; readonly answer: (error: Error | null) => void }[];
}

/** A client on a clock of its own; its connections in their order. */
function openClient(): { client: MqttClient; clock: ManualClock; connections: Played[] } {
  const clock = createManualClock();
  const connections: Played[] = [];
  const client = createReconnectingClient({
    openConnection: (_version, events): BrokerConnection => {
      const asked: Played["asked"] = [];
      connections.push({ events, asked });
      const end = (): void => events.onLoss({ reason: "closed", detail: "closed" });
      return {
        publish: (_message, done) => done(null),
        subscribe: (filter, _qos, answer) => void asked.push({ filter, answer }),
        unsubscribe: (_filter, done) => done(null),
        end,
        // As of a socket, its end comes in a later turn.
        cut: (loss) => void setImmediate(() => events.onLoss(loss)),
      };
    },
    subject: "mqtt://broker",
    version: 4,
    backoff: { firstMs: 100, maxMs: 100, random: () => 0.5 },
    answerTimeoutMs: 1_000,
    maxInFlight: 10,
    takenOverHint: undefined,
    logger: silentLogger,
    timers: clock,
  });
  onTestFinished(() => client.close());
  return { client, clock, connections };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a subscription that a broker does not answer in time is renewed with the next connection", async () => {
  const { client, clock, connections } = openClient();
  connections[0]!.events.onConnect();
  await turn();
  expect(client.connected).toBe(true);
  const heard: string[] = [];
  const subscribed = client.subscribe("a", 1, (topic) => heard.push(topic));
  expect(connections[0]!.asked.map(({ filter }) => filter)).toEqual(["a"]);
  clock.advance(1_000);
  // It stands, as one that is made without a connection does.
  await subscribed;
  await turn();
  clock.advance(1_000);
  connections[1]!.events.onConnect();
  const [renewed] = connections[1]!.asked;
  expect(renewed?.filter).toBe("a");
  renewed!.answer(null);
  connections[1]!.events.onMessage("a", Uint8Array.of(), false);
  expect(heard).toEqual(["a"]);
});

test("a subscription that a broker refuses is not renewed", async () => {
  const { client, clock, connections } = openClient();
  connections[0]!.events.onConnect();
  await turn();
  const subscribed = client.subscribe("a", 1, () => {});
  connections[0]!.asked[0]!.answer(new Error("not authorised"));
  await expect(subscribed).rejects.toThrow("not authorised");
  connections[0]!.events.onLoss({ reason: "closed", detail: "unplugged" });
  clock.advance(1_000);
  connections[1]!.events.onConnect();
  expect(connections[1]!.asked).toEqual([]);
});
