/** A fault that comes back beneath a withheld alarm, and the story that events tell, held against the register. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AlertEvent } from "../../../../src/core/contract/alert.ts";
import { formatTime } from "../../../../src/core/contract/iso-time.ts";
import {
  alarmRegisterSnapshotSchema,
  createAlarmRegister,
  type PersonStep,
} from "../../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../../../src/core/decision/alarms/alert-policy.ts";
import { decisionAt, point, startMs } from "./decisions.ts";
import { feed } from "./feed-register.ts";

const alarm = { point, failureMode: "inner" };
const policy = { ...defaultAlertPolicy, criticalWindows: 6 };
const withhold: PersonStep = { kind: "remove-from-service", atMs: startMs, by: "ana" };
const show: PersonStep = { kind: "return-to-service" };

/** A register of which one occurrence was told, withheld and over, and one began beneath. */
function createSecond() {
  let register = createAlarmRegister(policy, undefined, () => startMs);
  const hear = (index: number, probability: number, since: number | null, severityDb = 3) =>
    feed(register, decisionAt(index, [["inner", probability, since]], { severityDb, stopDb: 16 }));
  const told: AlertEvent[] = [];
  const step = (own: PersonStep, atMs = startMs): AlertEvent | null => {
    const result = register.step(alarm, own, atMs);
    if (!result.ok) throw new Error(result.error);
    return result.value;
  };
  const restart = (): void => {
    const kept = alarmRegisterSnapshotSchema.parse(JSON.parse(JSON.stringify(register.snapshot())));
    register = createAlarmRegister(policy, kept, () => startMs);
  };
  told.push(...hear(0, 0.9, 0));
  told.push(step(withhold)!);
  told.push(...hear(1, 0.1, null), ...hear(2, 0.9, 2));
  return { hear, step, restart, told };
}

const say = (event: AlertEvent | null) =>
  event && [event.type.split(".")[3], event.data.state, event.data.severity, event.data.since];
const at = (second: number): string => formatTime(startMs + second * 1_000);

test("that one which came back beneath a withheld alarm is critical, or must stop, is told as raised, once", () => {
  for (const [probability, severityDb] of [
    [0.99, 3],
    [0.9, 20],
  ] as const) {
    const { hear, step, told } = createSecond();
    expect(told.map((event) => say(event)![0])).toEqual(["raised", "updated", "cleared"]);
    const later = Array.from({ length: 20 }, (_, index) =>
      hear(3 + index, probability, 2, severityDb),
    ).flat();
    expect(later.map(say)).toEqual([["raised", "out-of-service", "critical", at(2)]]);
    expect(say(step(show))).toEqual(["updated", "unacknowledged", "critical", at(2)]);
  }
});

test("the end of a withholding is told after another occurrence beneath: of that one if it stands, else of the one that was told", () => {
  const over = createSecond();
  over.restart();
  expect(over.hear(3, 0.1, null)).toEqual([]);
  const end = over.step(show)!;
  expect(say(end)).toEqual(["updated", "normal", "warning", at(0)]);
  expect(over.told.map(({ id }) => id)).not.toContain(end.id);

  const standing = createSecond();
  standing.hear(3, 0.8, 2);
  standing.restart();
  const raised = standing.step(show, startMs + 60_000)!;
  expect(say(raised)).toEqual(["raised", "unacknowledged", "warning", at(2)]);
  expect(raised).toMatchObject({
    time: formatTime(startMs + 60_000),
    data: { probability: 0.8, window: { from: at(3), to: at(4) }, explanation: { groups: [] } },
  });
  expect(standing.hear(70, 0.8, 2)).toEqual([]);
  expect(say(standing.hear(71, 0.1, null)[0]!)).toEqual([
    "cleared",
    "returned-unacknowledged",
    "warning",
    at(2),
  ]);
});

test("what events tell of an alarm is what the register says of it, whatever the process and people do", () => {
  const move = fc.record({
    seconds: fc.integer({ min: 60, max: 1_200 }),
    kind: fc.constantFrom("window", "window", "window", "turn", "clock", "restart", "person"),
    probability: fc.constantFrom(0.7, 0.97),
    person: fc.constantFrom("acknowledge", "shelve", "unshelve", "remove-from-service", "return-to-service"),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 120 }), (moves) => {
      let nowMs = startMs;
      const create = (snapshot?: Parameters<typeof createAlarmRegister>[1]) =>
        createAlarmRegister(policy, snapshot, () => nowMs);
      let register = create();
      let sinceSecond: number | null = null;
      let story = { active: false, state: "normal", since: "", severity: "", until: undefined as unknown };
      const ids = new Map<string, string>();
      const hear = (event: AlertEvent | null): void => {
        if (event === null) return;
        const text = JSON.stringify(event);
        expect(ids.get(event.id) ?? text, "an id is of one content").toBe(text);
        ids.set(event.id, text);
        const { state, since, severity, until } = event.data;
        const transition = event.type.split(".")[3];
        const active = transition === "raised" || (transition !== "cleared" && story.active);
        story = { active, state, since, severity, until };
      };
      for (const { seconds, kind, probability, person } of moves) {
        nowMs += seconds * 1_000;
        const second = (nowMs - startMs) / 1_000;
        if (kind === "turn") sinceSecond = sinceSecond === null ? second : null;
        if (kind === "window" || kind === "turn") {
          const now = sinceSecond === null ? 0.1 : probability;
          for (const event of feed(register, decisionAt(second, [["inner", now, sinceSecond]]))) hear(event);
        } else if (kind === "clock") {
          for (const event of register.endShelvings(nowMs, seconds * 1_000)) hear(event);
        } else if (kind === "restart") {
          register = create(JSON.parse(JSON.stringify(register.snapshot())));
        } else if (register.list().length > 0) {
          const step = { kind: person, atMs: nowMs, by: "ana", untilMs: nowMs + 3_600_000 } as PersonStep;
          const result = register.step(alarm, step, nowMs);
          if (result.ok) hear(result.value);
        }
        const open = register.list()[0];
        expect(story.state).toBe(open?.state ?? "normal");
        if (open === undefined) continue;
        expect(story.until).toBe(open.untilMs === null ? undefined : formatTime(open.untilMs));
        // Of what comes and goes beneath nothing is told until it is critical.
        const isUntold = open.state === "shelved" || open.state === "out-of-service";
        if (isUntold && !(open.conditionActive && open.severity === "critical")) continue;
        expect(story.active).toBe(open.conditionActive);
        if (!open.conditionActive) continue;
        expect([story.since, story.severity]).toEqual([formatTime(open.sinceMs), open.severity]);
      }
    }),
    { seed: 7, numRuns: 150 },
  );
});
