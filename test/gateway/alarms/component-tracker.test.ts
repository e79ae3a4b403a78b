import { describe, expect, test } from "vitest";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import { turbineStateSchema } from "../../../src/core/contract/turbine-state.ts";
import type { OpenAlarm } from "../../../src/core/decision/alarms/alarm-register.ts";
import {
  type ComponentMoment,
  createComponentTracker,
} from "../../../src/gateway/alarms/component-tracker.ts";
import { createTurbineTracker } from "../../../src/gateway/alarms/turbine-tracker.ts";
import { decisionAt, point, startMs } from "../../core/decision/alarms/decisions.ts";
import { momentOf } from "./turbine-moment.ts";

const component = point.component;
const minute = 60_000;
const alarm: OpenAlarm = {
  site: "north",
  turbine: "t1",
  component,
  failureMode: "inner-race",
  state: "unacknowledged",
  sinceMs: startMs,
  probability: 0.97,
  risk: 0.66,
  lane: "slow",
  leadingMode: null,
  by: null,
  untilMs: null,
  severity: "critical",
  conditionActive: true,
};
const healthy = (index: number, change: Partial<Decision> = {}): Decision =>
  decisionAt(index, [["inner-race", 0.1, null]], change);
const missing = (index: number): Decision => decisionAt(index, [], {}, "information-unavailable");
const at = (change: Partial<ComponentMoment> = {}): ComponentMoment => ({
  timeMs: startMs,
  monotonicMs: 0,
  alarms: [],
  condition: undefined,
  unfit: undefined,
  unheard: undefined,
  ...change,
});
const settled = { isProvisional: false };
const learning = (windows: number): ComponentMoment["condition"] => ({
  status: { ...settled, state: "learning", version: 0, windows, neededWindows: 96, suspicions: [] },
  severityDb: null,
});

describe("a component's health", () => {
  test("is no data while its device cannot speak for it, whatever was decided, and an alarm stays one", () => {
    const unfit = { reason: "two devices use its id", sinceMs: startMs + 8000 };
    const tracker = createComponentTracker("WT07", component);
    expect(tracker.describe(at({ unfit }))).toEqual({ component, health: "no-data", ...unfit });
    tracker.update(healthy(0));
    expect(tracker.describe(at({ unfit }))).toEqual({ component, health: "no-data", ...unfit });
    expect(tracker.describe(at({ unfit, condition: learning(3) }))).toMatchObject({ health: "no-data" });
    expect(tracker.describe(at({ unfit, alarms: [alarm] }))).toMatchObject({
      health: "critical",
      reason: expect.stringMatching(/^two devices use its id; inner race: /),
    });
    expect(tracker.describe(at())).toMatchObject({ health: "good" });
  });

  test("is no data with the time of the last data when its sensor falls silent, until a window is decided", () => {
    const tracker = createComponentTracker("WT07", component);
    tracker.update(healthy(0));
    expect(tracker.describe(at())).toEqual({ component, health: "good", reason: null, sinceMs: null });
    tracker.update(missing(60));
    tracker.noteSilence({ reason: "no data", sinceMs: startMs + 1000 });
    expect(tracker.describe(at())).toEqual({
      component,
      health: "no-data",
      reason: "no data",
      sinceMs: startMs + 1000,
    });
    tracker.update(healthy(90));
    expect(tracker.describe(at()).health).toBe("good");
  });

  test("tells a standing turbine and quarantined data from a silent sensor", () => {
    const tracker = createComponentTracker("WT07", component);
    tracker.update(healthy(0));
    tracker.update(decisionAt(1, [], {}, "standby"));
    const standby = { health: "no-data", reason: "the turbine stands by", isStandby: true };
    expect(tracker.describe(at())).toMatchObject(standby);
    const slow = { reason: "the turbine stands by: below 300 rpm", isStandby: true, sinceMs: startMs };
    tracker.noteSilence(slow);
    expect(tracker.describe(at())).toMatchObject(slow);
    tracker.update(missing(2));
    tracker.noteSilence({ reason: "no data", sinceMs: startMs });
    const setAside = { atMs: startMs + minute, freshMs: minute };
    tracker.noteSetAside({ reason: "gap", ...setAside });
    expect(tracker.describe(at({ timeMs: startMs + minute })).reason).toBe("no data");
    tracker.noteSetAside({ reason: "stuck", ...setAside });
    expect(tracker.describe(at({ timeMs: startMs + minute + 5 })).reason).toBe(
      "its data is in quarantine (stuck)",
    );
    // Long after the last bad block there is no data at all.
    expect(tracker.describe(at({ timeMs: startMs + 3 * minute })).reason).toBe("no data");
  });

  test("is learning with how far it is, by the decision's word or the baseline's, which is let go between two windows", () => {
    const tracker = createComponentTracker("WT07", component);
    expect(tracker.describe(at({ condition: learning(0) }))).toMatchObject({ health: "no-data" });
    tracker.update(healthy(0));
    expect(tracker.describe(at({ condition: learning(24) }))).toMatchObject({
      health: "learning",
      reason: "24 of 96 windows until a provisional reference",
    });
    expect(tracker.describe(at({ condition: learning(120) })).reason).toContain("not enough to go by yet");
    const condition = learning(24)!;
    const status = { ...condition.status!, standstill: "it stands at a stated speed" };
    expect(tracker.describe(at({ condition: { ...condition, status } })).reason).toBe(
      "24 of 96 windows until a provisional reference; it stands at a stated speed",
    );
    tracker.update(healthy(1, { isLearning: false }));
    expect(tracker.describe(at()).health).toBe("good");
    expect(tracker.describe(at({ condition: learning(0) }))).toMatchObject({
      health: "learning",
      reason: "0 of 96 windows until a provisional reference",
    });
    tracker.update(healthy(2, { isLearning: true }));
    expect(tracker.describe(at()).health).toBe("learning");
    // Whoever hears nothing learns nothing.
    tracker.update(missing(3));
    expect(tracker.describe(at({ condition: learning(24) })).health).toBe("no-data");
  });

  test("is refused, with the reason and what to do, where what was to be learnt looks faulty", () => {
    const tracker = createComponentTracker("WT07", component);
    const condition: ComponentMoment["condition"] = {
      status: {
        ...settled,
        state: "refused",
        version: 0,
        windows: 96,
        suspicions: [],
        refusal: "half is odd",
      },
      severityDb: null,
    };
    expect(tracker.describe(at({ condition })).health).toBe("no-data");
    tracker.update(healthy(0, { isLearning: true }));
    expect(tracker.describe(at({ condition }))).toEqual({
      component,
      health: "refused",
      reason: `it looks faulty: half is odd; inspect it, then: aurora baseline renew WT07 ${component} --reason '…' --config FILE, with --found-healthy if there was nothing to repair`,
      sinceMs: null,
    });
    expect(tracker.describe(at({ condition, alarms: [alarm] })).health).toBe("critical");
    tracker.update(missing(1));
    expect(tracker.describe(at({ condition })).health).toBe("no-data");
  });

  test("is not learning under a model that learns no reference", () => {
    const tracker = createComponentTracker("WT07", component);
    tracker.update(healthy(0, { isLearning: true }));
    expect(tracker.describe(at({ condition: { status: null, severityDb: null } }))).toMatchObject({
      health: "good",
      reason: "but held against no reference of its own",
    });
  });

  test("is that of its worst standing alarm, with what raised it, also while nothing comes", () => {
    const tracker = createComponentTracker("WT07", component);
    tracker.update(healthy(0));
    const minor: OpenAlarm = { ...alarm, failureMode: "ball", severity: "warning", lane: null };
    expect(tracker.describe(at({ alarms: [minor, alarm] }))).toEqual({
      component,
      health: "critical",
      reason: "inner race (also ball): evidence of hours or days against how it was before",
      sinceMs: startMs,
    });
    const many = ["ball", "outer", "cage", "gear", "imbalance"].map((failureMode) => ({
      ...minor,
      failureMode,
    }));
    expect(tracker.describe(at({ alarms: [alarm, ...many] })).reason).toMatch(
      /^inner race \(also ball, outer, cage, 2 more\): /,
    );
    const held = [{ failureMode: "inner-race", isQuiet: false, whyItStands: "the machine is loud" }];
    const condition = { status: null, severityDb: 11, held };
    expect(tracker.describe(at({ alarms: [alarm], condition }))).toMatchObject({
      reason: "inner race: evidence of hours or days against how it was before",
      whyItStands: "it still stands: the machine is loud",
    });
    expect(tracker.describe(at({ alarms: [minor] })).reason).toBe(
      "ball: evidence above the model's threshold",
    );
    expect(createComponentTracker("WT07", component).describe(at({ alarms: [alarm] })).reason).toMatch(
      /^nothing was heard of it yet; inner race: /,
    );
    tracker.update(missing(1));
    tracker.noteSilence({ reason: "no data", sinceMs: startMs });
    const silent = tracker.describe(at({ alarms: [alarm] }));
    expect(silent.reason).toMatch(/^no data; inner race: /);
    expect(silent.unknown).toEqual({ reason: "no data", sinceMs: startMs });
    expect(tracker.describe(at({ alarms: [{ ...alarm, leadingMode: "ball" }] })).reason).toContain(
      ", by now rather like ball: ",
    );
    expect(tracker.describe(at({ alarms: [{ ...alarm, component: "gearbox" }] })).health).toBe("no-data");
  });

  test("names what shows before what only stands on, each with its own why, and is as bad as the worst", () => {
    const tracker = createComponentTracker("WT07", component);
    tracker.update(healthy(0));
    const minor: OpenAlarm = { ...alarm, failureMode: "ball", severity: "warning", lane: null };
    const old = { failureMode: "inner-race", isQuiet: false, whyItStands: "the machine is loud" };
    const fresh = { failureMode: "ball", isQuiet: false, whyItStands: null };
    const describe = (held: readonly (typeof old | typeof fresh)[]) =>
      tracker.describe(
        at({ alarms: [alarm, minor], condition: { status: null, severityDb: 11, held: [...held] } }),
      );
    expect(describe([old, fresh])).toMatchObject({
      health: "critical",
      reason: "ball (also inner race): evidence above the model's threshold",
      whyItStands: "inner race still stands: the machine is loud",
    });
    expect(describe([{ ...old, isQuiet: true, whyItStands: null }, fresh]).reason).toMatch(/^ball /);
    const quiet = describe([old, { ...fresh, isQuiet: true }]);
    expect(quiet.reason).toMatch(/^inner race /);
    expect(quiet.whyItStands).toMatch(/^it still stands: the/);
  });

  test("is unknown while its alarm is out of service", () => {
    const tracker = createComponentTracker("WT07", component);
    tracker.update(healthy(0));
    const alarms: OpenAlarm[] = [{ ...alarm, state: "out-of-service" }];
    expect(tracker.describe(at({ alarms }))).toMatchObject({
      health: "no-data",
      reason: "its alarm of inner race is out of service",
    });
  });

  test("says where its own reference may not have been healthy", () => {
    const tracker = createComponentTracker("WT07", component);
    tracker.update(healthy(0));
    const status = {
      ...settled,
      state: "ready",
      version: 1,
      windows: 600,
      suspicions: ["25 dB louder"],
    } as const;
    const { health, reason } = tracker.describe(at({ condition: { status, severityDb: 0 } }));
    expect([health, reason]).toEqual(["good", "but see how it was learnt: 25 dB louder"]);
    const beyond =
      "it was learnt at 975 to 1189 rpm, and about 60 % of the last day's windows were elsewhere";
    const reasonOf = (suspicions: readonly string[]): string | null => {
      const condition = { status: { ...status, suspicions, beyond }, severityDb: null };
      return tracker.describe(at({ condition })).reason;
    };
    expect(reasonOf([])).toBe(`but ${beyond}`);
    expect(reasonOf(["25 dB louder"])).toBe(`but see how it was learnt: 25 dB louder; ${beyond}`);
    const lastingRise = { failureMode: "outer-race", logits: 2 };
    const condition = { status: { ...status, suspicions: [] }, severityDb: 0, lastingRise };
    expect(tracker.describe(at({ condition }))).toMatchObject({
      health: "good",
      reason: expect.stringMatching(/^but outer race has stood 2\.0 above its own reference in most hours/),
    });
  });

  test("is no data where its sensor is deaf, also at a speed at which how much it misses is not known", () => {
    const tracker = createComponentTracker("WT07", component);
    tracker.update(healthy(0));
    const reasonOf = (severityDb: number | null): string | null =>
      tracker.describe(at({ condition: { status: null, severityDb, isDeaf: true } })).reason;
    expect(reasonOf(-37.2)).toMatch(/^37 dB quieter than when it was healthy: /);
    expect(reasonOf(-9.2)).toContain(
      `Check how it is mounted; once it was mounted anew: aurora baseline renew WT07 ${component} `,
    );
    expect(reasonOf(null)).toMatch(/^far quieter than when it was healthy: /);
  });
});

test("one silent sensor hides none of the other components", () => {
  const components = ["generator-bearing", "gearbox", "main-bearing"];
  const tracker = createTurbineTracker("north", "t1", components);
  for (const name of components) tracker.update(healthy(0, { point: { ...point, component: name } }));
  tracker.update({ ...missing(1), point: { ...point, component: "gearbox" } });
  tracker.noteSilence("gearbox", { reason: "no data", sinceMs: startMs + 760 * minute });
  const state = tracker.describe(momentOf({ timeMs: startMs + 770 * minute }));
  expect(state.components?.map(({ health }) => health)).toEqual(["good", "no-data", "good"]);
  expect(state.healthReason).toBe("2 of 3 components healthy; gearbox: no data since 12:40 UTC");
  // What older subscribers read stays as careful as it was.
  expect(state.health).toBe("information-unavailable");
});

test("a device's clock that says anything spoils no state", () => {
  for (const sinceMs of [Number.NaN, -5, 1e300, Number.POSITIVE_INFINITY, 8.64e15]) {
    const tracker = createTurbineTracker("north", "t1", [component]);
    tracker.update(missing(1));
    tracker.noteSilence(component, { reason: "no data", sinceMs });
    const state = tracker.describe(momentOf({ alarms: [{ ...alarm, sinceMs }] }));
    expect(state.components![0]!.sinceMs).toBeNull();
    expect(turbineStateSchema().safeParse(JSON.parse(JSON.stringify(state))).error).toBeUndefined();
  }
});
