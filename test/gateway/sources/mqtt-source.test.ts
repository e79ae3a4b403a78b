import { expect, onTestFinished, test } from "vitest";
import type { Reading } from "../../../src/core/contract/stream.ts";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createEmbeddedBroker } from "../../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../../src/core/platform/mqtt/mqtt-client.ts";
import type { MqttHandler } from "../../../src/core/platform/mqtt/mqtt-subscriptions.ts";
import { createMqttSource } from "../../../src/gateway/sources/mqtt-source.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";

test("a topic that the broker refuses is a fault until it is granted, without a restart", async () => {
  let isGranted = false;
  const broker = await createEmbeddedBroker({
    port: 0,
    authenticate: () => true,
    authorisePublish: () => true,
    authoriseSubscribe: () => isGranted,
  });
  onTestFinished(() => broker.close());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const mqtt = createMqttClient({ url, clientId: "gateway", version: 4, random: () => 0 });
  onTestFinished(() => mqtt.close());
  await until(() => mqtt.connected, "the gateway is connected");
  const channels = [{ name: "power", path: "p", unit: "kW" }];
  const source = createMqttSource({
    topic: "scada/wt-1",
    mappings: [{ turbine: "wt-1", topic: "scada/wt-1", timePath: null, channels, live: [] }],
    timeoutMs: 60_000,
    mqtt,
    clock: systemClock,
    logger: silentLogger,
  });
  const values: number[] = [];
  await source.start({
    onReading: ({ value }) => void values.push(value),
    onQuality: () => {},
  });
  expect(source.describe().faults).toMatchObject([{ detail: "the broker refuses the subscription" }]);
  isGranted = true;
  await until(() => source.describe().faults.length === 0, "it is granted", 20_000);
  await mqtt.publish("scada/wt-1", JSON.stringify({ p: 7 }), { qos: 1, retain: false });
  await until(() => values.length === 1, "a value comes");
  expect(source.describe()).toMatchObject({ readings: 1, bad: 0 });
});

/** A source of a topic of SC01, on a broker that a test plays. */
async function startByHand(
  timePath: string | null,
  paths: Readonly<Record<string, string>>,
  live: readonly string[] = [],
) {
  const clock = createManualClock();
  const broker = { connected: true, refusedFilters: new Set<string>(), unsubscribe: async () => {} };
  let hear: MqttHandler = () => {};
  const channels = Object.entries(paths).map(([name, path]) => ({ name, path, unit: "kW" }));
  const source = createMqttSource({
    topic: "farm/sc01",
    mappings: [{ turbine: "SC01", topic: "farm/sc01", timePath, channels, live }],
    timeoutMs: 60_000,
    mqtt: Object.assign(broker, {
      subscribe: async (_filter: string, _qos: number, handler: MqttHandler) => {
        hear = handler;
      },
    }),
    clock,
    logger: silentLogger,
  });
  const heard: Reading[] = [];
  await source.start({ onReading: (reading) => void heard.push(reading), onQuality: () => {} });
  const say = (payload: object, isRetained = false): void =>
    hear("farm/sc01", new TextEncoder().encode(JSON.stringify(payload)), isRetained);
  const found = (): unknown => source.describe().faults.map(({ code, detail }) => `${code}: ${detail}`);
  const pass = (ms: number): unknown => {
    clock.advance(ms);
    return found();
  };
  return { clock, broker, source, heard, say, found, pass };
}

test("a topic without messages, or without a value in them, is a fault of the turbine until a value comes", async () => {
  const { clock, broker, source, say, found, pass } = await startByHand(null, { power: "v.power" });
  broker.connected = false;
  expect(pass(70_000)).toEqual([]);
  broker.connected = true;
  // Rows of ten minutes may be all that comes.
  expect(pass(720_000)).toEqual([]);
  expect(pass(1_000)).toEqual(["no-answer: no message comes"]);
  say({ values: { power: 7 } });
  const noValue = 'no-value: messages come, none is usable: nothing at "v.power"';
  expect(found()).toEqual([noValue]);
  expect(source.describe().faults[0]).toMatchObject({ turbine: "SC01", subject: "SC01" });
  // A lost connection mends nothing.
  broker.connected = false;
  expect(pass(1_000)).toEqual([noValue]);
  broker.connected = true;
  say({ v: { power: 7 } });
  expect(found()).toEqual([]);
  // As seldom as rows of ten minutes may be.
  for (let row = 0; row < 3; row++) {
    expect(pass(600_000)).toEqual([]);
    say({ v: { power: 7 } });
  }
  // Six rows at once every hour are six messages, and an hour without any: once that was heard, it is usual.
  for (let hour = 0; hour < 3; hour++) {
    for (let row = 0; row < 6; row++) say({ v: { power: 7 } });
    clock.advance(3_600_000);
    if (hour > 0) expect(found()).toEqual([]);
  }
  // Of a bridge that has told every second for hours, a minute is long.
  for (let second = 0; second < 25_000; second++) {
    clock.advance(1_000);
    say({ v: { power: 7 } });
  }
  expect(pass(59_000)).toEqual([]);
  expect(pass(2_000)).toEqual(["no-answer: no message comes"]);
});

test("a channel that messages with other values lack is a fault of its own until a value of it comes", async () => {
  const { source, say, found, pass } = await startByHand(null, { power: "p", wind: "w", oil: "o" });
  const row = { p: 7, w: 8, o: 50 };
  say({ ...row, o: "50,5" });
  expect(pass(60_000)).toEqual([]);
  expect(pass(1_000)).toEqual(['no-value: string at "o", not a number']);
  expect(source.describe().faults).toMatchObject([
    { turbine: "SC01", subject: "oil of SC01", cure: expect.stringContaining("paths") },
  ]);
  for (let second = 0; second < 7_200; second++) {
    say(row);
    expect(pass(1_000)).toEqual([]);
  }
  // One that lacks a value says nothing, and neither do messages that have the channels by turns.
  for (let second = 0; second < 600; second++) {
    say(second % 30 < 15 ? { p: 7 } : { w: 8, o: 50 });
    expect(pass(1_000)).toEqual([]);
  }
  for (let second = 0; second < 120; second++) {
    say({ p: 7, o: 50 });
    pass(1_000);
  }
  expect(found()).toEqual(['no-value: nothing at "w"']);
  // Of a message that nothing can be read of, the turbine is told; what was missing before still is.
  for (let second = 0; second < 120; second++) {
    say({});
    pass(1_000);
  }
  expect(found()).toEqual([
    'no-value: nothing at "w"',
    'no-value: messages come, none is usable: nothing at "p"',
  ]);
  say(row);
  expect(found()).toEqual([]);
});

test("a shaft speed that is stamped long before it comes is told until one of now comes, and a mean of then is none", async () => {
  const paths = { "shaft-speed": "rpm", power: "p" };
  const { clock, source, say, found, pass } = await startByHand("t", paths, ["shaft-speed"]);
  const late = "stamped 3 h before it came, which is not of now";
  const sayOf = (ageMs: number): void => say({ t: clock.nowMs() - ageMs, rpm: 1986, p: 900 });
  sayOf(10_800_000);
  expect(pass(60_000)).toEqual([]);
  expect(pass(1_000)).toEqual([`no-value: ${late}`]);
  expect(source.describe().faults[0]).toMatchObject({
    subject: "shaft-speed of SC01",
    cure: expect.stringContaining("clock"),
  });
  sayOf(60_000);
  expect(found()).toEqual([]);
  const other = await startByHand("t", paths, ["shaft-speed", "power"]);
  other.say({ t: other.clock.nowMs() - 10_800_000, rpm: 1986, p: 900 });
  expect(other.pass(61_000)).toEqual([`no-value: messages come, none is usable: ${late}`]);
});

test("a message that was retained is taken at its own time, not at all without one, and is no sign of a bridge", async () => {
  const { clock, heard, say, found, pass } = await startByHand("t", { power: "p" }, ["power"]);
  const atMs = clock.nowMs() - 10_800_000;
  say({ t: atMs, p: 900 }, true);
  expect(heard).toMatchObject([{ timestampMs: atMs, value: 900 }]);
  pass(61_000);
  expect(found()).toEqual([]);
  expect(pass(660_000)).toEqual(["no-answer: no message comes"]);
  const other = await startByHand(null, { power: "p" }, ["power"]);
  other.say({ p: 900 }, true);
  expect(other.source.describe()).toMatchObject({ readings: 0, bad: 0 });
  other.say({ p: 901 });
  expect(other.heard).toMatchObject([{ value: 901 }]);
});

test("a message that was retained is not taken where the gateway's clock was never set: nobody knows how old it is", async () => {
  const { clock, heard, say } = await startByHand("t", { "shaft-speed": "rpm" }, ["shaft-speed"]);
  const atMs = clock.nowMs() - 10_800_000;
  clock.jump(5_000 - clock.nowMs());
  say({ t: atMs, rpm: 900 }, true);
  expect(heard).toEqual([]);
  say({ t: atMs + 10_800_000, rpm: 901 });
  expect(heard).toMatchObject([{ value: 901 }]);
});
