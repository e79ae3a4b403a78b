/** When the publisher sends a turbine's state; what stands in it is in state-publisher.test.ts. */
import { expect, test } from "vitest";
import type { DiagnosedDevice } from "../../../src/core/contract/device/device-diagnosis.ts";
import type { Decision } from "../../../src/core/contract/prediction.ts";
import type { DiagnosedSource } from "../../../src/core/contract/source-diagnosis.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import type { TurbineState } from "../../../src/core/contract/turbine-state.ts";
import { createAlarmRegister } from "../../../src/core/decision/alarms/alarm-register.ts";
import { hourMs } from "../../../src/core/maths/durations.ts";
import { createStatePublisher } from "../../../src/gateway/alarms/state-publisher.ts";
import { createDataQuality } from "../../../src/gateway/record/data-quality.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createFakeBundle, createFakeMqtt, point, windowAt } from "../fakes.ts";

const { ref: model } = createFakeBundle();
const everyMs = 2000;

/** A connected publisher of one turbine, of which a window comes every two seconds. */
function create() {
  const clock = createManualClock();
  const mqtt = createFakeMqtt();
  const register = createAlarmRegister();
  const devices: DiagnosedDevice[] = [];
  const sources: DiagnosedSource[] = [];
  const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
  const watched = { component: point.component, bundle: "b", device: "mcu", channel: "de" };
  const states = createStatePublisher({
    site: point.site,
    turbines: [
      {
        id: point.turbine,
        points: [{ ...watched, bearing, shaftRpm: null, baselineEpoch: 0 }],
        scadaBundle: null,
        repairs: [],
      },
    ],
    register,
    dataQualityOf: createDataQuality().ofTurbine,
    gateway: "g1",
    conditions: () => [],
    drift: () => [],
    componentsOf: () => [],
    devices: () => devices,
    sources: () => sources,
    mqtt,
    topics: createTopics("aurora/v1"),
    clock,
  });
  mqtt.connect();
  let index = 0;
  const decide = (change: Partial<Decision> = {}): Decision => {
    const { id: windowId, fromMs, toMs } = windowAt(index++);
    const mode = { failureMode: "inner-race", probability: 0.1, score: 0, threshold: 0.8 };
    const modes = [{ ...mode, active: false, sinceMs: null }];
    return { point, windowId, fromMs, toMs, operatingState: "full-performance", model, modes, ...change };
  };
  /** The next window; says how many states were sent because of it, or because one was due. */
  const step = (change: Partial<Decision> = {}): number => {
    const before = mqtt.sent.length;
    clock.advance(everyMs);
    states.update(decide(change));
    states.tick();
    return mqtt.sent.length - before;
  };
  /** The next window, of a speed that is about the one below which the turbine stands by. */
  const hover = (): number => step(index % 2 === 0 ? {} : { operatingState: "standby", modes: [] });
  const last = (): TurbineState => JSON.parse(mqtt.sent.at(-1)!.payload);
  /** Until the broker has another state than the one that holds. */
  const hoverUntilStale = (): void => {
    for (let count = 0; count < 200; count++) {
      if (hover() === 0 && count > 100 && last().operatingState === "full-performance") return;
    }
    throw new Error("every state was sent");
  };
  return { clock, mqtt, register, states, devices, sources, decide, step, hover, hoverUntilStale, last };
}

test("a turbine that comes and goes with every window sends two states a minute once it has sent ten ahead", () => {
  const { clock, hover, last } = create();
  let sent = 0;
  let silentMs = 0;
  let longestMs = 0;
  for (let passedMs = 0; passedMs < hourMs; passedMs += everyMs) {
    const more = hover();
    sent += more;
    silentMs = more > 0 ? 0 : silentMs + everyMs;
    longestMs = Math.max(longestMs, silentMs);
    if (more > 0) expect(Date.parse(last().time)).toBe(clock.nowMs());
  }
  expect(sent).toBeGreaterThanOrEqual(60);
  expect(sent).toBeLessThanOrEqual(10 + 2 * 60);
  expect(longestMs).toBeLessThan(60_000);
});

test("an alarm, a device and a source of such a turbine go at once, with all that is known by then", () => {
  const { register, states, devices, sources, mqtt, decide, hoverUntilStale, last } = create();
  hoverUntilStale();
  states.update(decide({ operatingState: "partial-performance" }));
  mqtt.sent.length = 0;
  states.tick();
  expect(mqtt.sent).toHaveLength(0);
  const alarming = decide({ operatingState: "partial-performance" });
  const modes = alarming.modes.map((mode) => ({ ...mode, active: true, sinceMs: alarming.fromMs }));
  register.update({ ...alarming, modes });
  states.publishTurbine(point.turbine);
  expect(mqtt.sent).toHaveLength(1);
  expect(last()).toMatchObject({
    operatingState: "partial-performance",
    health: "alarm",
    alarms: [{ failureMode: "inner-race" }],
  });
  const diagnoses = [{ code: "clock", text: "clock is 2 h ahead", cure: "Set it.", sinceMs: 1 }];
  devices.push({ device: "mcu", diagnoses });
  states.tick();
  expect(last().devices).toEqual(devices);
  sources.push({ source: "farm/wt01", diagnoses });
  states.tick();
  expect(last().sources).toEqual(sources);
  expect(mqtt.sent).toHaveLength(3);
});

test("the last state of a turbine that has settled is sent within a minute, and then every change at once again", () => {
  const { step, hoverUntilStale, last } = create();
  hoverUntilStale();
  let waitedMs = 0;
  while (last().operatingState !== "partial-performance") {
    step({ operatingState: "partial-performance" });
    waitedMs += everyMs;
    expect(waitedMs).toBeLessThanOrEqual(60_000);
  }
  for (let ms = 0; ms < hourMs / 4; ms += everyMs) step({ operatingState: "partial-performance" });
  for (let count = 0; count < 10; count++) {
    const operatingState = count % 2 === 0 ? "full-performance" : "partial-performance";
    expect(step({ operatingState })).toBe(1);
    expect(last().operatingState).toBe(operatingState);
  }
});
