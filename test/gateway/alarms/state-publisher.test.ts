import { describe, expect, it, vi } from "vitest";
import type { DiagnosedDevice } from "../../../src/core/contract/device/device-diagnosis.ts";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import type { DiagnosedSource } from "../../../src/core/contract/source-diagnosis.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { type TurbineState, turbineStateSchema } from "../../../src/core/contract/turbine-state.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { hourMs } from "../../../src/core/maths/durations.ts";
import { createStatePublisher } from "../../../src/gateway/alarms/state-publisher.ts";
import { createDataQuality } from "../../../src/gateway/record/data-quality.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createFakeBundle, createFakeMqtt, point, windowAt } from "../fakes.ts";

const { ref: model } = createFakeBundle();
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function decisionAt(index: number, probability: number, active = false): Decision {
  const { id: windowId, fromMs, toMs } = windowAt(index);
  const mode = { failureMode: "inner-race", probability, score: 0, threshold: 0.8, active };
  const modes = [{ ...mode, sinceMs: active ? fromMs : null }];
  return { point, windowId, fromMs, toMs, operatingState: "full-performance", model, modes };
}

function create(ofScada: readonly string[] = [], otherTurbines = 0) {
  const clock = createManualClock();
  const mqtt = createFakeMqtt();
  const register = createAlarmRegister();
  const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
  const watched = { component: point.component, bundle: "b", device: "mcu", channel: "de" };
  const entry = { ...watched, bearing, shaftRpm: null, baselineEpoch: 0 };
  const diagnosed: DiagnosedDevice[] = [];
  /** Turbines that were described. */
  const looks: string[] = [];
  const sources: DiagnosedSource[] = [];
  const states = createStatePublisher({
    devices: (turbine) => {
      looks.push(turbine);
      return diagnosed;
    },
    sources: () => sources,
    componentsOf: () => ofScada,
    conditions: () => [],
    drift: () => [],
    gateway: "g1",
    site: point.site,
    register,
    dataQualityOf: createDataQuality().ofTurbine,
    mqtt,
    topics: createTopics("aurora/v1"),
    clock,
    turbines: [point.turbine, ...Array.from({ length: otherTurbines }, (_, index) => `other-${index}`)].map(
      (id) => {
        const device = id === point.turbine ? "mcu" : id;
        return { id, points: [{ ...entry, device }], scadaBundle: null, repairs: [] };
      },
    ),
  });
  const shown = (): TurbineState[] => mqtt.sent.map(({ payload }) => JSON.parse(payload));
  return { clock, mqtt, register, states, shown, diagnosed, sources, looks };
}

describe("the state publisher", () => {
  it("says that nobody knows any more when the gateway stops, and does not fail without a connection", async () => {
    const { mqtt, states, shown } = create();
    await states.sayGoodbye();
    mqtt.connect();
    await settle();
    states.update(decisionAt(0, 0.1));
    states.tick();
    await states.sayGoodbye();
    expect(shown().at(-1)).toMatchObject({
      operatingState: "information-unavailable",
      health: "information-unavailable",
      healthReason: expect.stringContaining("its gateway stopped since"),
      components: [{ component: point.component, health: "no-data", reason: "its gateway stopped" }],
      lastScores: [{ failureMode: "inner-race", probability: 0.1 }],
    });
    states.update({ ...decisionAt(1, 0.1), operatingState: "standby", modes: [] });
    await states.sayGoodbye();
    expect(shown().at(-1)!.components![0]).not.toHaveProperty("isStandby");
  });

  it("lets an alarm stand when the gateway stops", async () => {
    const { mqtt, register, states, shown } = create();
    mqtt.connect();
    await settle();
    const decision = decisionAt(0, 0.9, true);
    register.update(decision);
    states.update(decision);
    await states.sayGoodbye();
    expect(shown().at(-1)).toMatchObject({
      operatingState: "information-unavailable",
      health: "alarm",
      healthReason: expect.stringMatching(/: warning, its gateway stopped; inner race: evidence .* since /),
      components: [{ health: "warning", unknown: { reason: "its gateway stopped" } }],
    });
  });

  it.each([
    [1_000, 35_000, "information-unavailable"],
    [1_000, 25_000, "ok"],
    // Of a slow shaft a window takes as long.
    [20_000, 35_000, "ok"],
    [20_000, 65_000, "information-unavailable"],
  ])("with a score every %i ms, says after %i ms without one: %s", async (apartMs, silentMs, health) => {
    const { clock, mqtt, states, shown } = create();
    for (let index = 0; index < 4; index++) {
      states.update(decisionAt(index, 0.1));
      if (index < 3) clock.advance(apartMs);
    }
    mqtt.connect();
    await settle();
    expect(shown().at(-1)?.health).toBe("ok");
    clock.advance(silentMs);
    states.tick();
    await settle();
    const { components, ...state } = shown().at(-1)!;
    expect(state.health).toBe(health);
    if (health === "ok") return;
    expect(state.operatingState).toBe("information-unavailable");
    const sinceMs = clock.nowMs() - silentMs;
    expect(components).toMatchObject([{ health: "no-data", reason: "no score has come for long", sinceMs }]);
  });

  it("says what is wrong with a turbine's devices, at once when that changes", async () => {
    const { clock, mqtt, states, shown, diagnosed } = create();
    mqtt.connect();
    await settle();
    expect(shown().at(-1)?.devices).toEqual([]);
    const diagnosis = { code: "clock", text: "clock is 2 h ahead", cure: "Set it.", sinceMs: 1 };
    diagnosed.push({ device: "mcu", diagnoses: [diagnosis] });
    clock.advance(1);
    states.tick();
    await settle();
    const state = turbineStateSchema().parse(shown().at(-1));
    expect(state.devices).toEqual([{ device: "mcu", diagnoses: [diagnosis] }]);
    expect(mqtt.sent).toHaveLength(2);
  });

  it("says what is wrong with the sources of its SCADA values, at once when that changes", async () => {
    const { clock, mqtt, states, shown, sources } = create();
    mqtt.connect();
    await settle();
    const diagnosis = { code: "no-connection", text: "no connection: refused", cure: "Look.", sinceMs: 1 };
    sources.push({ source: "tcp://10.0.0.9:502", diagnoses: [diagnosis] });
    clock.advance(1);
    states.tick();
    await settle();
    expect(turbineStateSchema().parse(shown().at(-1)).sources).toEqual(sources);
    expect(mqtt.sent).toHaveLength(2);
  });

  it("says why nothing was heard of what its SCADA values speak of", async () => {
    const { mqtt, shown, sources } = create(["transformer"]);
    const text = 'no value of WT01: messages come, none is usable: nothing at "v.power"';
    const noValue = { code: "no-value", text, cure: "Look.", sinceMs: 1 };
    // Values of a clock that is off, and of slow polls, are used.
    const slow = { ...noValue, code: "slow-poll", text: "a poll of 20 units takes 26 s" };
    const clock = { ...noValue, code: "clock", text: "clock is 2 h ahead" };
    sources.push({ source: "farm/wt01", diagnoses: [slow, clock, noValue] });
    mqtt.connect();
    await settle();
    expect(shown()[0]?.components?.map(({ reason, sinceMs }) => [reason, sinceMs])).toEqual([
      ["nothing was heard of it yet", null],
      [text, 1],
    ]);
  });

  it("publishes every turbine's state, retained, at every connection", async () => {
    const { mqtt, states, shown } = create();
    states.tick();
    mqtt.connect();
    await settle();
    mqtt.connect();
    await settle();
    expect(mqtt.sent).toMatchObject([
      { topic: "aurora/v1/turbine/north/WT01/state", retain: true },
      { topic: "aurora/v1/turbine/north/WT01/state", retain: true },
    ]);
    expect(shown().at(-1)?.gateway).toBe("g1");
    expect(shown()[0]).toMatchObject({ health: "information-unavailable", alarms: [] });
  });

  it("publishes at once what an operator wants to know, and a mere score only when it is due", async () => {
    const { clock, mqtt, states, register, shown } = create();
    mqtt.connect();
    const tick = async (): Promise<number> => {
      mqtt.sent.length = 0;
      states.tick();
      await settle();
      return mqtt.sent.length;
    };
    await settle();
    states.update(decisionAt(0, 0.1));
    expect(await tick()).toBe(1);
    states.update(decisionAt(1, 0.2));
    expect(await tick()).toBe(0);
    clock.advance(60_000);
    expect(await tick()).toBe(1);
    expect(shown()[0]!.lastScores).toMatchObject([{ probability: 0.2 }]);

    const alarming = decisionAt(2, 0.9, true);
    const [due] = register.update(alarming);
    register.announce(due!, { explanation: null, horizonHours: null });
    states.update(alarming);
    expect(await tick()).toBe(1);
    expect(shown()[0]).toMatchObject({ health: "alarm", alarms: [{ state: "unacknowledged" }] });
    // Somebody takes note: neither health nor score changes, but the alarm's state does.
    register.step(
      { point, failureMode: "inner-race" },
      { kind: "acknowledge", atMs: alarming.toMs, by: "ops" },
      alarming.toMs,
    );
    expect(await tick()).toBe(1);
    expect(await tick()).toBe(0);
  });

  it("refreshes the turbines of a site one after another, each within a minute, though they were published together", async () => {
    const { clock, mqtt, states } = create([], 9);
    mqtt.connect();
    await settle();
    const ticks: string[][] = [];
    for (let step = 1; step <= 10; step++) {
      mqtt.sent.length = 0;
      clock.advance(12_000);
      states.tick();
      ticks.push(mqtt.sent.map(({ topic }) => topic));
      await settle();
    }
    expect(ticks.map((topics) => topics.length)).toEqual(Array.from({ length: 10 }, () => 2));
    expect(new Set(ticks.slice(0, 5).flat()).size).toBe(10);
    expect(ticks.slice(5)).toEqual(ticks.slice(0, 5));
  });

  it("asks for all turbines' alarms once a tick, and tells each its own", async () => {
    const { mqtt, register, states, shown } = create([], 2);
    mqtt.connect();
    await settle();
    mqtt.sent.length = 0;
    for (const turbine of [point.turbine, "other-1"]) {
      register.update({ ...decisionAt(0, 0.9, true), point: { ...point, turbine } });
    }
    register.update({ ...decisionAt(0, 0.9, true), point: { ...point, site: "another" } });
    const list = vi.spyOn(register, "list");
    states.tick();
    expect(list).toHaveBeenCalledTimes(1);
    expect(shown().map(({ turbine, alarms }) => [turbine, alarms.length])).toEqual([
      [point.turbine, 1],
      ["other-1", 1],
    ]);
  });

  it("publishes a turbine's change without a look at the others", async () => {
    const { mqtt, states, shown, diagnosed, looks } = create([], 9);
    mqtt.connect();
    await settle();
    mqtt.sent.length = 0;
    looks.length = 0;
    diagnosed.push({ device: "mcu", diagnoses: [{ code: "clock", text: "", cure: "", sinceMs: 1 }] });
    states.publishTurbine("other-3");
    expect(shown()).toMatchObject([{ turbine: "other-3", devices: [{ device: "mcu" }] }]);
    states.publishTurbine("other-3");
    states.publishTurbine("none");
    expect(mqtt.sent).toHaveLength(1);
    expect(looks).toEqual(["other-3", "other-3"]);
  });

  it("tells at once that a component fell silent, and which channel's data is set aside", async () => {
    const { mqtt, states, clock, shown } = create();
    mqtt.connect();
    await settle();
    states.update(decisionAt(0, 0.1));
    states.tick();
    await settle();
    mqtt.sent.length = 0;
    states.update({ ...decisionAt(1, 0.1), operatingState: "information-unavailable", modes: [] });
    states.noteSilence(point, { reason: "no data", sinceMs: clock.nowMs() });
    states.tick();
    await settle();
    expect(shown()[0]!.components).toMatchObject([{ health: "no-data", reason: "no data" }]);
    const quarantine = { reason: "stuck", timestampMs: 0, detail: "", samples: 1 } as const;
    states.noteSetAside({ ...quarantine, deviceId: "mcu", channel: "other" });
    expect(states.describeComponents([])[0]!.reason).toBe("no data");
    states.noteSetAside({ ...quarantine, deviceId: "mcu", channel: "de" });
    expect(states.describeComponents([])[0]!.reason).toBe("its data is in quarantine (stuck)");
  });

  it("names what a turbine's rows of SCADA values lack, until two more would have come", () => {
    const { clock, states } = create(["gearbox"]);
    const lack = { reason: "missing-value", channel: "gear-oil", timestampMs: 0, samples: 1 } as const;
    const note = (deviceId: string, detail: string, cause?: "sent-again"): void =>
      states.noteRowSetAside({ ...lack, deviceId, detail, cause }, 600_000);
    const reason = (): unknown =>
      states.describeComponents([]).find(({ component }) => component === "gearbox")?.reason;
    note("other", 'nothing at "v.oil"');
    expect(reason()).toBe("nothing was heard of it yet");
    note(point.turbine, 'nothing at "v.oil"');
    note(point.turbine, "of before", "sent-again");
    expect(reason()).toBe('its data is in quarantine (missing-value: gear-oil: nothing at "v.oil")');
    clock.advance(1_200_000);
    note("other", "no reading of gear-oil");
    expect(reason()).toContain("in quarantine");
    clock.advance(1);
    expect(reason()).toBe("nothing was heard of it yet");
  });

  it("looks at no other turbine's points for a block that is set aside", () => {
    const { states } = create([], 200);
    const quarantine = { reason: "stuck", timestampMs: 0, detail: "", samples: 1 } as const;
    const iterator = Object.getPrototypeOf([].values());
    const { next } = iterator;
    let steps = 0;
    iterator.next = function () {
      steps++;
      return next.call(this);
    };
    states.noteSetAside({ ...quarantine, deviceId: "mcu", channel: "de" });
    iterator.next = next;
    expect(steps).toBeLessThan(20);
    expect(states.describeComponents([])[0]!.reason).toBe("its data is in quarantine (stuck)");
  });

  it("gives a component's highest risk, and none of what comes no more or is being learnt", () => {
    const { states } = create();
    const withRisk = (index: number, risk: number | null, change: Partial<Decision> = {}): Decision => {
      const decision = decisionAt(index, 0.78);
      return { ...decision, modes: decision.modes.map((mode) => ({ ...mode, risk })), ...change };
    };
    const risk = (): number | null => states.describeComponents([])[0]!.risk;
    expect(risk()).toBeNull();
    states.update(withRisk(0, 0.02));
    expect(risk()).toBe(0.02);
    states.update(withRisk(1, 0.02, { isLearning: true }));
    expect(risk()).toBeNull();
    states.update(withRisk(2, null));
    expect(risk()).toBeNull();
    states.update(withRisk(3, 0.03));
    states.update({ ...decisionAt(4, 0.1), operatingState: "information-unavailable", modes: [] });
    expect(risk()).toBeNull();
  });

  it("calls a component unheard, but not while its turbine stands by or its alarm is out of service", () => {
    const { states, register } = create();
    const isUnheard = (): boolean => states.describeComponents([])[0]!.unheard;
    expect(isUnheard()).toBe(true);
    states.update(decisionAt(0, 0.1));
    expect(isUnheard()).toBe(false);
    states.update({ ...decisionAt(1, 0.1), operatingState: "information-unavailable", modes: [] });
    states.noteSilence(point, { reason: "no data", sinceMs: 0 });
    expect(isUnheard()).toBe(true);
    // Whatever the words.
    states.noteSilence(point, { reason: "no data", isStandby: true, sinceMs: 0 });
    expect(isUnheard()).toBe(false);
    states.noteSilence(point, { reason: "the turbine stands by", sinceMs: 0 });
    expect(isUnheard()).toBe(true);
    register.update(decisionAt(2, 0.9, true));
    const alarm = { point, failureMode: "inner-race" };
    register.step(alarm, { kind: "remove-from-service", atMs: 1, by: "ana" }, 1);
    expect(states.describeComponents([])[0]).toMatchObject({ health: "no-data", unheard: false });
    register.step(alarm, { kind: "return-to-service" }, 2);
    expect(states.describeComponents([])[0]).toMatchObject({ health: "warning", unheard: false });
  });

  it("says at once until when an alarm is shelved, also when the clock was set", async () => {
    const { mqtt, states, register, shown } = create();
    mqtt.connect();
    register.update(decisionAt(0, 0.9, true));
    const alarm = { point, failureMode: "inner-race" };
    register.step(alarm, { kind: "shelve", atMs: 0, by: "ana", untilMs: hourMs }, 0);
    const untilOf = async (): Promise<unknown> => {
      states.tick();
      await settle();
      return turbineStateSchema().parse(shown().at(-1)).alarms[0]!.until;
    };
    expect(await untilOf()).toBe("1970-01-01T01:00:00.000Z");
    register.moveShelvings(hourMs);
    expect(await untilOf()).toBe("1970-01-01T02:00:00.000Z");
    register.step(alarm, { kind: "unshelve" }, 0);
    expect(await untilOf()).toBeUndefined();
  });

  it("tries again at the next tick what the broker did not take", async () => {
    const { mqtt, states } = create();
    mqtt.connect();
    await settle();
    mqtt.sent.length = 0;
    mqtt.refuse = true;
    states.update(decisionAt(0, 0.1));
    states.tick();
    await settle();
    expect(states.arePublished()).toBe(false);
    mqtt.refuse = false;
    states.tick();
    await settle();
    expect(mqtt.sent).toHaveLength(1);
    expect(states.arePublished()).toBe(true);
  });
});
