import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadOverviewPage } from "../../src/collector/fleet/load-pages.ts";
import { loadGateways } from "../../src/collector/fleet/load-turbines.ts";
import { parsePageRange } from "../../src/collector/page/chart-section.ts";
import { renderOverviewPage } from "../../src/collector/page/overview-page.ts";
import { createSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { createFleetCloneWatch, createTwinWatch } from "../../src/collector/uplink/clone-watch.ts";
import { createStateWatch } from "../../src/collector/uplink/state-watch.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import { type Logger, silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";
import { createEmbeddedBroker } from "../../src/core/platform/mqtt/embedded-broker.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { openSqlite } from "../../src/core/platform/sqlite/sqlite.ts";
import { createTurbineTracker } from "../../src/gateway/alarms/turbine-tracker.ts";
import { createCloneWatch } from "../../src/gateway/clone-watch.ts";
import { connectGatewayMqtt, type GatewayMqtt } from "../../src/gateway/gateway-mqtt.ts";
import { findFreePort } from "../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { momentOf } from "./alarms/turbine-moment.ts";

const topics = createTopics("aurora/v1");

/** A logger that keeps what it was told as errors. */
function createErrorLog(): { logger: Logger; errors: string[] } {
  const errors: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (message) => void errors.push(message),
    child: () => logger,
  };
  return { logger, errors };
}

/** A gateway of the same card. */
async function startGateway(url: string) {
  const ackKeyFile = join(createTemporaryFolder(), "ack.key");
  writeFileSync(ackKeyFile, "5a".repeat(32));
  const { logger, errors } = createErrorLog();
  const events: string[] = [];
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north-sea", stateDir: join(createTemporaryFolder(), "state") },
    mqtt: { url },
    uplink: { ackKeyFile },
    turbines: [{ id: "wt-1" }],
  });
  const mqtt: GatewayMqtt = await connectGatewayMqtt({
    config,
    topics,
    environment: {},
    runtimeVersion: "0.1.0",
    clock: systemClock,
    timers: systemTimers,
    logger,
    backoff: { firstMs: 40, maxMs: 80 },
    onEvent: (name, subject) => void events.push(`${name} ${subject}`),
  });
  onTestFinished(() => mqtt.close());
  return { mqtt, errors, events };
}

const brokers = [
  {
    name: "mosquitto",
    available: hasMosquitto,
    start: async () => {
      const broker = await startMosquitto(await findFreePort());
      onTestFinished(() => broker.close());
      return `mqtt://127.0.0.1:${broker.port}`;
    },
  },
  {
    name: "the embedded broker",
    available: true,
    start: async () => {
      const allow = (): boolean => true;
      const rules = { authenticate: allow, authorisePublish: allow, authoriseSubscribe: allow };
      const broker = await createEmbeddedBroker(rules);
      onTestFinished(() => broker.close());
      return `mqtt://127.0.0.1:${broker.port}`;
    },
  },
];

describe.each(brokers)("on $name", ({ available, start }) => {
  test.skipIf(!available)(
    "two gateways of one card both say what it is, and the collector does",
    async () => {
      const url = await start();
      const fleet = createErrorLog();
      const metrics = createMetrics();
      const record = createSqliteRecord(openSqlite(":memory:"));
      onTestFinished(() => record.close());
      const watch = createStateWatch({
        record,
        clock: systemClock,
        timers: systemTimers,
        logger: silentLogger,
        isCloneSign: createFleetCloneWatch({ clock: systemClock, logger: fleet.logger, metrics }),
        metrics,
      });
      onTestFinished(() => watch.close());
      const collector = createMqttClient({ url, clientId: "collector" });
      onTestFinished(() => collector.close());
      await until(() => collector.connected, "the collector is connected");
      await collector.subscribe(topics.status("gw-1"), 1, watch.acceptStatus);
      const both = [await startGateway(url), await startGateway(url)];
      await until(() => both.every(({ mqtt }) => mqtt.isCloned()), "both have noticed", 30_000);
      for (const { errors, events } of both) {
        expect(errors).toEqual([expect.stringContaining("a copied card?")]);
        expect(events).toContain("gateway.cloned gw-1");
      }
      await until(() => fleet.errors.length > 0, "the collector has noticed");
      expect(fleet.errors).toEqual([expect.stringContaining("two gateways log in under one id")]);
      expect(await metrics.render()).toMatch(/aurora_gateway_clones_total [1-9]/);
      const source = {
        record,
        models: new Map(),
        clock: systemClock,
        silentAfterMs: 120_000,
        brokerLostMs: () => null,
        warningShare: 1,
      };
      const isShown = async (): Promise<boolean> => (await loadGateways(source))[0]?.cloned === true;
      await until(isShown, "it is in the record");
      const { items } = await record.events({ limit: 9, offset: 0, name: "gateway.cloned" });
      expect(items).toMatchObject([{ gateway: "(collector)", subject: "gw-1" }]);
      const page = await loadOverviewPage(source);
      expect(renderOverviewPage(page, parsePageRange(null)).text).toContain("Two under this id");
    },
  );

  test.skipIf(!available)("a gateway that is started again and again is no copy", async () => {
    const url = await start();
    for (let round = 0; round < 5; round++) {
      const { mqtt, errors } = await startGateway(url);
      await until(() => mqtt.client.connected, "connected");
      if (round === 4) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect([mqtt.isCloned(), errors]).toEqual([false, []]);
      }
      await mqtt.close();
    }
  });
});

test("a gateway is suspected for ten minutes, and it is said once an hour", () => {
  const { logger, errors } = createErrorLog();
  let nowMs = 0;
  const watch = createCloneWatch({
    gateway: "gw-1",
    instance: "a",
    clock: { monotonicMs: () => nowMs },
    logger,
    onEvent: () => {},
  });
  const status = (text: string): void => watch.heardStatus(new TextEncoder().encode(text));
  for (const text of ['{"instance":"a"}', "{}", "null", "no json", '{"instance":7}']) status(text);
  for (const reason of ["closed", "refused", "taken-over", "taken-over"] as const) watch.lost({ reason });
  expect([watch.isCloned(), errors.length]).toEqual([false, 0]);
  status('{"instance":"b"}');
  expect([watch.isCloned(), errors.length]).toEqual([true, 1]);
  for (let count = 0; count < 10; count++) watch.lost({ reason: "taken-over" });
  expect(errors).toHaveLength(1);
  nowMs = 600_000;
  expect(watch.isCloned()).toBe(false);
  nowMs = 3_600_000;
  for (let count = 0; count < 3; count++) watch.lost({ reason: "taken-over" });
  expect(errors).toHaveLength(2);
});

test("a collector takes a restart, a late last will, what is delivered again and what a broker kept for what they are", () => {
  const { logger, errors } = createErrorLog();
  const watch = createFleetCloneWatch({ clock: systemClock, logger, metrics: createMetrics() });
  const say = (
    instance: string | null,
    minute: number,
    { online = true, retained = false } = {},
  ): boolean => {
    const time = new Date(minute * 60_000).toISOString();
    return watch({ gateway: "gw-1", online, time, version: null, config: null, instance }, retained);
  };
  const signs = ["a", "a", "b", "c", null, "c", "d"].map((instance, minute) => say(instance, minute));
  expect(signs).not.toContain(true);
  expect(say("c", 7, { online: false })).toBe(false);
  // An acknowledgement was lost: both come again, in their order.
  expect([say("c", 5), say("d", 6)]).toEqual([false, false]);
  expect(say("c", 8, { retained: true })).toBe(false);
  expect(errors).toEqual([]);
  expect(say("c", 8)).toBe(true);
  expect(errors).toHaveLength(1);
  expect([say("d", 9), say("c", 10)]).toEqual([true, true]);
  expect(errors).toHaveLength(1);
});

test("three copies of a card are found out as two are", () => {
  const watch = createFleetCloneWatch({ clock: systemClock, logger: silentLogger, metrics: createMetrics() });
  const signs = ["a", "b", "c", "a", "b", "c"].map((instance, minute) => {
    const time = new Date(minute * 60_000).toISOString();
    return watch({ gateway: "gw-1", online: true, time, version: null, config: null, instance }, false);
  });
  expect(signs).toEqual([false, false, false, true, true, true]);
});

test("two gateways that watch one turbine are told of, and one that takes another's place is not", () => {
  const { logger, errors } = createErrorLog();
  const metrics = createMetrics();
  const watch = createTwinWatch({ clock: systemClock, logger, metrics });
  const tracker = createTurbineTracker("north", "WT07", ["generator-bearing"]);
  const say = (gateway: string | undefined, minute: number): readonly string[] | null => {
    const state = tracker.describe(momentOf({ timeMs: minute * 60_000 }));
    return watch(gateway === undefined ? state : { ...state, gateway }, false);
  };
  const replaced = [say("old", 0), say("old", 1), say("new", 2), say("new", 3), say(undefined, 4)];
  expect(replaced).toEqual([null, null, [], null, null]);
  expect(errors).toEqual([]);
  const both = ["new", "old"];
  expect([say("old", 5), say("old", 6), say("new", 7)]).toEqual([both, null, both]);
  expect(errors).toHaveLength(1);
});
