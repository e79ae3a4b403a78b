/** A machine that is far louder than its own reference: it is raised, it keeps the alarm of a kind alive, and where one must stop it is critical. */
import { expect, test } from "vitest";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { createDecider, type Decider } from "../../../src/core/decision/decider.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { feed as tell } from "./alarms/feed-register.ts";
import { baselineOf, options, partsOf, point, startMs } from "./decider-feed.ts";

const minuteMs = 60_000;
const day = 24 * 60;

/** Plays a second's window a minute: logits, dB above the reference, and the speed. */
function createLoudFeed(decider: Decider, isProvisional = false) {
  const random = createRandom(3);
  let atMs = startMs;
  return (
    minutes: number,
    { logits = [-3, -3], severityDb, shaftRpm = 1500, aheadMs = 0 }: LoudScene,
  ): Decision => {
    const baseline = { ...baselineOf(decider, [0, 0]), isProvisional };
    let decision: Decision | undefined;
    for (let minute = 0; minute < minutes; minute++, atMs += minuteMs) {
      const loud = typeof severityDb === "function" ? severityDb(minute) : severityDb;
      decision = decider.update(
        {
          point,
          windowId: `t1/generator-bearing/${atMs}`,
          fromMs: atMs + aheadMs,
          toMs: atMs + aheadMs + 1_000,
          quantised: new Uint8Array(logits.length),
          logits: Float64Array.from(logits),
          model: decider.parts.model,
          operatingState: "full-performance",
        },
        { baseline, severityDb: loud === null ? null : loud + 0.5 * random.normal(), shaftRpm },
      );
    }
    return decision!;
  };
}

interface LoudScene {
  readonly logits?: readonly number[];
  /** Null: not known, as at a speed that was not learnt. */
  readonly severityDb: number | null | ((minute: number) => number);
  readonly shaftRpm?: number;
  /** Of the clock; left out: it is right. */
  readonly aheadMs?: number;
}

const activeOf = ({ active }: Decider): string[] => active.map(({ failureMode }) => failureMode);

test.each([1, 2, 3, 5])(
  "a level that rises by 18 dB in %i h is raised before the 16 dB at which one stops",
  (hours) => {
    const decider = createDecider(point, partsOf(["inner", "outer"]), options);
    const play = createLoudFeed(decider);
    play(day, { severityDb: 0 });
    play(Math.floor((60 * hours * 15.5) / 18), { severityDb: (minute) => (18 * minute) / (60 * hours) });
    expect(activeOf(decider)).toEqual(["vibration-level"]);
    // It ends near the healthy level, not where the machine was on its way up.
    play(3 * day, { severityDb: 9 });
    expect(activeOf(decider)).toEqual(["vibration-level"]);
    play(1, { severityDb: null, shaftRpm: 900 });
    // At a speed that was not learnt it may be as loud as before, for all that is known.
    expect(decider.held).toMatchObject([{ whyItStands: null }]);
    play(3 * day, { severityDb: 0.5 });
    expect(activeOf(decider)).toEqual([]);
  },
);

test("a machine that becomes 7 dB louder after a day, or 11 after five hours of a provisional reference, is not raised within minutes", () => {
  for (const [isProvisional, severityDb, minutes] of [
    [false, 7, day],
    [true, 11, 5 * 60],
  ] as const) {
    const decider = createDecider(point, partsOf(["inner", "outer"]), options);
    const play = createLoudFeed(decider, isProvisional);
    play(minutes, { severityDb: 0 });
    play(120, { severityDb: (minute) => (severityDb * minute) / 120 });
    play(15, { severityDb });
    expect(activeOf(decider)).toEqual([]);
  }
});

test("against a reference of some minutes it is raised where damage begins", () => {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const play = createLoudFeed(decider, true);
  play(day, { severityDb: 0 });
  play(180, { severityDb: (minute) => minute / 9 });
  expect(activeOf(decider)).toEqual(["vibration-level"]);
});

test("the alarm of a kind stands while its lines drown in what the machine has become, and says so", () => {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const play = createLoudFeed(decider);
  play(day, { severityDb: 0 });
  play(120, { logits: [-2, 5], severityDb: 6 });
  expect(activeOf(decider)).toEqual(["outer"]);
  const smeared = play(7 * day, { severityDb: 17 });
  expect(activeOf(decider)).toEqual(["outer"]);
  expect(smeared.modes.find(({ failureMode }) => failureMode === "outer")).toMatchObject({
    leadingMode: "vibration-level",
  });
  const why = "the machine is 17 dB above its own level, and no alarm of a kind ends while it is so loud";
  expect(decider.held).toMatchObject([{ isQuiet: false, whyItStands: why }]);
  play(3 * day, { severityDb: 0.5 });
  expect(activeOf(decider)).toEqual([]);
});

test("how loud it was at speeds that it has left keeps no alarm for longer than a day", () => {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const play = createLoudFeed(decider);
  play(day, { severityDb: 0 });
  play(60, { logits: [-2, 5], severityDb: 9.5, shaftRpm: 1600 });
  // Above what was learnt no level is heard.
  play(12 * 60, { severityDb: 0, shaftRpm: 1792 });
  expect(activeOf(decider)).toEqual(["outer"]);
  play(3 * day, { severityDb: 0, shaftRpm: 1792 });
  expect(activeOf(decider)).toEqual([]);
});

test("an alarm ends by windows at the speed of its fault alone", () => {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const play = createLoudFeed(decider);
  play(day, { severityDb: 0, shaftRpm: 2200 });
  play(60, { logits: [-2, 5], severityDb: 5, shaftRpm: 2200 });
  play(14 * day, { severityDb: 0, shaftRpm: 1500 });
  expect(activeOf(decider)).toEqual(["outer"]);
  const why = "its fault showed at 2200 rpm, and may well be silent at 1500";
  expect(decider.held).toMatchObject([{ isQuiet: false, whyItStands: why }]);
  play(3 * day, { severityDb: 0, shaftRpm: 2100 });
  expect(activeOf(decider)).toEqual([]);
});

test("at the level where one must stop an alarm is critical after six windows, or as soon as it is told", () => {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const play = createLoudFeed(decider);
  play(day, { severityDb: 0 });
  const at = (severityDb: number): Decision => {
    const decision = play(1, { logits: [-2, 1], severityDb });
    return { ...decision, severityDb, stopDb: 16 };
  };
  const register = createAlarmRegister();
  play(120, { logits: [-2, 5], severityDb: 6 });
  const events = Array.from({ length: 9 }, () => tell(register, at(17))).flat();
  expect(events.map(({ data: { severity } }) => severity)).toEqual(["warning", "critical"]);
  const reached = createAlarmRegister();
  const outlook = { hours: 0, low: 0, high: 0, stopDb: 16 };
  expect(tell(reached, at(17), { outlook }).map(({ data }) => data.severity)).toEqual(["critical"]);
});

test("a level that was loud once, at a speed that is not heard again, keeps nothing from being learnt after a day", () => {
  const decider = createDecider(point, partsOf(["inner", "outer"]), options);
  const play = createLoudFeed(decider);
  play(100, { severityDb: 0 });
  play(2, { severityDb: 14 });
  expect(decider.isSuspicious).toBe(true);
  // No level is heard at a speed that was not learnt.
  play(day - 1, { severityDb: null, shaftRpm: 3000 });
  expect(decider.isSuspicious).toBe(true);
  play(10, { severityDb: null, shaftRpm: 3000 });
  expect(activeOf(decider)).toEqual([]);
  expect(decider.isSuspicious).toBe(false);
});

test("a level that was loud while the clock was a year ahead keeps nothing from being learnt, nor an alarm from its end", () => {
  const elsewhere = { severityDb: null, shaftRpm: 3000 };
  const aheadMs = 365 * day * minuteMs;
  for (const logits of [
    [-3, -3],
    [5, 0],
  ]) {
    const decider = createDecider(point, partsOf(["inner", "outer"]), options);
    const play = createLoudFeed(decider);
    play(100, { severityDb: 0 });
    play(60, { severityDb: 0, logits });
    play(2, { severityDb: 14, logits, aheadMs });
    expect([decider.isSuspicious, activeOf(decider).length]).toEqual([true, logits[0]! > 0 ? 1 : 0]);
    play(2 * day, elsewhere);
    expect([decider.isSuspicious, activeOf(decider)]).toEqual([false, []]);
  }
});
