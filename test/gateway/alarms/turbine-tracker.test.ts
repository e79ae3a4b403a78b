import { describe, expect, test } from "vitest";
import { maxFailureModes } from "../../../src/core/contract/alert.ts";
import { findUnfit } from "../../../src/core/contract/device/device-diagnosis.ts";
import {
  maxStateItems,
  type TurbineHealth,
  turbineStateSchema,
} from "../../../src/core/contract/turbine-state.ts";
import type { OpenAlarm } from "../../../src/core/decision/alarms/alarm-register.ts";
import { vibrationLevelMode } from "../../../src/core/decision/choose-alarm.ts";
import { createTurbineTracker } from "../../../src/gateway/alarms/turbine-tracker.ts";
import { decisionAt, model, point, startMs } from "../../core/decision/alarms/decisions.ts";
import { momentOf } from "./turbine-moment.ts";

const alarm: OpenAlarm = {
  site: "north",
  turbine: "t1",
  component: "generator-bearing",
  failureMode: "inner",
  state: "unacknowledged",
  sinceMs: startMs,
  probability: 0.9,
  risk: 0.36,
  lane: "slow",
  leadingMode: null,
  by: null,
  untilMs: null,
  severity: "warning",
  conditionActive: true,
};

function createTracker(components = ["generator-bearing"]): ReturnType<typeof createTurbineTracker> {
  return createTurbineTracker("north", "t1", components);
}

function healthOf(
  tracker: ReturnType<typeof createTurbineTracker>,
  alarms: readonly OpenAlarm[] = [],
): TurbineHealth {
  return tracker.describe(momentOf({ alarms })).health;
}

describe("a turbine's retained state", () => {
  test("is unknown before anything was scored", () => {
    const state = createTracker().describe(momentOf());
    expect(state).toEqual({
      site: "north",
      turbine: "t1",
      time: "2026-01-01T00:00:00.000Z",
      operatingState: "information-unavailable",
      health: "information-unavailable",
      healthReason: "generator bearing: nothing was heard of it yet",
      components: [
        {
          component: "generator-bearing",
          health: "no-data",
          reason: "nothing was heard of it yet",
          sinceMs: null,
        },
      ],
      alarms: [],
      lastScores: [],
      model: null,
      baselines: [],
      drift: [],
      devices: [],
      sources: [],
      dataQuality: momentOf().dataQuality,
    });
  });

  test("forgets the score of a mode that its model does not name any more, and no other model's", () => {
    const tracker = createTracker();
    const named = (): readonly string[] =>
      tracker.describe(momentOf()).lastScores.map(({ failureMode }) => failureMode);
    const scada = { ...model, name: "scada" };
    tracker.update(
      decisionAt(0, [
        ["inner", 0.9, null],
        ["outer", 0.2, null],
      ]),
    );
    tracker.update({ ...decisionAt(1, [["hot", 0.3, null]]), model: scada });
    tracker.update(decisionAt(2, []));
    expect(named()).toEqual(["inner", "outer", "hot"]);
    tracker.update({ ...decisionAt(3, [["outer", 0.2, null]]), model: { ...model, digest: "b".repeat(64) } });
    expect(named()).toEqual(["outer", "hot"]);
  });

  test("is ok when it runs, was scored and has no alarm", () => {
    const tracker = createTracker();
    tracker.update(
      decisionAt(0, [
        ["inner", 0.1, null],
        ["outer", 0.2, null],
      ]),
    );
    tracker.update(
      decisionAt(1, [
        ["inner", 0.3, null],
        ["outer", 0.2, null],
      ]),
    );
    const state = tracker.describe(momentOf());
    expect(state).toMatchObject({ health: "ok", operatingState: "full-performance", model });
    expect(state.lastScores).toEqual([
      {
        component: "generator-bearing",
        failureMode: "inner",
        probability: 0.3,
        time: "2026-01-01T00:00:02.000Z",
      },
      {
        component: "generator-bearing",
        failureMode: "outer",
        probability: 0.2,
        time: "2026-01-01T00:00:02.000Z",
      },
    ]);
  });

  test("is unknown, not ok, when the turbine stands or its data is missing", () => {
    const tracker = createTracker();
    tracker.update(decisionAt(0, [["inner", 0.1, null]]));
    tracker.update(decisionAt(1, [], {}, "standby"));
    expect(healthOf(tracker)).toBe("information-unavailable");
    tracker.update(decisionAt(2, [["inner", 0.1, null]]));
    expect(healthOf(tracker)).toBe("ok");
    tracker.update(decisionAt(3, [], {}, "information-unavailable"));
    expect(healthOf(tracker)).toBe("information-unavailable");
  });

  test("does not stand by where its vibration or its power contradicts the speed that says so", () => {
    const tracker = createTracker();
    tracker.update(decisionAt(0, [], {}, "standby"));
    const diagnosis = { code: "speed", text: "SCADA says 25 rpm", cure: "", sinceMs: startMs };
    const devices = [{ device: "mcu", diagnoses: [diagnosis] }];
    const { text: reason, sinceMs } = findUnfit(devices, "mcu")!;
    const state = tracker.describe(momentOf({ unfitOf: () => ({ reason, sinceMs }) }));
    expect(state).toMatchObject({
      operatingState: "information-unavailable",
      components: [{ health: "no-data", reason, sinceMs }],
    });
    expect(state.components![0]!.isStandby).toBeUndefined();
    expect(tracker.describe(momentOf())).toMatchObject({
      operatingState: "standby",
      components: [{ isStandby: true }],
    });
  });

  test("is unknown while it runs and its windows cannot be scored", () => {
    const tracker = createTracker();
    tracker.update(decisionAt(0, [], {}, "full-performance"));
    expect(healthOf(tracker)).toBe("information-unavailable");
    const state = tracker.describe(momentOf());
    expect(state.operatingState).toBe("information-unavailable");
  });

  test("is unknown while one of its components is", () => {
    const tracker = createTracker(["generator-bearing", "gearbox"]);
    tracker.update(decisionAt(0, [["inner", 0.1, null]]));
    expect(healthOf(tracker)).toBe("information-unavailable");
    const state = tracker.describe(momentOf());
    expect(state.operatingState).toBe("full-performance");
    tracker.update(decisionAt(1, [["wear", 0.1, null]], { point: { ...point, component: "gearbox" } }));
    expect(healthOf(tracker)).toBe("ok");
  });

  test("is unknown while a sensor of it hears its machine no more, and in alarm where one stands", () => {
    const tracker = createTracker();
    tracker.update(decisionAt(0, [["inner", 0.1, null]]));
    const heard = { point, status: null, severityDb: -28, isDeaf: false };
    const describe = (isDeaf: boolean, alarms: readonly OpenAlarm[] = []) =>
      tracker.describe(momentOf({ alarms, conditions: [{ ...heard, isDeaf }] }));
    expect(describe(false)).toMatchObject({ health: "ok" });
    expect(describe(true)).toMatchObject({
      health: "information-unavailable",
      operatingState: "full-performance",
      healthReason: expect.stringContaining("28 dB quieter than when it was healthy"),
      components: [{ health: "no-data" }],
    });
    expect(describe(true, [alarm])).toMatchObject({ health: "alarm" });
  });

  test("shows an alarm whether or not data comes, and also while it is withheld", () => {
    const tracker = createTracker();
    expect(healthOf(tracker, [alarm])).toBe("alarm");
    tracker.update(decisionAt(0, [["inner", 0.9, 0]]));
    expect(healthOf(tracker, [{ ...alarm, state: "shelved" }])).toBe("alarm");
    expect(healthOf(tracker, [{ ...alarm, state: "returned-unacknowledged", conditionActive: false }])).toBe(
      "ok",
    );
    const withheld: OpenAlarm = { ...alarm, state: "out-of-service" };
    expect(healthOf(tracker, [withheld])).toBe("information-unavailable");
    // Of a component that is called otherwise by now it hides nothing.
    const former = { ...withheld, component: "gearbox" };
    expect(tracker.describe(momentOf({ alarms: [former] }))).toMatchObject({
      health: "ok",
      healthReason: "generator bearing: healthy",
      alarms: [{ component: "gearbox", state: "out-of-service" }],
    });
    expect(tracker.describe(momentOf({ alarms: [alarm] })).alarms).toEqual([
      {
        component: "generator-bearing",
        failureMode: "inner",
        state: "unacknowledged",
        conditionActive: true,
        since: "2026-01-01T00:00:00.000Z",
        probability: 0.9,
        risk: 0.36,
        lane: "slow",
        severity: "warning",
      },
    ]);
  });

  test("says of each point how it stands against its own days", () => {
    const tracker = createTracker();
    const title = "t1's sensor is 6 dB quieter since Tuesday";
    const drift = [
      { component: "generator-bearing", level: "drift" as const, sinceMs: startMs, title },
      { component: "scada", level: "learning" as const, sinceMs: 9e15, title: null },
    ];
    const described = tracker.describe(momentOf({ drift }));
    expect(described.drift).toEqual([
      { component: "generator-bearing", level: "drift", since: "2026-01-01T00:00:00.000Z", title },
      { component: "scada", level: "learning", since: null, title: null },
    ]);
    expect(turbineStateSchema().parse(JSON.parse(JSON.stringify(described)))).toEqual(described);
  });

  describe("of the largest turbine that a configuration allows", () => {
    const names = Array.from({ length: 64 }, (_, index) => `main-bearing-${index}`);
    const modes = [
      ...Array.from({ length: maxFailureModes - 1 }, (_, index) => `outer-race-of-kind-${index}`),
      vibrationLevelMode,
    ];
    const tracker = createTracker([...names, "gearbox"]);
    for (const [at, component] of names.entries()) {
      const scored = modes.map(
        (mode, place) => [mode, (1 + ((at + place) % modes.length)) / 40, null] as const,
      );
      tracker.update(decisionAt(at, scored, { point: { ...point, component } }));
    }
    tracker.update(decisionAt(99, [["hot", 0.001, null]], { point: { ...point, component: "gearbox" } }));
    const alarms = names.flatMap((component) =>
      modes.map((failureMode): OpenAlarm => ({ ...alarm, component, failureMode })),
    );
    const state = tracker.describe(momentOf({ alarms }));

    test("is a state that the schema takes, and a message that brokers do", () => {
      const { error } = turbineStateSchema().safeParse(JSON.parse(JSON.stringify(state)));
      expect(error?.issues ?? []).toEqual([]);
      expect(JSON.stringify(state).length).toBeLessThan(140_000);
    });

    test("names the highest of each component before any second one", () => {
      const { lastScores } = state;
      expect(lastScores).toHaveLength(maxStateItems);
      const highest = lastScores.filter(({ probability }) => probability === modes.length / 40);
      expect(new Set(highest.map(({ component }) => component)).size).toBe(64);
      expect(lastScores).toContainEqual(
        expect.objectContaining({ component: "gearbox", failureMode: "hot" }),
      );
      expect(new Set(state.alarms.map(({ component }) => component)).size).toBe(64);
    });

    test("names alarms that people see and critical ones first, whatever the last window says of their risk", () => {
      const told = (risk: number | null, shelvedRisk: number) => {
        const all = alarms.map(
          (each, at): OpenAlarm =>
            at % modes.length === 20
              ? { ...each, severity: "critical", risk }
              : {
                  ...each,
                  state: at % 2 === 0 ? "shelved" : each.state,
                  severity: "warning",
                  risk: shelvedRisk,
                },
        );
        return tracker.describe(momentOf({ alarms: all })).alarms;
      };
      const named = told(null, 0.04);
      expect(named.filter(({ severity }) => severity === "critical")).toHaveLength(64);
      expect(named.filter(({ state }) => state === "shelved")).toEqual([]);
      const kinds = (some: ReturnType<typeof told>) => some.map((each) => [each.component, each.failureMode]);
      expect(kinds(told(0.5, 0.9))).toEqual(kinds(named));
    });
  });

  test("is not changed by decisions of others", () => {
    const tracker = createTracker();
    tracker.update(decisionAt(0, [["inner", 0.1, null]], { point: { ...point, turbine: "t2" } }));
    tracker.update(decisionAt(0, [["inner", 0.1, null]], { point: { ...point, component: "tower" } }));
    expect(healthOf(tracker)).toBe("information-unavailable");
  });
});
