/** States that trickle in, and connections that do not last: no alarm is lost for good, and none is told that was never forgotten. */
import { expect, test } from "vitest";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../../src/core/decision/alarms/alert-policy.ts";
import { point } from "../../core/decision/decider-feed.ts";
import { createStarts, restOfSite, said, settle, stateOf } from "./recall-starts.ts";

const [earlier, later] = ["2026-10-01T12:00:00.000Z", "2026-11-02T12:00:00.000Z"] as const;
const ofSecond = stateOf([said("outer")], { turbine: "t2" });

test("a state that comes after the others is still taken up", async () => {
  const { start, events, clock, listed } = createStarts();
  const { recall, mqtt, deliver, isListening } = start();
  mqtt.connected = true;
  const looked = recall.look();
  await settle();
  deliver(stateOf([]));
  clock.advance(900);
  await settle();
  deliver(ofSecond);
  clock.advance(900);
  await settle();
  deliver(restOfSite[1]);
  clock.advance(5_000);
  await looked;
  expect(events).toEqual([`alarm.taken-up t2 ${point.component} outer`]);
  expect([listed(), isListening()]).toEqual([["t2 outer unacknowledged true"], false]);
});

test("one that comes when deciders are at work already is kept, told and taken up with the next start", async () => {
  const { start, events, clock, state, listed } = createStarts();
  const first = start();
  await first.look([stateOf([])]);
  expect([first.isListening(), state.get("recalled-alarms")]).toEqual([true, null]);
  first.recall.watch(createAlarmRegister());
  first.deliver(ofSecond);
  clock.advance(15_000);
  await settle();
  expect(events).toEqual([`alarm.forgotten t2 ${point.component} outer`]);
  expect([first.isListening(), clock.pendingTimers]).toEqual([false, 0]);
  const second = start();
  await second.look([stateOf([]), ...restOfSite]);
  expect(listed()).toEqual(["t2 outer unacknowledged true"]);
});

test("states of turbines that are not this gateway's say nothing of what it may read", async () => {
  const { start, events, clock } = createStarts();
  const { recall, look, deliver, isListening } = start();
  const foreign = stateOf([], { turbine: "t9" });
  await look([foreign]);
  expect(isListening()).toBe(true);
  recall.watch(createAlarmRegister());
  deliver(foreign, undefined, false);
  clock.advance(15_000);
  await settle();
  expect(events).toEqual(["alarms.unreadable aurora/v1/turbine/north/+/state"]);
});

test("a first start that hears no state waits for a fifth of a second, and one that hears some for a second", async () => {
  for (const [messages, waitMs] of [
    [[], 200],
    [[stateOf([])], 1_000],
  ] as const) {
    const { start, clock } = createStarts();
    const { recall, mqtt, deliver } = start();
    mqtt.connected = true;
    let isDone = false;
    void recall.look().then(() => {
      isDone = true;
    });
    await settle();
    for (const message of messages) deliver(message);
    clock.advance(waitMs - 1);
    await settle();
    expect(isDone).toBe(false);
    clock.advance(1);
    await settle();
    expect(isDone).toBe(true);
  }
});

test("a connection that is lost at once ends nothing: the next that lasts does, however many there were", async () => {
  const { start, events, clock, state } = createStarts();
  const { recall, mqtt, lose, deliver, isListening } = start();
  const looked = recall.look();
  await settle();
  clock.advance(5_000);
  await looked;
  recall.watch(createAlarmRegister());
  for (let index = 0; index < 20; index++) {
    mqtt.connect();
    clock.advance(1_000);
    lose();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(20_000);
  }
  expect([events, isListening(), state.get("recalled-alarms")]).toEqual([[], true, null]);
  mqtt.connect();
  deliver(ofSecond);
  clock.advance(14_999);
  expect(isListening()).toBe(true);
  clock.advance(1);
  expect(events).toEqual([`alarm.forgotten t2 ${point.component} outer`]);
  expect([isListening(), clock.pendingTimers]).toEqual([false, 0]);
});

test("of what was kept no state changes anything but by a later occurrence, nor does one that comes late", async () => {
  const { start, events, clock, kept, listed } = createStarts();
  const own = [
    said("a"),
    said("b", { state: "returned-unacknowledged" }),
    said("c", { state: "returned-unacknowledged" }),
  ];
  await start().look([stateOf(own)]);
  expect(events.splice(0)).toHaveLength(3);
  const before = kept();
  await start().look([stateOf(own)]);
  // Of before they had returned, whatever the clock that dated it.
  const stale = stateOf([said("b"), said("c", { since: earlier })], { time: "2038-01-01T00:00:00.000Z" });
  await start().look([stale]);
  const late = start();
  await late.look();
  late.recall.watch(createAlarmRegister(defaultAlertPolicy, kept().alarms));
  late.deliver(stale);
  clock.advance(15_000);
  await settle();
  expect([events, kept().alarms]).toEqual([[], before.alarms]);
  const again = said("b", { since: later });
  await start().look([stateOf([said("a", { state: "returned-unacknowledged" }), again, said("d")])]);
  expect(events).toEqual(["b", "d"].map((mode) => `alarm.taken-up t1 ${point.component} ${mode}`));
  expect(listed().sort()).toEqual([
    "t1 a unacknowledged true",
    "t1 b unacknowledged true",
    "t1 c returned-unacknowledged false",
    "t1 d unacknowledged true",
  ]);
});

test("where one text alone was lost, an ended alarm of another component stays ended, whatever its old state says, and after a kill", async () => {
  const { start, events, state, listed } = createStarts();
  const ended = stateOf([said("a", { state: "returned-unacknowledged" })]);
  await start().look([ended, ...restOfSite]);
  const kept = state.get(`serving/t1/${point.component}`);
  state.set(`serving/t2/${point.component}`, "{}");
  events.length = 0;
  // The broker was away when it ended, and gives no state of the last turbine.
  const stale = stateOf([said("a")]);
  await start().look([stale]);
  expect([events, state.get(`serving/t1/${point.component}`)]).toEqual([[], kept]);
  // Killed then: meanwhile the text that was lost has been written anew.
  state.set(`serving/t2/${point.component}`, null);
  const second = start();
  await second.look([stale, ofSecond]);
  expect(events).toEqual([`alarm.taken-up t2 ${point.component} outer`]);
  expect(listed().sort()).toEqual(["t1 a returned-unacknowledged false", "t2 outer unacknowledged true"]);
});

test("a slow line is no refusal: its own states may come back late, and what has not come when all was answered will not", async () => {
  for (const isHeard of [true, false]) {
    const { start, events, clock } = createStarts();
    const { recall, look, line, deliver, isListening } = start();
    await look();
    recall.watch(createAlarmRegister());
    line.isSlow = true;
    clock.advance(60_000);
    await settle();
    expect([events, isListening()]).toEqual([[], true]);
    if (isHeard) deliver(stateOf([said("outer")]), undefined, false);
    line.answer();
    await settle();
    expect(isListening()).toBe(false);
    expect(events).toEqual(isHeard ? [] : ["alarms.unreadable aurora/v1/turbine/north/+/state"]);
  }
});

test("a line that breaks before all was answered says nothing; the next connection asks again", async () => {
  const { start, events, clock } = createStarts();
  const { recall, mqtt, look, line, lose, isListening } = start();
  await look();
  recall.watch(createAlarmRegister());
  line.isSlow = true;
  clock.advance(15_000);
  lose();
  line.answer();
  await settle();
  expect([events, isListening()]).toEqual([[], true]);
  line.isSlow = false;
  mqtt.connect();
  clock.advance(15_000);
  await settle();
  expect(events).toEqual(["alarms.unreadable aurora/v1/turbine/north/+/state"]);
});
