import { expect, test } from "vitest";
import type { ComponentCondition } from "../../../src/core/contract/turbine-state.ts";
import { describeLane, findHighestRisk, rollUpHealth } from "../../../src/core/decision/roll-up-health.ts";

const nowMs = Date.UTC(2026, 10, 21, 13, 0);
const one = (
  component: string,
  health: ComponentCondition["health"],
  reason: string | null = null,
  sinceMs: number | null = null,
): ComponentCondition => ({ component, health, reason, sinceMs });

test("a turbine is as its worst component is, with the reason, and counts the healthy ones", () => {
  const rolled = rollUpHealth(
    [
      one("main-bearing", "good"),
      one("gearbox", "no-data", "no data", Date.UTC(2026, 10, 21, 12, 40)),
      one("generator-bearing", "learning", "240 of 600 windows"),
    ],
    nowMs,
  );
  expect(rolled).toEqual({
    health: "no-data",
    reason:
      "1 of 3 components healthy; gearbox: no data since 12:40 UTC; generator bearing: learning, 240 of 600 windows",
  });
});

test("an alarm comes before a missing sensor, and another day's time has its date", () => {
  const rolled = rollUpHealth(
    [
      one("gearbox", "no-data", "no data", Date.UTC(2026, 10, 20, 12, 40)),
      one(
        "generator-bearing",
        "warning",
        "inner race: as loud as never before",
        Date.UTC(2026, 10, 21, 9, 5),
      ),
    ],
    nowMs,
  );
  expect(rolled.health).toBe("warning");
  expect(rolled.reason).toBe(
    "0 of 2 components healthy; generator bearing: warning, inner race: as loud as never before since 09:05 UTC; " +
      "gearbox: no data since 2026-11-20 12:40 UTC",
  );
});

test("a single component speaks for itself, many are counted, and none at all is not healthy", () => {
  expect(rollUpHealth([one("gearbox", "good")], nowMs)).toEqual({
    health: "good",
    reason: "gearbox: healthy",
  });
  expect(rollUpHealth([one("gearbox", "no-data")], nowMs).reason).toBe("gearbox: no data");
  expect(rollUpHealth([], nowMs).health).toBe("no-data");
  const many = rollUpHealth(
    ["a", "b", "c", "d", "e"].map((name) => one(name, "no-data")),
    nowMs,
  );
  expect(many.reason).toBe("0 of 5 components healthy; a: no data; b: no data; c: no data; and 2 more");
});

test("says what each lane rests on, and claims no lane where none was said", () => {
  expect(describeLane("slow")).toContain("how it was before");
  expect(describeLane("fast")).toContain("within minutes");
  expect(describeLane(undefined)).toBe(describeLane(null));
  expect(describeLane(null)).not.toContain("how it was before");
});

test("a risk that nobody knows is none, and not 0", () => {
  expect(findHighestRisk([])).toBeNull();
  expect(findHighestRisk([{}, { risk: null }, { risk: undefined }])).toBeNull();
  expect(findHighestRisk([{ risk: 0 }, { risk: null }])).toBe(0);
  expect(findHighestRisk([{ risk: 0.02 }, { risk: 0.4 }])).toBe(0.4);
});

test("since when an alarm stands is said of the alarm, before what keeps it standing", () => {
  const alarm = one("gearbox", "critical", "ball: strong evidence", Date.UTC(2026, 10, 21, 9, 5));
  expect(
    rollUpHealth([{ ...alarm, whyItStands: "it still stands: the machine is loud" }], nowMs).reason,
  ).toBe("gearbox: critical, ball: strong evidence since 09:05 UTC; it still stands: the machine is loud");
});
