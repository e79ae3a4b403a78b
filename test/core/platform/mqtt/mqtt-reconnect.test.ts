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
function openClient(): { client: MqttClient; clock: ManualClock; connections: Played[]; told: string[] } {
  const clock = createManualClock();
  const told: string[] = [];
  const tell = (message: string): void => {
    if (message.includes("subscription")) told.push(message);
  };
  const connections: Played[] = [];
  const client = createReconnectingClient({
    openConnection: (_version, events): BrokerConnection => {
      const asked: Played["asked"] = [];
      connections.push({ events, asked });
      const end = (): void => events.onLoss({ reason: "closed", detail: "closed" });
      return {
        bytesHeard: 0,
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
    logger: { ...silentLogger, warn: tell, info: tell },
    timers: clock,
  });
  onTestFinished(() => client.close());
  return { client, clock, connections, told };
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

const filtersOf = ({ asked }: Played): string[] => asked.map(({ filter }) => filter);

test("a subscription that a broker refuses is asked for again, less and less often, until it is granted", async () => {
  const { client, clock, connections, told } = openClient();
  const [connection] = connections;
  connection!.events.onConnect();
  await turn();
  const heard: string[] = [];
  const subscribed = client.subscribe("a", 1, (topic) => heard.push(topic));
  const waits: number[] = [];
  for (let times = 1; times <= 12; times++) {
    expect(connection!.asked).toHaveLength(times);
    connection!.asked.at(-1)!.answer(new Error("not authorised"));
    await subscribed;
    await turn();
    expect([...client.refusedFilters]).toEqual(["a"]);
    let waitedMs = 0;
    while (connection!.asked.length === times) {
      clock.advance(1_000);
      waitedMs += 1_000;
    }
    waits.push(waitedMs);
  }
  expect(waits[0]).toBeLessThanOrEqual(5_000);
  expect(waits.toSorted((one, other) => one - other)).toEqual(waits);
  expect(waits.at(-1)).toBe(225_000);
  expect(told).toEqual(["the broker refuses a subscription"]);
  connection!.asked.at(-1)!.answer(null);
  await turn();
  expect([...client.refusedFilters]).toEqual([]);
  expect(told).toHaveLength(2);
  clock.advance(1_000_000);
  expect(connection!.asked).toHaveLength(13);
  connection!.events.onMessage("a", Uint8Array.of(), false);
  expect(heard).toEqual(["a"]);
});

test("what is refused is asked for at the next connection, and not by a timer of the one before", async () => {
  const { client, clock, connections } = openClient();
  void client.subscribe("a", 1, () => {});
  void client.subscribe("b", 1, () => {});
  connections[0]!.events.onConnect();
  for (const { answer } of connections[0]!.asked) answer(new Error("not authorised"));
  await turn();
  expect(client.connected).toBe(true);
  await client.unsubscribe("b");
  expect([...client.refusedFilters]).toEqual(["a"]);
  connections[0]!.events.onLoss({ reason: "closed", detail: "unplugged" });
  clock.advance(1_000);
  connections[1]!.events.onConnect();
  expect(filtersOf(connections[1]!)).toEqual(["a"]);
  connections[1]!.asked[0]!.answer(null);
  await turn();
  clock.advance(1_000_000);
  expect(filtersOf(connections[1]!)).toEqual(["a"]);
  expect(client.refusedFilters.size).toBe(0);
});
