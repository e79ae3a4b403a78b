import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../../../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../../../src/core/platform/mqtt/embedded-broker.ts";
import type { RefusedLogin } from "../../../../src/core/platform/mqtt/login-refusals.ts";
import { createMqttClient } from "../../../../src/core/platform/mqtt/mqtt-client.ts";
import { until } from "../../../support/until.ts";

const allowAll = { authenticate: () => true, authorisePublish: () => true, authoriseSubscribe: () => true };

async function startBroker(places: { readonly maxConnections: number; readonly enrolled: number }) {
  const refused: RefusedLogin[] = [];
  const broker = await createEmbeddedBroker({
    ...allowAll,
    ...places,
    onRefusedLogin: (each) => void refused.push(each),
  });
  onTestFinished(() => broker.close());
  return { broker, refused };
}

function startClient(port: number, clientId: string, username: string | null) {
  const lines: string[] = [];
  const logger = createLogger({ level: "warn", format: "json", write: (line) => lines.push(line) });
  const client = createMqttClient({
    url: `mqtt://127.0.0.1:${port}`,
    clientId,
    backoff: { firstMs: 20, maxMs: 100 },
    logger,
    ...(username === null ? {} : { username, password: "x" }),
  });
  onTestFinished(() => client.close());
  return { client, lines };
}

test("each that is enrolled has a place beside those of all; who has none is told so, as is whoever runs the broker", async () => {
  const { broker, refused } = await startBroker({ maxConnections: 2, enrolled: 3 });
  const gateways = Array.from({ length: 5 }, (_, index) =>
    startClient(broker.port, `c${index}`, `gw-${index}`),
  );
  await until(() => gateways.every(({ client }) => client.connected), "all have a place");
  const late = startClient(broker.port, "late", "gw-9");
  await until(() => late.lines.length > 0, "it is refused");
  expect(late.client.connected).toBe(false);
  const said = late.lines.join("\n");
  expect(said).toMatch(/no more clients at present/);
  expect(said).not.toContain("TLS");
  expect(refused[0]).toMatchObject({ user: null, reason: "all places are taken" });
  expect(broker.counts().refusedConnections).toBeGreaterThan(0);

  const own = startClient(broker.internalPort, "own", "$own");
  await until(() => own.client.connected, "this process finds a place of its own");
  await gateways[0]!.client.close();
  await until(() => late.client.connected, "a place that is free again is given");
});

test("guests have half of the open places, and none of the enrolled", async () => {
  const { broker } = await startBroker({ maxConnections: 2, enrolled: 4 });
  const guests = Array.from({ length: 3 }, (_, index) => startClient(broker.port, `g${index}`, null));
  const inside = (): number => guests.filter(({ client }) => client.connected).length;
  await until(() => inside() > 0 && broker.counts().refusedConnections > 3, "the others are refused");
  expect(inside()).toBe(1);
});

test("whoever is turned away is gone soon, also if it goes on sending", async () => {
  const { broker } = await startBroker({ maxConnections: 1, enrolled: 0 });
  const gateway = startClient(broker.port, "c", "gw-1");
  await until(() => gateway.client.connected, "the only place is taken");
  const late = connect({ port: broker.port, allowHalfOpen: true });
  onTestFinished(() => void late.destroy());
  late.on("error", () => {});
  let isClosed = false;
  late.once("close", () => {
    isClosed = true;
  });
  const [answer] = (await once(late, "data")) as [Buffer];
  // CONNACK, "server unavailable".
  expect([...answer]).toEqual([0x20, 0x02, 0x00, 0x03]);
  // Each byte would begin a limit of silence anew.
  while (!isClosed) {
    late.write("x");
    await wait(100);
  }
});

test("further connections of a login take no place of another that is enrolled", async () => {
  const { broker, refused } = await startBroker({ maxConnections: 2, enrolled: 3 });
  const greedy = Array.from({ length: 5 }, (_, index) => startClient(broker.port, `c${index}`, "gw-0"));
  const inside = (): number => greedy.filter(({ client }) => client.connected).length;
  await until(() => inside() === 3 && refused.length > 3, "it has its own and the open places");
  expect(refused[0]).toMatchObject({ user: "gw-0", reason: "all open places are taken" });
  const others = [1, 2].map((number) => startClient(broker.port, "c", `gw-${number}`));
  await until(() => others.every(({ client }) => client.connected), "the others have theirs");
  expect(inside()).toBe(3);
});
