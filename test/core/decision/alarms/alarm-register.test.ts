import { describe, expect, test } from "vitest";
import { type AlertEvent, alertEventSchema } from "../../../../src/core/contract/alert.ts";
import type { Decision } from "../../../../src/core/contract/prediction.ts";
import { isSamePoint } from "../../../../src/core/contract/stream.ts";
import {
  alarmRegisterSnapshotSchema,
  createAlarmRegister,
  type PersonStep,
} from "../../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy, renumberUpdates } from "../../../../src/core/decision/alarms/alert-policy.ts";
import { decisionAt, model, point, startMs } from "./decisions.ts";
import { context, feed } from "./feed-register.ts";

function expectEvent(
  value: { ok: true; value: AlertEvent | null } | { ok: false; error: string },
): AlertEvent {
  if (!value.ok || value.value === null) throw new Error(`no event: ${JSON.stringify(value)}`);
  return value.value;
}

const bothModes = [
  ["inner", 0.9, 0],
  ["outer", 0.9, 0],
] as const;

describe("the alarm register", () => {
  test("calls an alarm critical only after so many windows at a high probability, of which a dip takes three away", () => {
    const register = createAlarmRegister({ ...defaultAlertPolicy, criticalWindows: 3 });
    const severities = [0.99, 0.99, 0.9, 0.99, 0.99, 0.99].map((probability, index) => {
      feed(register, decisionAt(index, [["inner", probability, 0]]));
      return register.snapshot().records[0]!.severity;
    });
    expect(severities).toEqual(["warning", "warning", "warning", "warning", "warning", "critical"]);
    // A fault whose windows scatter: seven of eight are high, and never sixty in a row. One of which two of three are never is.
    for (const [of, criticalAt] of [
      [8, 116],
      [3, Number.POSITIVE_INFINITY],
    ] as const) {
      const scattered = createAlarmRegister();
      const first = Array.from({ length: 400 }, (_, index) => {
        feed(scattered, decisionAt(index, [["inner", index % of === 0 ? 0.9 : 0.99, 0]]));
        return scattered.snapshot().records[0]!.severity;
      }).indexOf("critical");
      expect(first === -1 ? Number.POSITIVE_INFINITY : first, `of ${of}`).toBe(criticalAt);
    }
  });

  test("calls an alarm critical after fewer windows where they lie hours apart, a standstill among others of an hour aside", () => {
    const countWindows = (hoursAt: (window: number) => number, change: Partial<Decision> = {}): number => {
      const register = createAlarmRegister();
      let hours = 0;
      for (let window = 1; window <= 100; window++) {
        hours += hoursAt(window);
        feed(register, decisionAt(3600 * hours, [["inner", 0.99, 0]], change));
        if (register.snapshot().records[0]!.severity === "critical") return window;
      }
      return Number.POSITIVE_INFINITY;
    };
    expect([1, 2, 6, 12, 24].map((hours) => countWindows(() => hours))).toEqual([60, 60, 29, 19, 19]);
    expect(countWindows((window) => (window % 20 === 0 ? 48 : 1))).toBe(60);
    // Where one must stop: six windows of an hour, and never one alone.
    const stop = { severityDb: 20, stopDb: 16 };
    expect([1, 24].map((hours) => countWindows(() => hours, stop))).toEqual([6, 5]);
  });

  test("counts how likely the kind is that the machine looks like by now, whatever raised the alarm", () => {
    const feedBoth = (leadingMode: string | undefined) => {
      const register = createAlarmRegister({ ...defaultAlertPolicy, criticalWindows: 20 });
      for (let index = 0; index < 25; index++) {
        const { modes, ...decision } = decisionAt(index, [
          ["inner", 0.01, 0],
          ["outer", 0.99, null],
        ]);
        const named = modes.map((mode, at) => (at === 0 && leadingMode ? { ...mode, leadingMode } : mode));
        feed(register, { ...decision, modes: named });
      }
      return register.snapshot().records.map(({ failureMode, severity }) => [failureMode, severity]);
    };
    expect(feedBoth("outer")).toEqual([["inner", "critical"]]);
    expect(feedBoth(undefined)).toEqual([["inner", "warning"]]);
  });

  test("tells once that a machine has become loud, some minutes after what was told last", () => {
    const register = createAlarmRegister();
    const told = Array.from({ length: 60 }, (_, index) => {
      const severityDb = index < 20 ? 2 : 9;
      return feed(register, { ...decisionAt(60 * index, [["inner", 0.9, 0]]), severityDb });
    }).flat();
    expect(told.map(({ type, data }) => [type.split(".")[3], data.severityDb])).toEqual([
      ["raised", 2],
      ["updated", 9],
    ]);
  });

  test("tells once of a critical alarm that its machine has come to where one must stop, also while it is shelved", () => {
    const play = (
      steps: readonly (readonly [windows: number, severityDb: number, digest?: string])[],
      isShelved = false,
    ) => {
      let register = createAlarmRegister();
      let at = 0;
      const told: AlertEvent[] = [];
      for (const [windows, severityDb, digest = model.digest] of steps)
        for (let window = 0; window < windows; window++, at++) {
          const change = { severityDb, stopDb: 16, model: { ...model, digest } };
          const decision = decisionAt(3600 * at, [["inner", 0.99, 0]], change);
          told.push(...feed(register, decision));
          if (at === 70 && isShelved) {
            const until = { kind: "shelve", atMs: 0, by: "ana", untilMs: startMs * 2 } as const;
            register.step({ point, failureMode: "inner" }, until, 0);
          }
          // Over a restart as well.
          const kept = JSON.parse(JSON.stringify(register.snapshot()));
          register = createAlarmRegister(defaultAlertPolicy, alarmRegisterSnapshotSchema.parse(kept));
        }
      return told
        .filter(({ data }) => data.severity === "critical")
        .map(({ data, time }) => [Math.floor((Date.parse(time) - startMs) / 3_600_000), data.severityDb]);
    };
    const known = [59, 9];
    expect(
      play([
        [100, 9],
        [20, 17],
        [5, 12],
        [50, 26],
      ]),
    ).toEqual([known, [105, 17]]);
    // What is told in a dip, of another model, is not followed by another.
    const other = "cd".repeat(32);
    expect(
      play([
        [100, 9],
        [20, 17],
        [1, 12, other],
        [50, 17, other],
      ]),
    ).toEqual([known, [105, 17], [120, 12]]);
    expect(
      play(
        [
          [100, 9],
          [50, 26],
        ],
        true,
      ),
    ).toEqual([known, [105, 26]]);
    // Knocks alone, or a level that was told, are no news.
    expect(
      play(
        Array.from(
          { length: 40 },
          () =>
            [
              [4, 9],
              [2, 20],
            ] as const,
        ).flat(),
      ),
    ).toHaveLength(1);
    expect(play([[200, 26]])).toHaveLength(1);
  });

  test("tells an alarm's beginning and end once, as valid events with the id of their transition", () => {
    const register = createAlarmRegister();
    expect(feed(register, decisionAt(0, [["inner", 0.3, null]]))).toEqual([]);
    const [raised, ...more] = feed(register, decisionAt(5, [["inner", 0.9, 3]]));
    expect(more).toEqual([]);
    expect(alertEventSchema().parse(raised)).toEqual(raised);
    expect(raised).toEqual({
      specversion: "1.0",
      id: `north/t1/generator-bearing/inner/${startMs + 3_000}/raised/0`,
      source: "/north/t1",
      type: "io.aurora.alert.raised.v1",
      time: "2026-01-01T00:00:06.000Z",
      subject: "generator-bearing",
      datacontenttype: "application/json",
      data: {
        turbine: "t1",
        site: "north",
        component: "generator-bearing",
        failureMode: "inner",
        severity: "warning",
        state: "unacknowledged",
        probability: 0.9,
        score: expect.closeTo(Math.log(9), 12),
        threshold: 0.8,
        horizonHours: null,
        since: "2026-01-01T00:00:03.000Z",
        operatingState: "full-performance",
        window: {
          from: "2026-01-01T00:00:05.000Z",
          to: "2026-01-01T00:00:06.000Z",
          id: `t1/generator-bearing/${startMs + 5_000}`,
        },
        explanation: context.explanation,
        model,
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    });
    expect(feed(register, decisionAt(6, [["inner", 0.9, 3]]))).toEqual([]);
    const [cleared] = feed(register, decisionAt(9, [["inner", 0.1, null]]));
    expect(cleared).toMatchObject({
      id: `north/t1/generator-bearing/inner/${startMs + 3_000}/cleared/0`,
      type: "io.aurora.alert.cleared.v1",
      data: { state: "returned-unacknowledged", since: "2026-01-01T00:00:03.000Z", probability: 0.1 },
    });
    expect(feed(register, decisionAt(10, [["inner", 0.1, null]]))).toEqual([]);
  });

  test("names the output to explain", () => {
    const [due] = createAlarmRegister().update(
      decisionAt(0, [
        ["inner", 0.1, null],
        ["outer", 0.9, 0],
      ]),
    );
    expect(due).toMatchObject({ output: 1, transition: "raised", mode: { failureMode: "outer" } });
  });

  test("keeps an alarm through windows without information", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    for (let index = 1; index < 50; index++)
      expect(feed(register, decisionAt(index, [], {}, "standby"))).toEqual([]);
    expect(register.list("north", "t1")).toMatchObject([{ failureMode: "inner", state: "unacknowledged" }]);
  });

  test("is due again with the same id until it has been announced", () => {
    const register = createAlarmRegister();
    const [first] = register.update(decisionAt(0, [["inner", 0.9, 0]]));
    const [second] = register.update(decisionAt(1, [["inner", 0.91, 0]]));
    const told = register.announce(second!, { explanation: null, horizonHours: 24 });
    expect(told).toMatchObject({ data: { horizonHours: 24, explanation: { baseValue: 0, groups: [] } } });
    expect(told!.data.explanation.gap).toBeCloseTo(Math.abs(told!.data.score), 12);
    expect(register.announce(first!, context)).toBeNull();
    expect(register.update(decisionAt(2, [["inner", 0.92, 0]]))).toEqual([]);
  });

  test("does not let a single odd window speak for a standing alarm, but tells a change that lasts", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    const intervalS = defaultAlertPolicy.minUpdateIntervalMs / 1000;
    for (let index = 1; index < intervalS; index++) feed(register, decisionAt(index, [["inner", 0.9, 0]]));
    expect(feed(register, decisionAt(intervalS, [["inner", 0.16, 0]]))).toEqual([]);
    expect(feed(register, decisionAt(intervalS + 1, [["inner", 0.9, 0]]))).toEqual([]);
    const told = Array.from({ length: 30 }, (_, index) =>
      feed(register, decisionAt(intervalS + 2 + index, [["inner", 0.2, 0]])),
    ).flat();
    expect(told).toMatchObject([{ type: "io.aurora.alert.updated.v1", data: { probability: 0.2 } }]);
  });

  test.each([
    ["a healthy signal beneath a standing alarm", 0.1, 0.29, 30],
    ["a weak fault", 0.79, 0.98, 3],
    ["what is as likely as not", 0.4, 0.6, 3],
  ])("does not tell subscribers that %s swings between %d and %d", (_name, low, high, hours) => {
    const register = createAlarmRegister({
      ...defaultAlertPolicy,
      criticalWindows: Number.POSITIVE_INFINITY,
    });
    const told: AlertEvent[] = [];
    for (let index = 0; index < 360 * hours; index++) {
      // A swing of a quarter of an hour, as loads have, with a window every ten seconds.
      const probability = low + (high - low) * (0.5 + 0.5 * Math.cos((2 * Math.PI * index) / 90));
      told.push(...feed(register, decisionAt(10 * index, [["inner", probability, 0]])));
    }
    expect(told.slice(1).map(({ time, data }) => [time, data.probability])).toEqual([]);
  });

  test("tells ever less of a probability that goes to and fro, and all that it has come to in the end", () => {
    const register = createAlarmRegister();
    const toldMinutes: number[] = [];
    for (let minute = 0; minute < 2 * 24 * 60; minute++) {
      const probability = minute < 24 * 60 && Math.floor(minute / 30) % 2 === 0 ? 0.9 : 0.1;
      const events = feed(register, decisionAt(60 * minute, [["inner", probability, 0]]));
      if (events.length > 0) toldMinutes.push(minute);
    }
    // At the beginning within minutes, later once in hours.
    expect(toldMinutes[1]).toBeLessThan(45);
    expect(toldMinutes.length).toBeLessThan(10);
    expect(register.snapshot().records[0]!.lastEvent!.data.probability).toBe(0.1);
  });

  test("tells a change that lasts as soon where the numbers of its updates go on from the clock", () => {
    const first = createAlarmRegister();
    feed(first, decisionAt(0, [["inner", 0.9, 0]]));
    const [record] = first.snapshot().records;
    const updates = renumberUpdates(record!.updates, startMs + 999);
    const register = createAlarmRegister(defaultAlertPolicy, { records: [{ ...record!, updates }] });
    const told = Array.from({ length: 45 }, (_, minute) =>
      feed(register, decisionAt(60 * (minute + 1), [["inner", 0.1, 0]])),
    ).flat();
    expect(told.map(({ id }) => id.split("/").at(-1))).toEqual([`${startMs + 1}`]);
  });

  test("tells nothing under an id of before, of an alarm that is raised anew after its state was set back", () => {
    const lives = [60_000, 120_000].map((runsMs) => {
      const register = createAlarmRegister(defaultAlertPolicy, undefined, () => startMs + runsMs);
      const told = [0.9, 0.3].flatMap((probability, index) =>
        feed(register, decisionAt(runsMs / 1000 + index, [["inner", probability, index === 0 ? 3 : null]])),
      );
      expect(told.map(({ type }) => type.split(".")[3])).toEqual(["raised", "cleared"]);
      expect(new Set(told.map(({ data }) => data.since))).toEqual(new Set(["2026-01-01T00:00:03.000Z"]));
      return told.map(({ id }) => id);
    });
    expect(new Set(lives.flat()).size).toBe(4);
  });

  test("tells an escalation at once, and once", () => {
    const policy = { ...defaultAlertPolicy, criticalWindows: 3 };
    const register = createAlarmRegister(policy);
    feed(register, decisionAt(0, [["inner", 0.82, 0]]));
    const escalated = [1, 2, 3, 4].flatMap((index) =>
      feed(register, decisionAt(index, [["inner", 0.99, 0]])),
    );
    expect(escalated.map(({ time, data }) => [time.slice(14, 19), data.severity])).toEqual([
      ["00:04", "critical"],
    ]);
    // Once critical, always critical, and not told again.
    expect(feed(register, decisionAt(185, [["inner", 0.85, 0]]))).toEqual([]);
  });

  test("does not escalate because the clock jumps", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, [["inner", 0.99, 0]]));
    for (const at of [3_600, 7_200, 86_400, -3_600]) {
      for (const event of feed(register, decisionAt(at, [["inner", 0.99, 0]]))) {
        expect(event.data.severity).toBe("warning");
      }
    }
    expect(register.list("north", "t1")).toMatchObject([{ sinceMs: startMs }]);
  });

  test("goes on telling changes after the clock jumped an hour back", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    const play = (fromS: number, probability: number): AlertEvent[] =>
      Array.from({ length: 30 }, (_, index) =>
        feed(register, decisionAt(fromS + index, [["inner", probability, 0]])),
      ).flat();
    expect(play(-3_600, 0.1)).toMatchObject([
      { type: "io.aurora.alert.updated.v1", data: { since: "2026-01-01T00:00:00.000Z" } },
    ]);
    expect(play(-3_500, 0.9)).toEqual([]);
    expect(play(-2_000, 0.9)).toHaveLength(1);
  });

  test("acknowledges with an event, once", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    const acknowledge = { kind: "acknowledge", atMs: startMs + 5_000, by: "ana" } as const;
    const event = expectEvent(register.step({ point, failureMode: "inner" }, acknowledge, startMs + 5_000));
    expect(alertEventSchema().parse(event)).toMatchObject({
      id: `north/t1/generator-bearing/inner/${startMs}/acknowledged/0`,
      type: "io.aurora.alert.acknowledged.v1",
      time: "2026-01-01T00:00:05.000Z",
      data: { state: "acknowledged" },
    });
    expect(register.step({ point, failureMode: "inner" }, acknowledge, startMs)).toMatchObject({
      ok: false,
      error: expect.stringContaining("while acknowledged"),
    });
    expect(register.step({ point, failureMode: "ball" }, acknowledge, startMs)).toMatchObject({ ok: false });
    expect(feed(register, decisionAt(9, [["inner", 0.1, null]]))).toMatchObject([
      { data: { state: "normal" } },
    ]);
    expect(register.list("north", "t1")).toEqual([]);
  });

  test("tells no step as earlier than the alarm's beginning or what was told before, where a device's clock is ahead", () => {
    const register = createAlarmRegister();
    const alarm = { point, failureMode: "inner" };
    feed(register, decisionAt(40, [["inner", 0.9, 38]]));
    const acknowledged = register.step(alarm, { kind: "acknowledge", atMs: startMs, by: "ana" }, startMs);
    const shelve = { kind: "shelve", atMs: startMs, by: "ana", untilMs: startMs + 9_000 } as const;
    const events = [acknowledged, register.step(alarm, shelve, startMs)].map(expectEvent);
    events.push(...register.endShelvings(startMs + 9_000).map((event) => event!));
    events.push(...register.retire({ isOver: () => true, atMs: startMs + 50_000, reason: "over" }));
    expect(events.map(({ time, data }) => [time.slice(17, 19), data.since.slice(17, 19)])).toEqual([
      ["41", "38"],
      ["41", "38"],
      ["41", "38"],
      ["50", "38"],
    ]);
  });

  test.each([
    [1, 1],
    [365, 0],
  ])("dates a step to an alarm of a clock that is %i days ahead %i days later", (days, later) => {
    const register = createAlarmRegister();
    feed(register, decisionAt(days * 86_400 - 1, [["inner", 0.9, days * 86_400 - 9]]));
    const acknowledge = { kind: "acknowledge", atMs: startMs, by: "ana" } as const;
    const { time } = expectEvent(register.step({ point, failureMode: "inner" }, acknowledge, startMs));
    expect(Date.parse(time)).toBe(startMs + later * 86_400_000);
  });

  test("begins an alarm at its window where its evidence began by a clock that was ahead, also once it goes on after an order ended it", () => {
    const register = createAlarmRegister();
    const years = 9 * 365 * 86_400;
    const [raised] = feed(register, decisionAt(5, [["inner", 0.9, years]]));
    expect(raised).toMatchObject({
      id: expect.stringMatching(`/${startMs + 5_000}/raised/0$`),
      data: { since: "2026-01-01T00:00:05.000Z" },
    });
    expect(register.list("north", "t1")).toMatchObject([{ sinceMs: startMs + 5_000 }]);
    expect(feed(register, decisionAt(6, [["inner", 0.9, years]]))).toEqual([]);
    register.retire({ isOver: () => true, atMs: startMs + 7_000, reason: "over" });
    const [again] = feed(register, decisionAt(8, [["inner", 0.9, years]]));
    expect(again?.data.since).toBe("2026-01-01T00:00:08.000Z");
  });

  test("acknowledges an alarm that has returned", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    feed(register, decisionAt(1, [["inner", 0.1, null]]));
    const event = expectEvent(
      register.step(
        { point, failureMode: "inner" },
        { kind: "acknowledge", atMs: startMs, by: "ana" },
        startMs,
      ),
    );
    expect(event.data.state).toBe("normal");
  });

  test("withholds a shelved alarm, tells its end, and shows a new one when shelving is over", () => {
    const register = createAlarmRegister();
    const shelve = { kind: "shelve", atMs: startMs, by: "ana", untilMs: startMs + 60_000 } as const;
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    expect(expectEvent(register.step({ point, failureMode: "inner" }, shelve, startMs)).data.state).toBe(
      "shelved",
    );
    expect(feed(register, decisionAt(5, [["inner", 0.1, null]]))).toMatchObject([
      { type: "io.aurora.alert.cleared.v1" },
    ]);
    expect(feed(register, decisionAt(10, [["inner", 0.9, 10]]))).toEqual([]);
    expect(register.list("north", "t1")).toMatchObject([{ state: "shelved", conditionActive: true }]);
    expect(register.endShelvings(startMs + 59_999)).toEqual([]);
    // A device's clock that is ahead ends nothing.
    expect(feed(register, decisionAt(86_400, [["inner", 0.9, 10]]))).toEqual([]);
    const id = expect.stringContaining(`north/t1/generator-bearing/inner/${startMs + 10_000}/raised/`);
    expect(register.endShelvings(startMs + 60_000)).toMatchObject([{ id }]);
    expect(register.list("north", "t1")).toMatchObject([{ state: "unacknowledged", conditionActive: true }]);
    expect(feed(register, decisionAt(61, [["inner", 0.9, 10]]))).toEqual([]);
  });

  test("shows what was shelved when its time is over, though no window comes and nobody watches it any more", () => {
    const register = createAlarmRegister();
    const alarm = { point, failureMode: "inner" };
    const shelve = { kind: "shelve", atMs: startMs, by: "ana", untilMs: startMs + 60_000 } as const;
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    register.step(alarm, { kind: "acknowledge", atMs: startMs, by: "ana" }, startMs);
    register.step(alarm, shelve, startMs);
    const kept = alarmRegisterSnapshotSchema.parse(JSON.parse(JSON.stringify(register.snapshot())));
    const [event, ...more] = createAlarmRegister(defaultAlertPolicy, kept).endShelvings(startMs + 60_000);
    expect(more).toEqual([]);
    expect(alertEventSchema().parse(event)).toMatchObject({
      id: `north/t1/generator-bearing/inner/${startMs}/updated/2`,
      time: "2026-01-01T00:01:00.000Z",
      data: { state: "acknowledged", probability: 0.9 },
    });
    register.retire({ isOver: () => true, atMs: startMs + 9_000, reason: "nobody watches it" });
    expect(register.list("north", "t1")).toMatchObject([{ state: "shelved", conditionActive: false }]);
    // That it is over has been told already, but not that it is withheld no more.
    expect(register.endShelvings(startMs + 60_000)).toMatchObject([
      { type: "io.aurora.alert.updated.v1", data: { state: "normal" } },
    ]);
    expect(register.list("north", "t1")).toEqual([]);
  });

  test("tells what people make of an alarm that is over, by updates, and of another occurrence beneath at the end of a shelving", () => {
    const register = createAlarmRegister();
    const alarm = { point, failureMode: "inner" };
    const step = (own: PersonStep) => {
      const { id, type, data } = alertEventSchema().parse(expectEvent(register.step(alarm, own, startMs)));
      return [id.split("/").slice(5).join("/"), type.split(".")[3], data.state];
    };
    const shelve = { kind: "shelve", atMs: startMs, by: "ana", untilMs: startMs + 60_000 } as const;
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    expect(step({ kind: "remove-from-service", atMs: startMs, by: "ana" })[2]).toBe("out-of-service");
    expect(feed(register, decisionAt(1, [["inner", 0.1, null]]))).toHaveLength(1);
    expect(step({ kind: "return-to-service" })).toEqual(["updated/2", "updated", "normal"]);
    feed(register, decisionAt(2, [["inner", 0.9, 2]]));
    feed(register, decisionAt(3, [["inner", 0.1, null]]));
    expect(step(shelve)).toEqual(["updated/1", "updated", "shelved"]);
    expect(step({ kind: "unshelve" })).toEqual(["updated/2", "updated", "returned-unacknowledged"]);
    expect(step({ kind: "acknowledge", atMs: startMs, by: "ana" })).toEqual([
      "acknowledged/2",
      "acknowledged",
      "normal",
    ]);
    step(shelve);
    expect(feed(register, decisionAt(4, [["inner", 0.9, 4]]))).toEqual([]);
    expect(step({ kind: "unshelve" }).slice(1)).toEqual(["raised", "unacknowledged"]);
  });

  test("counts what began and ended beneath a shelf, of which no event tells, and nothing else", () => {
    const register = createAlarmRegister({ ...defaultAlertPolicy, criticalWindows: 5 });
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    feed(register, decisionAt(1, [["inner", 0.1, null]]));
    const shelve = { kind: "shelve", atMs: startMs, by: "ana", untilMs: startMs + 60_000 } as const;
    register.step({ point, failureMode: "inner" }, shelve, startMs);
    feed(register, decisionAt(2, [["inner", 0.2, null]]));
    const count = (probability: number, from: number): readonly number[] =>
      Array.from({ length: 9 }, (_, index) => {
        feed(register, decisionAt(from + index, [["inner", probability, index < 8 ? from : null]]));
        return register.silentChanges;
      });
    expect(count(0.9, 3)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2]);
    // That it became critical is told, and so its end.
    expect(count(0.99, 12)).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 3]);
  });

  test("says with a person's step and with the end of shelving how urgent the alarm is by then, and what it looks like", () => {
    const register = createAlarmRegister({ ...defaultAlertPolicy, criticalWindows: 20 });
    const alarm = { point, failureMode: "inner" };
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    const shelve = { kind: "shelve", atMs: startMs, by: "ana", untilMs: startMs + 60_000 } as const;
    const shelved = expectEvent(register.step(alarm, shelve, startMs));
    expect([shelved.data.severity, shelved.data.leadingMode]).toEqual(["warning", undefined]);
    for (let index = 1; index <= 20; index++) {
      const { modes, ...decision } = decisionAt(index, [["inner", 0.99, 0]]);
      const leading = modes.map((mode) => ({ ...mode, leadingMode: "outer" }));
      const told = feed(register, { ...decision, modes: leading });
      expect(told).toMatchObject(
        index < 20 ? [] : [{ data: { severity: "critical", leadingMode: "outer", state: "shelved" } }],
      );
      expect(told).toHaveLength(index < 20 ? 0 : 1);
    }
    const said = { severity: "critical", leadingMode: "outer", probability: 0.99 };
    const [shown] = register.endShelvings(startMs + 60_000);
    expect(alertEventSchema().parse(shown)).toMatchObject({ data: { ...said, state: "unacknowledged" } });
    const acknowledge = { kind: "acknowledge", atMs: startMs + 61_000, by: "ana" } as const;
    expect(expectEvent(register.step(alarm, acknowledge, startMs + 61_000)).data).toMatchObject(said);
    // Nor is the escalation told once more.
    expect(feed(register, decisionAt(62, [["inner", 0.99, 0]]))).toEqual([]);
    const order = { isOver: () => true, atMs: startMs + 63_000, reason: "nobody watches it" };
    expect(register.retire(order)).toMatchObject([{ data: { ...said, state: "normal" } }]);
  });

  test("ends shelving that began by a clock far ahead when its hours have been counted, over a restart", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    const atMs = startMs + 12 * 365 * 86_400_000;
    const shelve = { kind: "shelve", atMs, by: "ana", untilMs: atMs + 168 * 3_600_000 } as const;
    register.step({ point, failureMode: "inner" }, shelve, atMs);
    expect(register.endShelvings(atMs - 59_000, 100 * 3_600_000)).toEqual([]);
    const kept = alarmRegisterSnapshotSchema.parse(JSON.parse(JSON.stringify(register.snapshot())));
    const restarted = createAlarmRegister(defaultAlertPolicy, kept);
    expect(restarted.endShelvings(startMs + 60_000, 68 * 3_600_000 - 1)).toEqual([]);
    expect(restarted.endShelvings(startMs + 60_000, 1)).toMatchObject([
      { data: { state: "unacknowledged" } },
    ]);
    expect(restarted.list("north", "t1")).toMatchObject([{ state: "unacknowledged", untilMs: null }]);
  });

  test("can shelve an alarm that was never raised, without an event", () => {
    const register = createAlarmRegister();
    const step = { kind: "suppress", atMs: startMs, reason: "maintenance" } as const;
    expect(register.step({ point, failureMode: "inner" }, step, startMs)).toEqual({ ok: true, value: null });
    expect(feed(register, decisionAt(1, [["inner", 0.9, 1]]))).toEqual([]);
    expect(register.step({ point, failureMode: "inner" }, { kind: "unsuppress" }, startMs)).toEqual({
      ok: true,
      value: null,
    });
    expect(feed(register, decisionAt(2, [["inner", 0.9, 1]]))).toMatchObject([
      { type: "io.aurora.alert.raised.v1" },
    ]);
  });

  test("clears the alarms of modes that a new model does not know", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, bothModes));
    const retire = (of: typeof point, isOver: (failureMode: string) => boolean) =>
      register.retire({
        isOver: (alarm) => isSamePoint(alarm.point, of) && isOver(alarm.failureMode),
        atMs: startMs + 9_000,
        reason: "another model",
      });
    expect(retire(point, (mode) => mode !== "outer")).toMatchObject([
      {
        type: "io.aurora.alert.cleared.v1",
        time: "2026-01-01T00:00:09.000Z",
        data: { failureMode: "inner" },
      },
    ]);
    expect(retire(point, (mode) => mode !== "outer")).toEqual([]);
    expect(retire({ ...point, turbine: "t2" }, () => true)).toEqual([]);
  });

  test("ends the alarms that an order names, says why, and takes what goes on all the same for another occurrence", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, bothModes));
    const other = { ...point, component: "gearbox" };
    feed(register, decisionAt(0, bothModes, { point: other }));
    const order = {
      isOver: (alarm: { readonly point: typeof point }) => alarm.point.component !== "gearbox",
      atMs: startMs + 9_000,
      reason: "nobody watches it",
    };
    const events = register.retire(order);
    expect(events.map(({ type, data }) => [type.split(".")[3], data.component, data.risk])).toEqual([
      ["cleared", point.component, null],
      ["cleared", point.component, null],
    ]);
    expect(events[0]!.data).toMatchObject({ clearedBecause: "nobody watches it" });
    expect(events[0]!.data.evidence).toBeUndefined();
    expect(register.retire(order)).toEqual([]);
    const active = register.list("north", "t1").filter(({ conditionActive }) => conditionActive);
    expect(new Set(active.map(({ component }) => component))).toEqual(new Set(["gearbox"]));
    const before = register.snapshot().records.map(({ lastEvent }) => lastEvent!.id);
    const [again] = feed(register, decisionAt(20, bothModes));
    expect(again!.type).toBe("io.aurora.alert.raised.v1");
    expect(before).not.toContain(again!.id);
    expect(again!.data.since).toBe("2026-01-01T00:00:20.000Z");
  });

  test("tells of another kind that takes the lead, once it has for a while, and of its end", () => {
    const register = createAlarmRegister();
    const told: (string | undefined)[] = [];
    const play = (index: number, leadingMode: string | null): void => {
      const decision = decisionAt(index * 60, [["inner", 0.9, 0]]);
      const modes = decision.modes.map((mode) => (leadingMode === null ? mode : { ...mode, leadingMode }));
      for (const event of feed(register, { ...decision, modes })) told.push(event.data.leadingMode);
    };
    for (let index = 0; index < 30; index++) play(index, index % 5 === 4 ? "outer" : null);
    expect(told).toEqual([undefined]);
    for (let index = 30; index < 60; index++) play(index, "outer");
    expect(told).toEqual([undefined, "outer"]);
    expect(register.list("north", "t1")).toMatchObject([{ failureMode: "inner", leadingMode: "outer" }]);
    for (let index = 60; index < 90; index++) play(index, index % 5 === 4 ? null : "outer");
    expect(told).toEqual([undefined, "outer"]);
    for (let index = 90; index < 120; index++) play(index, null);
    expect(told).toEqual([undefined, "outer", undefined]);
  });

  test("tells nobody of an alarm that ended while its explanation was made", () => {
    const register = createAlarmRegister();
    const [due] = register.update(decisionAt(0, [["inner", 0.9, 0]]));
    expect(register.retire({ isOver: () => true, atMs: startMs, reason: "over" })).toEqual([]);
    expect(register.announce(due!, context)).toBeNull();
    expect(register.list("north", "t1").filter(({ conditionActive }) => conditionActive)).toEqual([]);
  });

  test("does not raise again after a restart, and keeps since, acknowledgement and shelving", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, bothModes));
    register.step(
      { point, failureMode: "inner" },
      { kind: "acknowledge", atMs: startMs, by: "ana" },
      startMs,
    );
    register.step(
      { point, failureMode: "outer" },
      { kind: "shelve", atMs: startMs, by: "ana", untilMs: startMs + 1e6 },
      startMs,
    );
    const stored: unknown = JSON.parse(JSON.stringify(register.snapshot()));
    const restarted = createAlarmRegister(defaultAlertPolicy, alarmRegisterSnapshotSchema.parse(stored));
    expect(restarted.list("north", "t1")).toEqual(register.list("north", "t1"));
    expect(
      feed(
        restarted,
        decisionAt(1, [
          ["inner", 0.9, 0],
          ["outer", 0.9, 0],
        ]),
      ),
    ).toEqual([]);
    expect(
      feed(
        restarted,
        decisionAt(2, [
          ["inner", 0.1, null],
          ["outer", 0.9, 0],
        ]),
      ),
    ).toMatchObject([
      { id: `north/t1/generator-bearing/inner/${startMs}/cleared/0`, data: { state: "normal" } },
    ]);
  });

  test("remembers what raised an alarm and how likely the fault is, and reads what knew neither", () => {
    const register = createAlarmRegister();
    const decision = (index: number, change: object) => {
      const plain = decisionAt(index, [["inner", 0.9, 0]]);
      return { ...plain, modes: plain.modes.map((mode) => ({ ...mode, ...change })) };
    };
    feed(register, decision(0, {}));
    expect(register.list("north", "t1")).toMatchObject([{ risk: null, lane: null, severity: "warning" }]);
    const before: unknown = JSON.parse(JSON.stringify(register.snapshot()));
    expect(JSON.stringify(before)).not.toMatch(/risk|lane/);
    const restarted = createAlarmRegister(defaultAlertPolicy, alarmRegisterSnapshotSchema.parse(before));
    feed(restarted, decision(1, { risk: 0.36, lane: "slow" }));
    feed(restarted, decision(2, { risk: null }));
    const kept: unknown = JSON.parse(JSON.stringify(restarted.snapshot()));
    const again = createAlarmRegister(defaultAlertPolicy, alarmRegisterSnapshotSchema.parse(kept));
    expect(again.list("north", "t1")).toMatchObject([{ risk: null, lane: "slow" }]);
  });

  test("says of an alarm that is over what it rested on, and nothing of what is ahead", () => {
    const register = createAlarmRegister();
    const outlook = { cannotSay: "no machine has shown it" };
    const tell = (index: number, since: number | null, lane: object): AlertEvent => {
      const decision = decisionAt(index, [["inner", since === null ? 0.1 : 0.9, since]]);
      const modes = decision.modes.map((mode) => ({ ...mode, ...lane }));
      const [due] = register.update({ ...decision, modes });
      return register.announce(due!, { ...context, outlook })!;
    };
    expect(tell(0, 0, { lane: "slow" }).data).toMatchObject({ lane: "slow", outlook });
    const { data } = tell(1, null, {});
    expect(data).toMatchObject({ lane: "slow", probability: 0.1 });
    expect(data).not.toHaveProperty("outlook");
  });

  test("does not take a snapshot that is damaged", () => {
    const register = createAlarmRegister();
    feed(register, decisionAt(0, [["inner", 0.9, 0]]));
    const { records } = register.snapshot();
    expect(
      alarmRegisterSnapshotSchema.safeParse({ records: [{ ...records[0], told: "maybe" }] }).success,
    ).toBe(false);
    expect(
      alarmRegisterSnapshotSchema.safeParse({ records: [{ ...records[0], alarm: { state: "shelved" } }] })
        .success,
    ).toBe(false);
    expect(alarmRegisterSnapshotSchema.safeParse({}).success).toBe(false);
  });
});
