/** People's steps on alarms, and what ends by itself of them. */
import { describe, expect, test } from "vitest";
import { renderAlarmStep } from "../../../src/cli/terminal/render-alarms.ts";
import { type AlarmOrder, alarmReplySchema } from "../../../src/core/contract/alarm-report.ts";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import {
  alarmRegisterSnapshotSchema,
  createAlarmRegister,
} from "../../../src/core/decision/alarms/alarm-register.ts";
import { createAlarmDesk } from "../../../src/gateway/alarms/alarm-desk.ts";
import { decisionAt } from "../../core/decision/alarms/decisions.ts";
import { feed } from "../../core/decision/alarms/feed-register.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const hourMs = 3_600_000;
const place = { turbine: "t1", component: "generator-bearing", failureMode: "inner" };

function createDesk(register = createAlarmRegister()) {
  const clock = createManualClock();
  const alerts: AlertEvent[] = [];
  const events: string[] = [];
  /** How many alerts each order told, and silent steps. */
  const told: (number | "silent")[] = [];
  const disk = { isFull: false };
  const desk = createAlarmDesk({
    config: { gateway: { site: "north" } as never },
    register,
    clock,
    onAlerts: (own) => {
      alerts.push(...own);
      if (own.length > 0) told.push(own.length);
    },
    onEvent: (...told) => void events.push(told.join(" | ")),
    onSilentStep: () => void told.push("silent"),
    isWritten: () => !disk.isFull,
  });
  return { register, clock, alerts, events, desk, told, disk };
}

describe("the alarm desk", () => {
  test("tells whoever did something that the disk did not take it, as long as that is so", () => {
    const { register, desk, disk } = createDesk();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    const act = (isFull: boolean, order: Omit<AlarmOrder, "by">): string => {
      disk.isFull = isFull;
      const reply = desk.act(place, { ...order, by: "ana" });
      return renderAlarmStep(place, alarmReplySchema().parse(JSON.parse(JSON.stringify(reply))));
    };
    expect(act(true, { action: "acknowledge" })).toMatch(
      /: warning, acknowledged by ana.*\nTold, but not written down: the disk .* is full or fails/,
    );
    expect(act(false, { action: "shelve", hours: 1 })).toMatch(/^[^\n]* shelved by ana [^\n]*\n$/);
    feed(register, decisionAt(1, [["inner", 0.1, null]]));
    expect(act(true, { action: "unshelve" })).toMatch(/normal, nothing is left to be seen\nTold, but/);
  });

  test("ends shelving by the gateway's clock and tells it, and of another occurrence that began beneath", () => {
    const { register, clock, alerts, desk, told } = createDesk();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    desk.act(place, { action: "shelve", by: "ana", hours: 1 });
    clock.advance(hourMs - 1);
    // The device is a day ahead.
    feed(register, decisionAt(86_400, [["inner", 0.9, 0]]));
    desk.tick();
    expect(desk.list()).toMatchObject([{ state: "shelved" }]);
    clock.advance(1);
    desk.tick();
    desk.tick();
    const until = new Date(clock.nowMs()).toISOString();
    expect(alerts.map(({ type, data }) => [type.split(".")[3], data.state, data.until])).toEqual([
      ["updated", "shelved", until],
      ["updated", "unacknowledged", undefined],
    ]);
    expect(desk.list()).toMatchObject([{ state: "unacknowledged", until: null }]);

    desk.act(place, { action: "shelve", by: "ana", hours: 1 });
    feed(register, decisionAt(86_401, [["inner", 0.1, null]]));
    // Another occurrence, of which nobody was told.
    feed(register, decisionAt(86_402, [["inner", 0.9, 86_402]]));
    clock.advance(hourMs);
    const before = told.length;
    desk.tick();
    expect(told.slice(before)).not.toContain("silent");
    expect(alerts.slice(3)).toMatchObject([
      { type: "io.aurora.alert.raised.v1", data: { state: "unacknowledged" } },
    ]);
    expect(desk.list()).toMatchObject([{ state: "unacknowledged" }]);
  });

  test("tells what ends at once together, before what is told nobody is written down with it", () => {
    const { register, clock, desk, told } = createDesk();
    const failureModes = ["outer", "inner"];
    feed(
      register,
      decisionAt(
        0,
        failureModes.map((failureMode) => [failureMode, 0.9, 0] as const),
      ),
    );
    for (const failureMode of failureModes)
      desk.act({ ...place, failureMode }, { action: "shelve", by: "ana", hours: 1 });
    // Nobody was ever told of it.
    const point = { site: "north", turbine: "t1", component: "generator-bearing" };
    const atMs = clock.nowMs();
    const shelve = { kind: "shelve", by: "ana", atMs, untilMs: atMs + hourMs } as const;
    register.step({ point, failureMode: "cage" }, shelve, atMs);
    told.length = 0;
    clock.advance(hourMs);
    desk.tick();
    expect(told).toEqual([2, "silent"]);
  });

  test("ends a shelving that began by a clock which was years ahead when its hours have been counted", () => {
    const { register, desk, clock } = createDesk();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    const ahead = clock.nowMs() + 12 * 365 * 24 * hourMs;
    const point = { site: "north", turbine: "t1", component: "generator-bearing" };
    const step = { kind: "shelve", by: "ana", atMs: ahead, untilMs: ahead + hourMs } as const;
    expect(register.step({ point, failureMode: "inner" }, step, ahead)).toMatchObject({ ok: true });
    expect(desk.list()).toMatchObject([{ state: "shelved" }]);
    desk.tick();
    clock.advance(hourMs - 1);
    desk.tick();
    expect(desk.list()).toMatchObject([{ state: "shelved" }]);
    clock.advance(1);
    desk.tick();
    expect(desk.list()).toMatchObject([{ state: "unacknowledged" }]);
  });

  test.each([
    ["a day back", -24 * hourMs],
    ["22 hours back", -22 * hourMs],
    ["years ahead", 56 * 365 * 24 * hourMs],
  ])(
    "an hour of shelving is an hour, though the clock is set %s within it, and its new end is told",
    (_name, byMs) => {
      const { register, clock, events, desk, told } = createDesk();
      feed(register, decisionAt(0, [["inner", 0.9, 0]]));
      desk.act(place, { action: "shelve", by: "ana", hours: 1 });
      clock.advance(hourMs / 2);
      desk.tick();
      told.length = 0;
      clock.jump(byMs);
      desk.tick();
      const until = new Date(clock.nowMs() + hourMs / 2).toISOString();
      expect(desk.list()).toMatchObject([{ state: "shelved", until }]);
      expect([events.at(-1), told]).toEqual([
        `alarm.shelved | t1 generator-bearing inner | by ana, until ${until}: the gateway's clock was set`,
        ["silent"],
      ]);
      clock.advance(hourMs / 2 - 1);
      desk.tick();
      expect(desk.list()).toMatchObject([{ state: "shelved" }]);
      clock.advance(1);
      desk.tick();
      expect(desk.list()).toMatchObject([{ state: "unacknowledged" }]);
      expect(events).toHaveLength(2);
    },
  );

  test("what is shelved after the clock was set, or was before a restart, keeps the end that was told", () => {
    const { register, clock, events, desk } = createDesk();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    clock.jump(-3 * hourMs);
    // Before the desk's next tick.
    desk.act(place, { action: "shelve", by: "ana", hours: 1 });
    desk.tick();
    const until = new Date(clock.nowMs() + hourMs).toISOString();
    expect(desk.list()).toMatchObject([{ state: "shelved", until }]);
    const again = createDesk(createAlarmRegister(undefined, register.snapshot()));
    again.clock.jump(-3 * hourMs);
    again.desk.tick();
    again.clock.jump(hourMs / 2);
    again.desk.tick();
    expect(again.desk.list()).toMatchObject([{ state: "shelved", until }]);
    expect([events.length, again.events.length]).toEqual([1, 0]);
  });

  describe.each([
    ["without a clock", 56 * 365 * 24 * hourMs],
    ["with a clock that is three days behind", 72 * hourMs],
    ["with a clock that is ten hours behind", 10 * hourMs],
  ])("of what was shelved for eight hours before a restart %s", (_name, behindMs) => {
    const restart = () => {
      const { register, clock, desk } = createDesk();
      feed(register, decisionAt(0, [["inner", 0.9, 0]]));
      desk.act(place, { action: "shelve", by: "ana", hours: 8 });
      const rightMs = clock.nowMs();
      const again = createDesk(createAlarmRegister(undefined, register.snapshot()));
      again.clock.jump(-Math.min(behindMs, rightMs - 30_000));
      const state = (): string => {
        again.desk.tick();
        return again.desk.list()[0]!.state;
      };
      return { ...again, state, rightMs };
    };

    test("nothing ends before the clock is set, and then at the time that was told", () => {
      const { clock, state, rightMs, events } = restart();
      expect(state()).toBe("shelved");
      clock.advance(10_000);
      clock.jump(rightMs + 10_000 - clock.nowMs());
      expect(state()).toBe("shelved");
      clock.advance(8 * hourMs - 10_001);
      expect(state()).toBe("shelved");
      clock.advance(1);
      expect([state(), events]).toEqual(["unacknowledged", []]);
    });

    test("all is shown after eight hours more, though nobody sets the clock", () => {
      const { clock, state } = restart();
      clock.advance(8 * hourMs - 1);
      expect(state()).toBe("shelved");
      clock.advance(1);
      expect(state()).toBe("unacknowledged");
    });

    test.each([
      ["when the clock was right", 1_700_000_000_000],
      ["while it was not set", 30_000],
    ])(
      "hours are counted over restarts that come before they are over, of what was shelved %s",
      (_name, beganMs) => {
        let run = createDesk();
        run.clock.jump(beganMs - run.clock.nowMs());
        feed(run.register, decisionAt(0, [["inner", 0.9, 0]]));
        run.desk.act(place, { action: "shelve", by: "ana", hours: 8 });
        const hours = [];
        for (let restart = 0; restart < 4; restart++) {
          const kept = JSON.parse(JSON.stringify(run.register.snapshot()));
          run = createDesk(createAlarmRegister(undefined, alarmRegisterSnapshotSchema.parse(kept)));
          run.clock.jump(30_000 - run.clock.nowMs());
          let hour = 0;
          for (; hour < 3 && run.desk.list()[0]!.state === "shelved"; hour++) {
            run.clock.advance(hourMs);
            run.desk.tick();
          }
          hours.push(hour);
        }
        expect(hours).toEqual([3, 3, 2, 0]);
      },
    );

    test("what is counted is written down each quarter of an hour, and nothing once it is shown again", () => {
      const { clock, desk, told } = restart();
      const pass = (minutes: number): void => {
        for (let minute = 0; minute < minutes; minute++) {
          clock.advance(60_000);
          desk.tick();
        }
      };
      pass(14);
      expect(told).toEqual([]);
      pass(31);
      expect(told).toEqual(["silent", "silent", "silent"]);
      clock.advance(8 * hourMs);
      desk.tick();
      const before = told.length;
      pass(60);
      expect(told).toHaveLength(before);
    });
  });

  test("tells who did what, and of nobody what was refused or ended by itself", () => {
    const { register, clock, events, desk, alerts } = createDesk();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    desk.act(place, { action: "acknowledge", by: "ana" });
    const refused = (order: AlarmOrder): unknown => {
      try {
        return desk.act(place, order);
      } catch (error) {
        return error;
      }
    };
    expect(refused({ action: "acknowledge", by: "bo" })).toMatchObject({
      code: "GATEWAY",
      message: "acknowledge is not possible while acknowledged",
      hint: "`aurora alert list` says in which state it is.",
    });
    desk.act(place, { action: "shelve", by: "bo", hours: 1 });
    expect(refused({ action: "acknowledge", by: "bo" })).toMatchObject({
      message: "acknowledge is not possible while shelved",
      hint: expect.stringContaining("is ended first, with --end"),
    });
    const until = new Date(clock.nowMs() + hourMs).toISOString();
    desk.act(place, { action: "unshelve", by: "cy" });
    desk.act(place, { action: "remove-from-service", by: "ana" });
    desk.act(place, { action: "return-to-service", by: "bo" });
    desk.act(place, { action: "shelve", by: "cy", hours: 0.5 });
    clock.advance(hourMs);
    desk.tick();
    const subject = "t1 generator-bearing inner";
    // Each names the alert that told of it.
    const told = alerts.map(({ id }) => id);
    expect(new Set(told).size).toBe(told.length);
    expect(events.slice(0, -1)).toEqual([
      `alarm.acknowledged | ${subject} | by ana; alert ${told[0]}`,
      `alarm.shelved | ${subject} | by bo, until ${until}; alert ${told[1]}`,
      `alarm.unshelved | ${subject} | by cy; alert ${told[2]}`,
      `alarm.out-of-service | ${subject} | by ana; alert ${told[3]}`,
      `alarm.in-service | ${subject} | by bo; alert ${told[4]}`,
    ]);
    expect(events.at(-1)).toMatch(/^alarm\.shelved .* by cy, until/);
  });

  test("shows what is left of before the site was renamed, and lets people acknowledge it", () => {
    const { register, alerts, desk } = createDesk();
    const point = { site: "south", turbine: "t1", component: "generator-bearing" };
    feed(register, decisionAt(0, [["inner", 0.9, 0]], { point }));
    register.retire({ isOver: () => true, atMs: 1, reason: "nobody watches it" });
    feed(register, decisionAt(1, [["inner", 0.9, 1]]));
    const formerSites = () => desk.list().map(({ formerSite }) => formerSite);
    expect(formerSites()).toEqual(["south", undefined]);
    expect(desk.act(place, { action: "acknowledge", by: "ana" }).alarm).toMatchObject({
      state: "acknowledged",
    });
    expect(desk.act(place, { action: "acknowledge", by: "ana" }).alarm).toBeNull();
    expect(formerSites()).toEqual([undefined]);
    expect(alerts.map(({ data }) => [data.site, data.state])).toEqual([
      ["north", "acknowledged"],
      ["south", "normal"],
    ]);
  });
});
