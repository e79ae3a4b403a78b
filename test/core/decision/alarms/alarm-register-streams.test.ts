import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AlertEvent, alertEventSchema } from "../../../../src/core/contract/alert.ts";
import {
  alarmRegisterSnapshotSchema,
  createAlarmRegister,
} from "../../../../src/core/decision/alarms/alarm-register.ts";
import { defaultAlertPolicy } from "../../../../src/core/decision/alarms/alert-policy.ts";
import { decisionAt, point, startMs } from "./decisions.ts";
import { feed } from "./feed-register.ts";

describe("the alarm register over any stream", () => {
  // Runs of windows: active or not, probability, and now and then a person's step or a restart.
  const run = fc.record({
    active: fc.boolean(),
    windows: fc.integer({ min: 1, max: 8 }),
    probability: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    person: fc.constantFrom("acknowledge", "shelve", "unshelve", "none", "restart"),
  });

  test("tells raised, updates, cleared in this order, with ids that never repeat, restarts included", () => {
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 25 }), (runs) => {
        const policy = { ...defaultAlertPolicy, minUpdateIntervalMs: 3_000, criticalWindows: 5 };
        let register = createAlarmRegister(policy);
        const events: AlertEvent[] = [];
        let index = 0;
        let since: number | null = null;
        for (const { active, windows, probability, person } of runs) {
          if (!active) since = null;
          else since ??= index;
          for (let window = 0; window < windows; window++) {
            events.push(...feed(register, decisionAt(index, [["inner", probability, since]])));
            index++;
            const shown = register.endShelvings(startMs + index * 1_000);
            events.push(...shown.filter((event) => event !== null));
          }
          const atMs = startMs + index * 1_000;
          if (person === "restart") {
            const stored: unknown = JSON.parse(JSON.stringify(register.snapshot()));
            register = createAlarmRegister(policy, alarmRegisterSnapshotSchema.parse(stored));
          } else if (person !== "none") {
            const step = { kind: person, atMs, by: "ana", untilMs: atMs + 5_000 } as const;
            const result = register.step({ point, failureMode: "inner" }, step, atMs);
            if (result.ok && result.value !== null) events.push(result.value);
          }
        }
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
        const bySince = new Map<string, string[]>();
        for (const event of events) {
          expect(alertEventSchema().safeParse(event).success).toBe(true);
          const told = bySince.get(event.data.since) ?? [];
          told.push(event.type.split(".")[3]!);
          bySince.set(event.data.since, told);
        }
        for (const told of bySince.values()) {
          expect(told.join(" ")).toMatch(
            /^raised( updated| acknowledged)*( cleared( updated| acknowledged)*)?$/,
          );
        }
      }),
      { numRuns: 400 },
    );
  });
});
