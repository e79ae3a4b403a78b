/** Alarms and deciders of a gateway over its runs: what one alert writes, what a kill leaves, and what a version of before left. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isConditionActive } from "../../../src/core/decision/alarms/alarm-lifecycle.ts";
import { type AlarmRecord, createAlarmRecord } from "../../../src/core/decision/alarms/alarm-record.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../../src/core/decision/alarms/alert-policy.ts";
import type { DeciderSnapshot } from "../../../src/core/decision/decider-snapshot.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMqttAlertSink } from "../../../src/gateway/alarms/alert-sink.ts";
import { createKeptServing } from "../../../src/gateway/points/kept-serving.ts";
import { describeKept, readSnapshots } from "../../../src/gateway/points/snapshots.ts";
import { nameComponent } from "../../../src/gateway/record/read-kept.ts";
import { createStateStore, type StateStore } from "../../../src/gateway/record/state-store.ts";
import { openStoreFile } from "../../../src/gateway/record/store-file.ts";
import { decisionAt } from "../../core/decision/alarms/decisions.ts";
import { feed } from "../../core/decision/alarms/feed-register.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { openJournal } from "../alarms/open-journal.ts";
import { createFakeMqtt, createFakeState } from "../fakes.ts";
import { topics } from "./recall-starts.ts";

const former = readFileSync(new URL("../../vectors/serving-1.json", import.meta.url), "utf8");
const formerName = "WT02/generator-bearing";
const quarterMs = 900_000;

interface FormerText {
  readonly alarms: { readonly records: readonly AlarmRecord[] };
  readonly deciders: Readonly<Record<string, DeciderSnapshot>>;
}
const { alarms: formerAlarms, deciders: formerDeciders } = JSON.parse(former) as FormerText;

/** The keys of each write, in order, of what is put into `state`. */
function noteWrites(state: StateStore): { readonly state: StateStore; readonly writes: string[][] } {
  const writes: string[][] = [];
  const note = (entries: Readonly<Record<string, string | null>>): void =>
    void writes.push(Object.keys(entries).filter((key) => key !== "serving"));
  return {
    writes,
    state: {
      ...state,
      setAll: (entries) => {
        note(entries);
        return state.setAll(entries);
      },
      setDescribed: (entries, describe) => {
        note(entries);
        return state.setDescribed(entries, describe);
      },
    },
  };
}

/** One run of a gateway that has these turbines, 50 points each. */
function run(store: StateStore, turbines: readonly string[], components = 50) {
  const clock = createManualClock();
  const { state, writes } = noteWrites(store);
  const kept = readSnapshots(state, silentLogger);
  const register = createAlarmRegister(defaultAlertPolicy, kept.alarms);
  const config = turbines.map((id) => {
    return { id, points: Array.from({ length: components }, (_, index) => ({ component: `b${index}` })) };
  });
  const points = config.flatMap(({ id, points: own }) =>
    own.map(({ component }) => ({ site: "north", turbine: id, component })),
  );
  const deciders = new Map(kept.deciders);
  const serving = createKeptServing({
    config: { turbines: config } as never,
    kept,
    state,
    register,
    deciderOf: (name) =>
      points.some((point) => nameComponent(point) === name) ? deciders.get(name) : undefined,
    clock,
  });
  /** Each decides a window; `active` raises an alarm in the register and in the decider. */
  const decide = (index: number, at: number, active = false) => {
    const point = points[index]!;
    const name = nameComponent(point);
    const windowId = `${name}/${at}`;
    deciders.set(name, { ...(active ? holding : quiet), lastWindowId: windowId });
    serving.note(point);
    return feed(
      register,
      decisionAt(at, [["outer-race", active ? 0.95 : 0.1, active ? at : null]], { point, windowId }),
    );
  };
  return { clock, state, writes, register, points, serving, decide };
}

/** As large as that of a bundle with bands and levels. */
const holding: DeciderSnapshot = {
  ...formerDeciders[formerName]!,
  signals: Array.from({ length: 6 }).flatMap((_, copy) =>
    formerDeciders[formerName]!.signals.map((signal) => ({
      ...signal,
      failureMode: copy === 0 ? signal.failureMode : `${signal.failureMode}-${copy}`,
    })),
  ),
};
const quiet: DeciderSnapshot = {
  ...holding,
  signals: holding.signals.map((signal) => ({ ...signal, held: null })),
};

/** A store file, and what a kill in this moment would leave of it. */
function openStore(path = join(createTemporaryFolder(), "gateway.db")) {
  const file = openStoreFile({ path });
  onTestFinished(() => file.close());
  const copy = () => {
    const to = join(createTemporaryFolder(), "gateway.db");
    for (const end of ["", "-wal"]) copyFileSync(`${path}${end}`, `${to}${end}`);
    return readSnapshots(openStore(to).state, silentLogger);
  };
  return { state: createStateStore(file), copy };
}

/** Components whose decider and alarm do not say the same. */
function findTorn({ alarms, deciders }: ReturnType<typeof readSnapshots>): readonly string[] {
  const active = new Set(
    alarms.records.flatMap(({ alarm, point }) => (isConditionActive(alarm) ? [nameComponent(point)] : [])),
  );
  return [...deciders].flatMap(([name, { signals }]) =>
    signals.some(({ held }) => held !== null) === active.has(name) ? [] : [name],
  );
}

test("of 3,000 points an alert is published and kept; what it writes is of its own point alone, and the rest comes within a quarter of an hour", async () => {
  const store = openStore();
  const turbines = Array.from({ length: 60 }, (_, index) => `WT${index}`);
  const { state, writes, points, serving, decide, clock, register } = run(store.state, turbines);
  // In one text the store would refuse them.
  expect(points.length * JSON.stringify(quiet).length).toBeGreaterThan(2 ** 24);
  const mqtt = createFakeMqtt();
  mqtt.connect();
  const own = { site: "north", onRefused: () => {}, timers: clock, logger: silentLogger };
  const journal = openJournal([createMqttAlertSink(mqtt, topics, own)], { state });
  for (let index = 0; index < points.length; index++) decide(index, 0);
  clock.advance(1_000);
  serving.tick();
  expect(writes).toEqual([]);
  const [event] = decide(77, 1, true);
  journal.take([event!], serving.describe);
  await new Promise((resolve) => setImmediate(resolve));
  expect(mqtt.sent.map(({ topic }) => topic)).toEqual(["aurora/v1/turbine/north/WT1/alert"]);
  expect(writes.flat().filter((key) => key.startsWith("serving/"))).toEqual(["serving/WT1/b27"]);
  const killed = store.copy();
  expect([killed.lost, [...killed.deciders.keys()], killed.alarms.records.length]).toEqual([
    [],
    ["WT1/b27"],
    1,
  ]);
  expect(findTorn(killed)).toEqual([]);

  writes.length = 0;
  clock.advance(quarterMs);
  serving.tick();
  expect(writes.map((keys) => keys.length)).toEqual([32]);
  for (let tick = 0; tick < 100; tick++) serving.tick();
  expect(new Set(writes.flat()).size).toBe(2_999);
  const whole = store.copy();
  expect([whole.deciders.size, whole.alarms]).toEqual([3_000, register.snapshot()]);
}, 60_000);

test("a kill between two writes leaves no decider without its alarm, nor the reverse", async () => {
  const store = openStore();
  const first = run(store.state, ["WT0", "WT1"]);
  for (let index = 0; index < 100; index++) {
    first.decide(index, 0, index % 2 === 0);
    first.serving.keep(first.points[index]!);
  }
  expect(findTorn(store.copy())).toEqual([]);
  // All have turned into the other since.
  const second = run(store.state, ["WT0", "WT1"]);
  for (let index = 0; index < 100; index++) {
    const [event] = second.decide(index, 60, index % 2 === 1);
    if (event !== undefined && index < 50) second.state.setAll(second.serving.describe(event.data));
  }
  second.clock.advance(quarterMs);
  for (let tick = 0; tick < 3; tick++) {
    const torn = store.copy();
    expect([torn.lost, torn.deciders.size, findTorn(torn)]).toEqual([[], 100, []]);
    second.serving.tick();
  }
  await second.serving.close();
  expect(store.copy().alarms.records).toEqual(
    expect.arrayContaining([...second.register.snapshot().records]),
  );
});

test("the stop writes what was decided since, some components at a turn, and of a first run without any that there was one", async () => {
  const store = openStore();
  expect(readSnapshots(store.state, silentLogger).lost).toBe(null);
  await run(store.state, ["WT0"]).serving.close();
  expect(readSnapshots(store.state, silentLogger)).toMatchObject({ lost: [], names: [] });
  const { serving, decide, writes } = run(store.state, ["WT0"]);
  for (let index = 0; index < 40; index++) decide(index, 0);
  let turns = 0;
  setImmediate(() => turns++);
  await serving.close();
  expect(writes.map((keys) => keys.length)).toEqual([32, 8]);
  expect(turns).toBe(1);
  expect(store.copy().deciders.size).toBe(40);
});

test("a kill between the writes of one order loses no alert of it: each is in the journal, or its alarm still stands", () => {
  const store = openStore();
  const { state, register, serving, points } = run(store.state, ["WT0"]);
  const active = [
    ["outer-race", 0.95, 0],
    ["inner-race", 0.95, 0],
  ] as const;
  for (const point of points.slice(0, 2)) feed(register, decisionAt(0, active, { point }));
  for (const { turbine, component } of points.slice(0, 2)) serving.keep({ turbine, component });
  const kill = (): never => {
    throw new Error("killed");
  };
  const journal = openJournal([], { state, append: kill });
  const events = register.retire({ isOver: () => true, atMs: 10, reason: "found healthy" });
  expect(() => journal.take(events, serving.describe)).toThrow("killed");
  const recorded: string[] = [];
  openJournal([], { state, append: ({ id }) => recorded.push(id) });
  expect(recorded).toEqual(events.slice(0, 2).map(({ id }) => id));
  const { alarms } = readSnapshots(state, silentLogger);
  const next = createAlarmRegister(defaultAlertPolicy, alarms);
  const rest = next.retire({ isOver: () => true, atMs: 20, reason: "found healthy" });
  expect(rest.map(({ data }) => data.component)).toEqual(["b1", "b1"]);
});

test("what happens beneath a shelf, and a step that is told nobody, are written at once, of the component concerned alone", () => {
  const { register, serving, writes, decide, points } = run(createFakeState(), ["WT0"]);
  for (const index of [1, 2]) {
    const [event] = decide(index, 0, true);
    serving.keep(event!.data);
  }
  const point = points[1]!;
  const failureMode = "outer-race";
  decide(1, 1);
  register.step({ point, failureMode }, { kind: "remove-from-service", by: "ana", atMs: 1 }, 1);
  writes.length = 0;
  serving.keepSteps();
  expect(writes).toEqual([["serving/WT0/b1"]]);
  // Out of service it is told of no more.
  expect(decide(1, 2, true)).toEqual([]);
  decide(2, 2, true);
  serving.tick();
  serving.tick();
  expect(writes).toEqual([["serving/WT0/b1"], ["serving/WT0/b1"]]);
});

test("the one text of a version of before is read once and replaced in one write, and counts before older texts of components", () => {
  const fake = createFakeState();
  fake.setAll({ serving: former, "serving/WT02/generator-bearing": "{}", "serving/WT09/b": "{}" });
  const writes: Readonly<Record<string, string | null>>[] = [];
  const state: StateStore = {
    ...fake,
    setAll: (entries) => {
      writes.push(entries);
      return fake.setAll(entries);
    },
  };
  const read = readSnapshots(state, silentLogger);
  expect(read.lost).toEqual([]);
  expect(read.names).toEqual([formerName]);
  expect(read.alarms).toEqual(formerAlarms);
  expect(Object.fromEntries(read.deciders)).toEqual(formerDeciders);
  expect(findTorn(read)).toEqual([]);
  expect(writes.map((entries) => Object.keys(entries).sort())).toEqual([
    ["serving", "serving/WT02/generator-bearing", "serving/WT09/b"],
  ]);
  expect([state.get("serving"), state.get("serving/WT09/b")]).toEqual(['{"version":2}', null]);
  expect([readSnapshots(state, silentLogger), writes.length]).toEqual([read, 1]);
});

test("where a version of before left nothing that can be read, older texts of components are not believed", () => {
  const state = createFakeState();
  state.setAll({ serving: former });
  readSnapshots(state, silentLogger);
  state.set("serving", '{"alarms":');
  expect(readSnapshots(state, silentLogger)).toMatchObject({
    lost: null,
    names: [],
    alarms: { records: [] },
  });
  expect(state.keys("serving/")).toEqual([]);
});

test("texts of the last run leave memory with the first tick, and are said again where the file is begun anew", async () => {
  const fake = createFakeState();
  const first = run(fake, ["WT0"], 3);
  for (let index = 0; index < 3; index++) first.decide(index, 0, index === 1);
  await first.serving.close();
  const released: (readonly string[])[] = [];
  let said: Readonly<Record<string, string | null>> = {};
  const release: StateStore["release"] = (keys, describe) => {
    released.push(keys);
    said = describe();
  };
  const { serving } = run({ ...fake, release }, ["WT0"], 3);
  expect(released).toEqual([]);
  for (let tick = 0; tick < 2; tick++) serving.tick();
  expect(released).toEqual([["serving/WT0/b0", "serving/WT0/b1", "serving/WT0/b2"], []]);
  for (const key of released[0]!) expect(JSON.parse(said[key]!)).toEqual(JSON.parse(fake.get(key)!));
});

test("as many alarms of a component as were written are read", () => {
  const state = createFakeState();
  const point = { site: "north", turbine: "WT0", component: "b" };
  const alarms = Array.from({ length: 1_001 }, (_, index) =>
    createAlarmRecord(point, { failureMode: `mode-${index}`, probability: 0 }),
  );
  state.setAll(describeKept([[nameComponent(point), { alarms }]]));
  expect(readSnapshots(state, silentLogger).alarms.records).toEqual(alarms);
});

test("of one text that cannot be read the others stand, and alarms may be missing", () => {
  const state = createFakeState();
  const { serving, decide, points } = run(state, ["WT0"]);
  for (const index of [1, 2]) {
    decide(index, 0, true);
    serving.keep(points[index]!);
  }
  state.set("serving/WT0/b1", "{}");
  const { lost, alarms, deciders } = readSnapshots(state, silentLogger);
  expect([lost, alarms.records.length, [...deciders.keys()]]).toEqual([["WT0/b1"], 1, ["WT0/b2"]]);
  // It goes, whether it is no longer configured or hears nothing that could be written in its place.
  for (const turbine of ["WT1", "WT0"]) {
    state.set("serving/WT0/b1", "{}");
    run(state, [turbine]).serving.tick();
    expect(readSnapshots(state, silentLogger)).toMatchObject({ lost: [], names: ["WT0/b2"] });
  }
});

test("of more points than are kept without being configured those stay that were missed last", async () => {
  const state = createFakeState();
  const play = async (turbines: readonly string[]) => {
    const { serving, decide, points } = run(state, turbines);
    for (let index = 0; index < points.length; index++) decide(index, 0);
    await serving.close();
  };
  await play(["WT9"]);
  await play(["WT5"]);
  await play(["WT7"]);
  const names = readSnapshots(state, silentLogger).names.map((name) => name.split("/")[0]!);
  const count = (turbine: string): number => names.filter((name) => name === turbine).length;
  expect(["WT7", "WT5", "WT9"].map(count)).toEqual([50, 50, 14]);
});
