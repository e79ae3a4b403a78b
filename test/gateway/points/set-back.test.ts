/** A gateway whose state folder is set back to an older copy: what began after that stands on, and what ended does not come back. */
import { expect, test } from "vitest";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { describeKept } from "../../../src/gateway/points/snapshots.ts";
import { decisionAt, point, startMs } from "../../core/decision/alarms/decisions.ts";
import { feed } from "../../core/decision/alarms/feed-register.ts";
import { createStarts, restOfSite, said, stateOf } from "./recall-starts.ts";

/** What is kept of an alarm that ended by hand, ten seconds after it began; a state has whole milliseconds alone. */
function keepEnded(): Readonly<Record<string, string | null>> {
  const register = createAlarmRegister();
  feed(register, decisionAt(0, [["outer", 0.9, 0.0005]]));
  register.retire({ isOver: () => true, atMs: startMs + 10_000, reason: "found healthy" });
  register.step({ point, failureMode: "outer" }, { kind: "acknowledge", atMs: 0, by: "ana" }, 0);
  expect(register.list()).toEqual([]);
  return describeKept([[`t1/${point.component}`, { alarms: register.snapshot().records }]]);
}

const standing = (sinceMs: number, time = "2026-11-20T00:00:00.000Z") =>
  stateOf([said("outer", { since: new Date(sinceMs).toISOString() })], { time });

test("an alarm that the copy does not know is taken up, whatever the clock says", async () => {
  for (const nowMs of [60_000, Date.UTC(2026, 10, 21), Date.UTC(2038, 0, 1)]) {
    const { start, state, events, listed, clock, kept } = createStarts();
    state.setAll(keepEnded());
    clock.jump(nowMs - clock.nowMs());
    await start().look([standing(startMs + 3_600_000), ...restOfSite]);
    expect([events, listed()]).toEqual([
      [`alarm.taken-up t1 ${point.component} outer`],
      ["t1 outer unacknowledged true"],
    ]);
    expect(kept().alarms.records.map(({ sinceMs }) => sinceMs)).toEqual([startMs + 3_600_000]);
    expect(kept().deciders.get(`t1/${point.component}`)?.signals).toHaveLength(1);
  }
});

test("one that ended before a kill, and of which the end was not told, stays ended, whatever time its state says", async () => {
  for (const time of ["2026-01-01T00:00:05.000Z", "2038-01-01T00:00:00.000Z"]) {
    const { start, state, events, listed, clock, kept } = createStarts();
    state.setAll(keepEnded());
    await start().look([standing(startMs, time), ...restOfSite]);
    expect([events, listed()]).toEqual([[], []]);
    const late = start();
    await late.look();
    late.recall.watch(createAlarmRegister(undefined, kept().alarms));
    late.mqtt.connect();
    late.deliver(standing(startMs, time));
    clock.advance(15_000);
    expect([events, state.get("recalled-alarms")]).toEqual([[], null]);
  }
});

test("a broker that grants nothing is named in the log alone, of a gateway that lost nothing", async () => {
  const { start, state, events, warnings, clock } = createStarts();
  state.setAll(keepEnded());
  const { recall, refused, mqtt, look } = start();
  refused.add("aurora/v1/turbine/north/+/state");
  await look();
  recall.watch(createAlarmRegister());
  mqtt.connect();
  clock.advance(15_000);
  expect([events, warnings.length]).toEqual([[], 1]);
});
