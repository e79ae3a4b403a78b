/** A gateway without a memory takes up what stands, of what may have been written by anybody. */
import { describe, expect, test } from "vitest";
import type { SaidAlarm } from "../../../src/core/contract/alert.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../../src/core/decision/alarms/alert-policy.ts";
import { createSaidEvent } from "../../../src/core/decision/alarms/recalled-alarm.ts";
import { createDecider } from "../../../src/core/decision/decider.ts";
import { describeKept } from "../../../src/gateway/points/snapshots.ts";
import { decisionAt } from "../../core/decision/alarms/decisions.ts";
import { feed } from "../../core/decision/alarms/feed-register.ts";
import { createFeed, options, partsOf, point } from "../../core/decision/decider-feed.ts";
import { createStarts, restOfSite, said, settle, since, stateOf, topics } from "./recall-starts.ts";
import { createScadaBundle, createScadaSite, dayMs, startMs } from "./scada/scada-site.ts";

describe("a gateway without a memory", () => {
  test("takes up what stands, told anew under no earlier id, and holds it until its signal is healthy for a day", async () => {
    const { start, events, kept, listed, clock } = createStarts();
    const { look, isListening, subscribed } = start();
    await look([stateOf([said("outer", { lane: "slow" })]), ...restOfSite]);
    expect(subscribed).toEqual(["aurora/v1/turbine/north/+/state"]);
    expect(isListening()).toBe(false);
    expect(events).toEqual([`alarm.taken-up t1 ${point.component} outer`]);
    expect(listed()).toEqual(["t1 outer unacknowledged true"]);
    const snapshot = kept().deciders.get(`t1/${point.component}`);
    const decider = createDecider(point, partsOf(["inner", "outer"]), { ...options, snapshot });
    const register = createAlarmRegister(defaultAlertPolicy, kept().alarms);
    expect(decider.isSuspicious).toBe(true);
    const feed = createFeed(decider, clock.nowMs());
    const decision = feed.next([-3, -3]);
    const [due, ...others] = register.update(decision);
    expect([due?.transition, others]).toEqual(["updated", []]);
    const event = register.announce(due!, { explanation: null, horizonHours: null });
    expect(event?.id).toMatch(/\/outer\/1793534400000\/updated\/\d{13}$/);
    expect(event?.data).toMatchObject({ since, lane: "slow", severity: "critical", state: "unacknowledged" });
    const endAfter = (hours: number): string[] =>
      Array.from({ length: 3 * hours }).flatMap(() => {
        feed.atMs += 20 * 60_000;
        return register.update(feed.next([-3, -3])).map(({ transition }) => transition);
      });
    expect(endAfter(23)).toEqual([]);
    expect(endAfter(3)[0]).toBe("cleared");
    expect(decider.isSuspicious).toBe(false);
  });

  test("warns where another gateway published its turbine's state, and takes up what stands all the same", async () => {
    const { start, warnings, listed } = createStarts();
    await start().look([stateOf([said("outer")], { gateway: "gw-2" }), ...restOfSite]);
    expect(listed()).toEqual(["t1 outer unacknowledged true"]);
    const others = warnings.filter((message) => message === "a turbine's state is another gateway's");
    expect(others).toHaveLength(1);
  });

  test("tells of a baseline that is older than what it said last, and of no other's", async () => {
    const { component } = point;
    const known = {
      component,
      state: "ready" as const,
      version: 8,
      windows: 600,
      suspicions: [],
      severityDb: 0,
    };
    const lookWith = async (version: number | null, gateway = "gw", isProvisional = false) => {
      const baselines = [{ ...known, isProvisional }];
      const { start, events, warnings, state } = createStarts();
      if (version !== null) state.set(`baseline/t1/${component}`, JSON.stringify({ version, more: 1 }));
      await start().look([stateOf([], { baselines, gateway }), ...restOfSite]);
      return { events, hint: warnings.find((warning) => warning.includes("aurora baseline renew")) };
    };
    const { events, hint } = await lookWith(5);
    expect(events).toEqual([`baseline-older t1/${component}`]);
    expect(hint).toMatch(/version 5, .* version 8: .* aurora baseline renew t1 /);
    for (const version of [8, 9, null]) expect((await lookWith(version)).events).toEqual([]);
    expect((await lookWith(5, "gw-2")).events).toEqual([]);
    expect((await lookWith(5, "gw", true)).events).toEqual([]);
  });

  test("says nothing where nothing stands, once states can be read", async () => {
    const { start, events, clock, state } = createStarts();
    const first = start();
    await first.look();
    first.recall.watch(createAlarmRegister());
    first.deliver(stateOf([said("outer")]), undefined, false);
    clock.advance(15_000);
    await settle();
    expect([first.isListening(), clock.pendingTimers]).toEqual([false, 0]);
    state.setAll(describeKept([]));
    const second = start();
    await second.look([stateOf([]), ...restOfSite]);
    expect([second.isListening(), events]).toEqual([false, []]);
  });

  test("takes up what stands where what it kept cannot be read, and after a kill before that was written down", async () => {
    const { start, events, state, listed } = createStarts();
    state.set("serving", '{"alarms":');
    const killed = start();
    killed.mqtt.connected = true;
    void killed.recall.look();
    await settle();
    killed.recall.close();
    const { look } = start();
    await look([stateOf([said("outer")])]);
    expect([listed(), events.length]).toEqual([["t1 outer unacknowledged true"], 1]);
  });

  test("takes up what stood of a component whose text cannot be read, and leaves the others as it kept them", async () => {
    const { start, events, state, listed } = createStarts();
    const second = stateOf([said("inner")], { turbine: "t2" });
    await start().look([stateOf([said("outer")]), second, restOfSite[1]]);
    expect([state.keys("serving/").length, events.splice(0).length]).toEqual([2, 2]);
    const kept = state.get(`serving/t2/${point.component}`);
    state.set(`serving/t1/${point.component}`, "{}");
    await start().look([stateOf([said("outer")]), stateOf([], { turbine: "t2" }), restOfSite[1]]);
    expect(events).toEqual([`alarm.taken-up t1 ${point.component} outer`]);
    expect(listed().sort()).toEqual(["t1 outer unacknowledged true", "t2 inner unacknowledged true"]);
    expect(state.get(`serving/t2/${point.component}`)).toBe(kept);
  });

  test("takes up what it told itself and nobody has heard, of a component whose text cannot be read", async () => {
    const { start, state, listed } = createStarts();
    const told = (failureMode: string, state: SaidAlarm["state"], transition: "raised" | "cleared") =>
      createSaidEvent(said(failureMode, { state }), {
        point: { ...point, site: "north", turbine: "t1" },
        saidMs: Date.parse(since),
        transition,
      });
    const inner = told("inner", "unacknowledged", "raised");
    const outer = [told("outer", "unacknowledged", "raised"), told("outer", "normal", "cleared")];
    state.setAll({
      ...describeKept([]),
      [`serving/t1/${point.component}`]: "{}",
      "unpublished-alerts": JSON.stringify([inner, outer[0]]),
      "unrecorded-alerts": JSON.stringify(outer),
    });
    await start().look([stateOf([said("outer")]), ...restOfSite]);
    expect(listed()).toEqual(["t1 inner unacknowledged true"]);
  });

  test("still knows for how many runs a component was not configured of which it takes an alarm up", async () => {
    const { start, state, kept, listed } = createStarts();
    const killed = start();
    killed.mqtt.connected = true;
    void killed.recall.look();
    await settle();
    killed.recall.close();
    const decider = createDecider(point, partsOf(["outer"]), options).snapshot();
    state.setAll(describeKept([["t1/gone", { decider, alarms: [], missedRuns: 5 }]]));
    await start().look([stateOf([said("outer", { component: "gone" })]), ...restOfSite]);
    expect([listed(), kept().missedRuns.get("t1/gone")]).toEqual([["t1 outer unacknowledged true"], 5]);
  });

  test("gives no update an earlier one's number where its clock is not set yet", async () => {
    const { start, kept, clock } = createStarts();
    clock.jump(60_000 - clock.nowMs());
    const { look } = start();
    const time = "2026-11-20T00:00:00.000Z";
    await look([stateOf([said("a"), said("b", { since: "2026-11-20T00:01:00.000Z" })], { time })]);
    const numbers = kept().alarms.records.map(({ updates }) => updates);
    // How often they were told is not known: as rarely as can be from now on.
    expect(numbers).toEqual([Date.parse(time) + 7, Date.parse(time) + 60_000 + 7]);
  });

  test("shows what was withheld again, and keeps what waits to be acknowledged or was", async () => {
    const { start, listed, kept } = createStarts();
    const health = { component: "gearbox", reason: null, sinceMs: null };
    const { look } = start();
    await look([
      stateOf(
        [
          said("a", { state: "acknowledged" }),
          said("b", { state: "returned-unacknowledged" }),
          said("c", { state: "shelved" }),
          said("d", { state: "out-of-service" }),
          said("e", { state: "normal" }),
          said("f", { state: "shelved", component: "gearbox" }),
          // Whatever else is wrong with its component.
          said("g", { state: "shelved", conditionActive: false }),
          said("h", { state: "out-of-service", conditionActive: false }),
          said("i", { state: "shelved", component: "gearbox", conditionActive: true }),
        ],
        {
          components: [
            { ...health, health: "good" },
            { ...health, component: point.component, health: "critical" },
          ],
        },
      ),
    ]);
    expect(listed().sort()).toEqual([
      "t1 a acknowledged true",
      "t1 b returned-unacknowledged false",
      "t1 c acknowledged true",
      "t1 d acknowledged true",
      "t1 i acknowledged true",
    ]);
    const held = kept().deciders.get(`t1/${point.component}`)!.signals;
    expect(held.map(({ failureMode }) => failureMode)).toEqual(["a", "c", "d"]);
  });

  test("believes no state that is damaged, huge or another turbine's, no name that can be nobody's, and no endless list", async () => {
    const { start, listed, events, clock, kept } = createStarts();
    for (const bad of [
      "{",
      "null",
      { alarms: [said("x")] },
      stateOf([said("x")], { turbine: "t2" }),
      stateOf([said("x")], { site: "south" }),
      { ...stateOf([said("x")]), padding: "y".repeat(300_000) },
      stateOf([said("x", { since: "yesterday" })]),
      stateOf([said("../x"), said("a\nb"), said(""), said("x", { component: "a/b" })]),
    ]) {
      const { look, recall } = start();
      await look([bad, stateOf([said("x")])], topics.state("north", "t1"));
      recall.watch(createAlarmRegister());
      clock.advance(15_000);
      await settle();
      expect(listed()).toEqual([]);
    }
    expect(new Set(events)).toEqual(new Set(["alarms.ignored aurora/v1/turbine/north/+/state"]));
    expect(events).toHaveLength(8);
    const { look, deliver } = start();
    const many = Array.from({ length: 200 }, (_, index) => said(`mode-${index}`));
    await look([stateOf([...many, said("mode-0")]), ...restOfSite]);
    expect(listed()).toHaveLength(32);
    deliver(stateOf([said("x")]), "aurora/v1/turbine/north/t9/state");
    // Names that no model knows must not make what is kept unreadable.
    const second = start();
    await second.look([stateOf(many.slice(100))]);
    expect(listed()).toHaveLength(33);
    expect(kept().lost).toEqual([]);
  });
});

test("says nothing of a turbine of many alarms that are all kept, and takes up one more", async () => {
  const { start, events, listed } = createStarts();
  const names = Array.from({ length: 20 }, (_, index) => `mode-${index}`);
  const components = ["gearbox", point.component];
  const alarms = components.map((component) => names.map((name) => said(name, { component })));
  for (const some of alarms) await start().look([stateOf(some), ...restOfSite]);
  expect(listed()).toHaveLength(40);
  events.length = 0;
  await start().look([stateOf(alarms.flat()), ...restOfSite]);
  expect(events).toEqual([]);
  await start().look([stateOf([...alarms.flat(), said("outer")]), ...restOfSite]);
  expect(events).toEqual([`alarm.taken-up t1 ${point.component} outer`]);
  expect(listed()).toHaveLength(41);
});

describe("a broker", () => {
  test("that refuses, or grants and keeps silent, is named once, and the gateway goes on", async () => {
    for (const refuses of [true, false]) {
      const { start, events, clock, state } = createStarts();
      const { recall, refused, mqtt, look, isListening } = start();
      if (refuses) refused.add("aurora/v1/turbine/north/+/state");
      await look();
      recall.watch(createAlarmRegister());
      clock.advance(15_000);
      await settle();
      mqtt.connect();
      clock.advance(60_000);
      expect(events).toEqual(["alarms.unreadable aurora/v1/turbine/north/+/state"]);
      expect([isListening(), state.get("recalled-alarms")]).toEqual([false, null]);
    }
  });

  test("that comes late tells of alarms that are taken up with the next start, though alarms were kept meanwhile", async () => {
    const { start, events, clock, state, listed } = createStarts();
    const first = start();
    const looked = first.recall.look();
    await settle();
    clock.advance(5_000);
    await looked;
    first.recall.watch(createAlarmRegister());
    state.setAll(describeKept([]));
    first.mqtt.connect();
    first.deliver(stateOf([said("outer")]));
    first.deliver(stateOf([said("inner")]));
    clock.advance(15_000);
    await settle();
    expect(events).toEqual([`alarm.forgotten t1 ${point.component} outer`]);
    expect([first.isListening(), listed()]).toEqual([false, []]);
    await start().look([stateOf([]), ...restOfSite]);
    expect([listed(), state.get("recalled-alarms")]).toEqual([["t1 outer unacknowledged true"], null]);
  });
});

test("an inspection that SCADA values asked for stands on, while the turbine is learnt", async () => {
  const site = createScadaSite();
  const { start } = createStarts(site.state);
  const day = new Date(startMs - 3 * dayMs).toISOString();
  const { look } = start();
  const asked = stateOf([said("failure-ahead", { component: "gearbox", since: day })], { turbine: "T1" });
  await look([asked]);
  const watch = site.start(createScadaBundle());
  // Half of the time of learning: nothing is known of the turbine yet.
  await site.play(watch, 0, 240);
  await watch.close();
  const farm = JSON.parse(site.state.get("scada-farm/scada-test")!);
  expect(farm.standing).toEqual([{ turbine: "T1", component: "gearbox", day: startMs / dayMs - 4 }]);
});

test("a gateway whose disk took nothing more before it was killed gives no update the id of an earlier one", async () => {
  const { start, state, clock } = createStarts();
  const raised = createAlarmRegister();
  feed(raised, decisionAt(0, [["inner", 0.9, 0]]));
  const name = `t1/${decisionAt(0, []).point.component}`;
  state.setAll(describeKept([[name, { alarms: raised.snapshot().records }]]));
  const ids: string[] = [];
  for (let run = 0; run < 3; run++) {
    const { recall, mqtt } = start();
    mqtt.refuse = true;
    const { alarms } = await recall.look();
    // How often it was told is known all the same.
    expect(alarms.records.map(({ updates }) => updates % 1_000)).toEqual([0]);
    const register = createAlarmRegister(defaultAlertPolicy, alarms);
    clock.advance(2_000);
    for (const kind of ["shelve", "unshelve", "shelve"] as const) {
      const atMs = clock.nowMs();
      const step = { kind, atMs, by: "ana", untilMs: atMs + 60_000 };
      const told = register.step(alarms.records[0]!, step, atMs);
      if (told.ok && told.value !== null) ids.push(told.value.id);
    }
  }
  expect([ids.length, new Set(ids).size]).toEqual([9, 9]);
});
