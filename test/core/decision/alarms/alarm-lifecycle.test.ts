import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AlarmState } from "../../../../src/core/contract/alert.ts";
import {
  type Alarm,
  type AlarmStep,
  isConditionActive,
  isWithheld,
  normalAlarm,
  stepAlarm,
} from "../../../../src/core/decision/alarms/alarm-lifecycle.ts";

function walk(steps: readonly AlarmStep[]): Alarm {
  return steps.reduce<Alarm>((alarm, step) => {
    const next = stepAlarm(alarm, step);
    if (!next.ok) throw new Error(next.error);
    return next.value;
  }, normalAlarm);
}

const raise: AlarmStep = { kind: "raise", sinceMs: 10 };
const back: AlarmStep = { kind: "return", atMs: 20 };
const acknowledge: AlarmStep = { kind: "acknowledge", atMs: 15, by: "ana" };
const shelve: AlarmStep = { kind: "shelve", atMs: 30, by: "ana", untilMs: 90 };
const suppress: AlarmStep = { kind: "suppress", atMs: 30, reason: "maintenance" };
const remove: AlarmStep = { kind: "remove-from-service", atMs: 30, by: "ben" };

/** Every state change that ISA-18.2 draws; all others are refused. */
const allowed: Readonly<Record<AlarmState, Readonly<Partial<Record<AlarmStep["kind"], AlarmState>>>>> = {
  normal: {
    raise: "unacknowledged",
    shelve: "shelved",
    suppress: "suppressed",
    "remove-from-service": "out-of-service",
  },
  unacknowledged: {
    return: "returned-unacknowledged",
    acknowledge: "acknowledged",
    shelve: "shelved",
    suppress: "suppressed",
    "remove-from-service": "out-of-service",
  },
  acknowledged: {
    return: "normal",
    shelve: "shelved",
    suppress: "suppressed",
    "remove-from-service": "out-of-service",
  },
  "returned-unacknowledged": {
    raise: "unacknowledged",
    acknowledge: "normal",
    shelve: "shelved",
    suppress: "suppressed",
    "remove-from-service": "out-of-service",
  },
  shelved: { raise: "shelved", return: "shelved" },
  suppressed: { raise: "suppressed", return: "suppressed" },
  "out-of-service": { raise: "out-of-service", return: "out-of-service" },
};
const wayBack = {
  shelved: "unshelve",
  suppressed: "unsuppress",
  "out-of-service": "return-to-service",
} as const;

describe("an alarm's life", () => {
  test("goes from raised over acknowledged to normal", () => {
    expect(walk([raise])).toEqual({ state: "unacknowledged", sinceMs: 10 });
    expect(walk([raise, acknowledge])).toEqual({
      state: "acknowledged",
      sinceMs: 10,
      acknowledgedMs: 15,
      by: "ana",
    });
    expect(walk([raise, acknowledge, back])).toEqual(normalAlarm);
  });

  test("waits for an acknowledgement when it returned before one", () => {
    expect(walk([raise, back])).toEqual({ state: "returned-unacknowledged", sinceMs: 10, returnedMs: 20 });
    expect(walk([raise, back, acknowledge])).toEqual(normalAlarm);
    expect(walk([raise, back, { kind: "raise", sinceMs: 40 }])).toEqual({
      state: "unacknowledged",
      sinceMs: 40,
    });
  });

  test.each([
    [shelve, "unshelve"],
    [suppress, "unsuppress"],
    [remove, "return-to-service"],
  ] as const)(
    "is followed by the process while withheld by %j, and shows what lies beneath afterwards",
    (step, end) => {
      expect(walk([step, raise, { kind: end }])).toEqual({ state: "unacknowledged", sinceMs: 10 });
      expect(walk([raise, step, back, { kind: end }])).toEqual(normalAlarm);
      expect(walk([raise, acknowledge, step, { kind: end }])).toMatchObject({ state: "acknowledged" });
      expect(isConditionActive(walk([raise, step]))).toBe(true);
      expect(isConditionActive(walk([raise, step, back]))).toBe(false);
    },
  );

  test("does not shelve without an end", () => {
    expect(stepAlarm(normalAlarm, { ...shelve, untilMs: 30 }).ok).toBe(false);
    expect(stepAlarm(normalAlarm, { ...shelve, untilMs: Number.NaN }).ok).toBe(false);
  });

  const anyStep: fc.Arbitrary<AlarmStep> = fc.constantFrom<AlarmStep>(
    raise,
    back,
    acknowledge,
    shelve,
    suppress,
    remove,
    { kind: "unshelve" },
    { kind: "unsuppress" },
    { kind: "return-to-service" },
  );

  test("never skips: any step either follows the diagram or is refused and changes nothing", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
        let alarm: Alarm = normalAlarm;
        for (const step of steps) {
          const next = stepAlarm(alarm, step);
          if (isWithheld(alarm) && step.kind === wayBack[alarm.state]) {
            expect(next).toEqual({ ok: true, value: alarm.beneath });
          } else if (isWithheld(alarm) && (step.kind === "raise" || step.kind === "return")) {
            expect(next.ok).toBe(isConditionActive(alarm) === (step.kind === "return"));
            if (next.ok) expect(next.value.state).toBe(alarm.state);
          } else {
            const expected = allowed[alarm.state][step.kind];
            expect(next.ok).toBe(expected !== undefined);
            if (next.ok) expect(next.value.state).toBe(expected);
          }
          if (next.ok) alarm = next.value;
        }
      }),
      { numRuns: 500 },
    );
  });
});
