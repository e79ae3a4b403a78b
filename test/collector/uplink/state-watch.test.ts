import { expect, it, onTestFinished } from "vitest";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";
import { createSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { createFleetCloneWatch, createTwinWatch } from "../../../src/collector/uplink/clone-watch.ts";
import { createStateWatch, type StateWatch } from "../../../src/collector/uplink/state-watch.ts";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics, type Metrics } from "../../../src/core/platform/metrics.ts";
import { openSqlite } from "../../../src/core/platform/sqlite/sqlite.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { turbineState } from "../fleet-records.ts";

function createBench(
  sites?: NonNullable<Parameters<typeof createStateWatch>[0]["sites"]>,
  wrapRecord: (record: FleetRecord) => FleetRecord = (record) => record,
): {
  readonly record: FleetRecord;
  readonly watch: StateWatch;
  readonly clock: ManualClock;
  readonly metrics: Metrics;
  /** Errors that were logged. */
  readonly said: readonly string[];
} {
  const said: string[] = [];
  const logger: Logger = { ...silentLogger, error: (message) => void said.push(message) };
  const record = createSqliteRecord(openSqlite(":memory:"));
  onTestFinished(() => record.close());
  const clock = createManualClock();
  const metrics = createMetrics();
  const watch = createStateWatch({
    record: wrapRecord(record),
    clock,
    timers: clock,
    logger,
    metrics,
    isCloneSign: createFleetCloneWatch({ clock, logger: silentLogger, metrics }),
    findTwins: createTwinWatch({ clock, logger: silentLogger, metrics }),
    ...(sites === undefined ? {} : { sites }),
  });
  return { record, watch, clock, metrics, said };
}

const bytes = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

it("loses no neighbour of a state or status that cannot be kept, whatever its text", async () => {
  const { record, watch, clock } = createBench();
  const state = turbineState("wt-1", clock.nowMs(), "d");
  const { dataQuality } = state;
  // The name of the field that is wrong is quoted in what is said of it.
  const poison = { ...dataQuality, quarantinedByReason: { "a\u0000b": -1 } };
  watch.acceptState("aurora/v1/turbine/north-sea/wt-1/state", bytes(state), false);
  watch.acceptState(
    "aurora/v1/turbine/north-sea/wt-2/state",
    bytes({ ...state, turbine: "wt-2", dataQuality: poison }),
    false,
  );
  const status = (gateway: string, version: string): void =>
    watch.acceptStatus(
      `aurora/v1/gateway/${gateway}/status`,
      bytes({ gateway, online: true, version }),
      false,
    );
  status("gw-1", "0.1.0");
  status("gw-2", "0.1\u0000.0");
  status("gw-3", "0.1\ud800.0");
  watch.acceptState("aurora/v1/turbine/north-sea/wt\u00003/state", bytes(state), false);
  await watch.close();
  expect((await record.turbines()).map(({ turbine }) => turbine)).toEqual(["wt-1"]);
  expect((await record.gateways()).map(({ gateway }) => gateway)).toEqual(["gw-1", "gw-3"]);
  const { items } = await record.quarantine(10);
  expect(items.map(({ topic, reason }) => [topic, reason]).sort()).toEqual([
    ["aurora/v1/gateway/gw-2/status", "not-storable"],
    ["aurora/v1/turbine/north-sea/wt-2/state", "state-invalid"],
    ["aurora/v1/turbine/north-sea/wt\ufffd3/state", "state-invalid"],
  ]);
});

it("stores alone what is stored with a message that our own code stumbles over, and drops that one", async () => {
  const { record, watch, clock } = createBench(undefined, (inner) => ({
    ...inner,
    storeStates: async (batch) => {
      if (batch.turbines.some(({ state }) => state.turbine === "wt-2")) throw new TypeError("a bug");
      return inner.storeStates(batch);
    },
  }));
  for (const turbine of ["wt-1", "wt-2", "wt-3"]) {
    const topic = `aurora/v1/turbine/north-sea/${turbine}/state`;
    watch.acceptState(topic, bytes(turbineState(turbine, clock.nowMs(), "d")), false);
  }
  await watch.close();
  expect((await record.turbines()).map(({ turbine }) => turbine)).toEqual(["wt-1", "wt-3"]);
});

it.each(["a bug", "a full disk"])(
  "knows of two gateways under one id when storing fails of %s, and says it once",
  async (trouble) => {
    let stores = true;
    const { record, watch, clock, said } = createBench(undefined, (inner) => ({
      ...inner,
      storeStates: async (batch) => {
        if (trouble === "a bug" && batch.turbines.length > 0) throw new TypeError(trouble);
        if (trouble === "a full disk" && !stores) throw new AuroraError("STORE", trouble, { op: "test" });
        return inner.storeStates(batch);
      },
    }));
    const pass = async (): Promise<void> => {
      clock.advance(1_000);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    const say = (instance: string): Promise<void> => {
      const time = new Date(clock.nowMs()).toISOString();
      const status = { gateway: "gw-1", online: true, instance, time };
      watch.acceptStatus("aurora/v1/gateway/gw-1/status", bytes(status), false);
      const state = turbineState("wt-1", clock.nowMs(), "d");
      watch.acceptState("aurora/v1/turbine/north-sea/wt-1/state", bytes(state), false);
      return pass();
    };
    for (const instance of ["A", "B"]) await say(instance);
    stores = false;
    await say("A");
    stores = true;
    for (let turn = 0; turn < 3; turn++) await pass();
    const { items } = await record.events({ limit: 9, offset: 0 });
    expect(items).toMatchObject([{ name: "gateway.cloned", subject: "gw-1" }]);
    expect(said).toHaveLength(1);
    await watch.close();
  },
);

it("takes no state of a site that no enrolled gateway may speak of, and no status of a stranger", async () => {
  const sites = {
    get: (gateway: string) => (gateway === "gw-1" ? "north-sea" : null),
    hasSite: (site: string) => site === "north-sea",
    isRevoked: () => false,
  };
  const { record, watch, clock } = createBench(sites);
  for (const site of ["north-sea", "ridge"]) {
    const state = { ...turbineState("wt-1", clock.nowMs(), "d"), site };
    watch.acceptState(`aurora/v1/turbine/${site}/wt-1/state`, bytes(state), false);
  }
  for (const gateway of ["gw-1", "gw-2"])
    watch.acceptStatus(`aurora/v1/gateway/${gateway}/status`, bytes({ gateway, online: true }), false);
  await watch.close();
  expect((await record.turbines()).map(({ site }) => site)).toEqual(["north-sea"]);
  expect((await record.gateways()).map(({ gateway }) => gateway)).toEqual(["gw-1"]);
  const { items } = await record.quarantine(10);
  expect(items.map(({ topic, reason }) => [topic, reason]).sort()).toEqual([
    ["aurora/v1/gateway/gw-2/status", "not-enrolled"],
    ["aurora/v1/turbine/ridge/wt-1/state", "foreign-site"],
  ]);
});

it("takes of a gateway that was revoked that it is offline, and nothing else", async () => {
  const sites = { get: () => null, hasSite: () => true, isRevoked: (id: string) => id === "gw-1" };
  const { record, watch } = createBench(sites);
  for (const [gateway, online] of [
    ["gw-1", false],
    ["gw-2", false],
  ] as const)
    watch.acceptStatus(`aurora/v1/gateway/${gateway}/status`, bytes({ gateway, online }), false);
  await watch.close();
  expect(await record.gateways()).toMatchObject([{ gateway: "gw-1", online: false }]);
  expect((await record.quarantine(9)).items).toMatchObject([{ topic: "aurora/v1/gateway/gw-2/status" }]);
});

it("takes an empty state for the word that nobody watches the turbine, from whoever may speak of its site", async () => {
  const { record, watch, clock } = createBench({
    get: () => null,
    hasSite: (site) => site === "north-sea",
    isRevoked: () => false,
  });
  const topicOf = (site: string): string => `aurora/v1/turbine/${site}/wt-1/state`;
  const say = (payload: Uint8Array, { site = "north-sea", retained = false } = {}): void =>
    watch.acceptState(topicOf(site), payload, retained);
  const pass = async (): Promise<void> => {
    clock.advance(200);
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const state = turbineState("wt-1", clock.nowMs(), "d");
  const nothing = new Uint8Array();
  say(bytes(state));
  await pass();
  say(nothing, { retained: true });
  await pass();
  expect(await record.turbines()).toMatchObject([{ state: { health: state.health }, unwatchedMs: null }]);
  const emptiedMs = clock.nowMs();
  say(nothing);
  say(nothing, { site: "ridge" });
  watch.acceptStatus("aurora/v1/gateway/gw-1/status", nothing, false);
  await pass();
  expect(await record.turbines()).toMatchObject([{ state: null, unwatchedMs: emptiedMs }]);
  expect((await record.quarantine(10)).items.map(({ topic, reason }) => [topic, reason])).toEqual([
    [topicOf("ridge"), "foreign-site"],
  ]);
  say(bytes(state));
  await watch.close();
  expect(await record.turbines()).toMatchObject([{ state: { health: state.health }, unwatchedMs: null }]);
});

it("knows after the record was away what was said meanwhile, and when", async () => {
  let cause: string | null = "away";
  const { record, watch, clock, said } = createBench(undefined, (whole) => ({
    ...whole,
    storeStates: (batch) =>
      cause === null
        ? whole.storeStates(batch)
        : Promise.reject(new AuroraError("STORE", cause, { op: "test" })),
  }));
  const pass = async (forMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs < forMs; passedMs += 50) {
      clock.advance(50);
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const say = (online: boolean): void => {
    const status = online ? { gateway: "gw-1", online, version: "1.0.0" } : { gateway: "gw-1", online };
    watch.acceptStatus("aurora/v1/gateway/gw-1/status", bytes(status), false);
  };
  const heardMs = clock.nowMs();
  watch.acceptState(
    "aurora/v1/turbine/north-sea/wt-1/state",
    bytes(turbineState("wt-1", heardMs, "d")),
    false,
  );
  say(true);
  await pass(3_000);
  // Its last will, the newest word of it.
  say(false);
  await pass(3_000);
  expect(said).toHaveLength(1);
  // What follows has another hint.
  cause = "no room";
  await pass(61_000);
  expect(said).toHaveLength(2);
  cause = null;
  await pass(1_000);
  expect(await record.gateways()).toMatchObject([{ gateway: "gw-1", online: false }]);
  expect(await record.turbines()).toMatchObject([{ turbine: "wt-1", lastSeenMs: heardMs }]);
  await watch.close();
});

it("holds so many bytes of what cannot be stored, keeps room for statuses, and counts what it drops", async () => {
  let isFull = true;
  const { record, watch, clock, metrics } = createBench(undefined, (real) => ({
    ...real,
    storeStates: async (batch) => {
      if (isFull) throw new AuroraError("STORE", "the disk is full", { op: "store", hint: "free some" });
      return real.storeStates(batch);
    },
  }));
  const large = new Uint8Array(256 * 1024).fill(32);
  const turbine = (number: number): string => `aurora/v1/turbine/north-sea/wt-${number}/state`;
  const before = process.memoryUsage.rss();
  // As they come from a connection: each a view on bytes that are used again.
  for (let number = 0; number < 2_000; number++) {
    watch.acceptState(turbine(number), large, false);
    if (number % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  large.fill(0);
  watch.acceptStatus("aurora/v1/gateway/gw-1/status", bytes({ gateway: "gw-1", online: true }), false);
  // One that is too large to be a state takes little room.
  for (let number = 0; number < 1_000; number++)
    watch.acceptStatus(`aurora/v1/gateway/x-${number}/status`, new Uint8Array(1024 * 1024), false);
  const text = await metrics.render();
  const dropped = Number(/states_dropped_total\{kind="state"\} (\d+)/.exec(text)?.[1]);
  expect(dropped).toBeGreaterThan(1_800);
  expect(text).not.toContain('states_dropped_total{kind="status"}');
  isFull = false;
  await until(async () => {
    clock.advance(1_000);
    return (await record.gateways()).length > 0;
  }, "the status is stored");
  expect((await record.gateways()).map(({ gateway }) => gateway)).toEqual(["gw-1"]);
});

/** Two gateways watch one turbine; `gw-1` has an alarm there, and `gw-2` says that all is good. */
function createTwins(wrapRecord?: (record: FleetRecord) => FleetRecord): ReturnType<typeof createBench> & {
  readonly say: (gateway: "gw-1" | "gw-2") => string;
  /** Waits until the state of this time is stored; which alarms stand? */
  readonly settle: (time: string) => Promise<readonly boolean[]>;
  readonly takeBack: () => void;
} {
  const bench = createBench(undefined, wrapRecord);
  const { record, watch, clock } = bench;
  const components = [
    { component: "gearbox-hss-bearing", health: "good" as const, reason: null, sinceMs: null },
  ];
  const since = new Date(clock.nowMs() - 3_600_000).toISOString();
  const inner = { ...components[0]!, failureMode: "inner-race", since, probability: 0.9 };
  const changes = {
    "gw-1": { alarms: [{ ...inner, state: "unacknowledged" as const }] },
    "gw-2": { alarms: [], components },
  };
  const topic = "aurora/v1/turbine/north-sea/wt-1/state";
  return {
    ...bench,
    say: (gateway) => {
      clock.advance(10);
      const state = { ...turbineState("wt-1", clock.nowMs(), "d"), gateway, ...changes[gateway] };
      watch.acceptState(topic, bytes(state), false);
      return state.time;
    },
    settle: async (time) => {
      await until(async () => {
        clock.advance(100);
        return (await record.turbines())[0]?.state?.time === time;
      }, "it is stored");
      const { items } = await record.alarms({ limit: 9, offset: 0 });
      return items.map(({ active }) => active);
    },
    takeBack: () => watch.acceptState(topic, new Uint8Array(), false),
  };
}

it("keeps an alarm that one of two gateways of its turbine says to stand, and the other knows nothing of", async () => {
  const { record, clock, say, settle } = createTwins();
  for (let turn = 0; turn < 3; turn++)
    for (const gateway of ["gw-1", "gw-2"] as const) {
      clock.advance(5_000);
      expect(await settle(say(gateway))).toEqual([true]);
    }
  expect(await record.turbines()).toMatchObject([{ twins: ["gw-1", "gw-2"] }]);
});

it("hears both of two gateways whose states come in one batch, the one that knows of no alarm last", async () => {
  const { record, clock, say, settle } = createTwins();
  await settle(say("gw-1"));
  for (let minute = 0; minute < 20; minute++) {
    clock.advance(60_000);
    say("gw-1");
    expect(await settle(say("gw-2"))).toEqual([true]);
  }
  expect(await record.turbines()).toMatchObject([{ twins: ["gw-1", "gw-2"] }]);
});

it("remembers of a state that could not be stored that another gateway said it", async () => {
  let fails = false;
  const { clock, say, settle } = createTwins((whole) => ({
    ...whole,
    storeStates: async (batch) => {
      if (!fails) return whole.storeStates(batch);
      throw new AuroraError("STORE", "the disk is full", { op: "test" });
    },
  }));
  await settle(say("gw-1"));
  fails = true;
  say("gw-2");
  clock.advance(150);
  fails = false;
  // The next one comes while that waits to be tried again.
  expect(await settle(say("gw-2"))).toEqual([true]);
});

it("takes gateways for one after the other where a turbine was taken out of the one before", async () => {
  const { record, clock, say, settle, takeBack } = createTwins();
  for (const gateway of ["gw-1", "gw-2", "gw-1"] as const) {
    await settle(say(gateway));
    takeBack();
    clock.advance(60_000);
  }
  expect(await record.turbines()).toMatchObject([{ twins: [] }]);
});
