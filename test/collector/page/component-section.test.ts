import { expect, test } from "vitest";
import { describeComponents, forgetComponents } from "../../../src/collector/fleet/describe-components.ts";
import type { TurbineView } from "../../../src/collector/fleet/load-turbines.ts";
import { renderComponents, renderHighestRisk } from "../../../src/collector/page/component-section.ts";
import { formatRisk, formatSeverity } from "../../../src/collector/page/page-words.ts";
import type { ComponentCondition, TurbineState } from "../../../src/core/contract/turbine-state.ts";
import { turbineStateSchema } from "../../../src/core/contract/turbine-state.ts";
import { rollUpHealth } from "../../../src/core/decision/roll-up-health.ts";

const nowMs = Date.UTC(2026, 0, 1, 13, 0);
const component = "generator-bearing";
const time = "2026-01-01T12:59:59Z";
const offline = {
  reason: "its gateway is offline",
  brief: "gateway offline",
  sinceMs: Date.UTC(2026, 0, 1, 12, 16),
};
const titles = new Map([["inner-race", "inner race <fault>"]]);

const state = (changes: Partial<TurbineState>): TurbineState => ({
  site: "s",
  turbine: "t",
  time,
  operatingState: "full-performance",
  health: "ok",
  alarms: [],
  lastScores: [],
  model: null,
  dataQuality: { windowsProcessed: 0, windowsQuarantined: 0, quarantinedByReason: {} },
  ...changes,
});
const score = (probability: number, changes: object = {}) => ({
  component,
  failureMode: "inner-race",
  probability,
  time,
  ...changes,
});
const is = (health: ComponentCondition["health"], changes: object = {}): ComponentCondition => ({
  component,
  health,
  reason: null,
  sinceMs: null,
  ...changes,
});
function viewOf(changes: Partial<TurbineState>): TurbineView {
  const last = state(changes);
  const components = describeComponents(last);
  return {
    site: "s",
    turbine: "t",
    gateway: "g",
    health: last.health,
    reason: null,
    rolledUp: rollUpHealth(components, nowMs),
    components,
    operatingState: last.operatingState,
    lastSeenMs: nowMs,
    unwatchedMs: null,
    twins: [],
    state: last,
  };
}

test("a severity has its sign and unit, and is a dash where nobody knows it", () => {
  expect([6.21, -3, 0.04, -0.04, null, undefined].map(formatSeverity)).toEqual([
    "+6.2 dB",
    "−3.0 dB",
    "0.0 dB",
    "0.0 dB",
    "–",
    "–",
  ]);
});

test("a risk is never told as 0 or as certain", () => {
  expect([0, 0.0004, 0.021, 0.68, 0.9999, 1].map(formatRisk)).toEqual([
    "< 0.1 %",
    "< 0.1 %",
    "2.1 %",
    "68.0 %",
    "> 99.9 %",
    "> 99.9 %",
  ]);
});

test("a component whose learning is refused says so and why, tells no risk, and is nobody's healthy one", () => {
  const reason = "it looks faulty: half is odd; inspect it";
  const baseline = {
    component,
    state: "refused",
    version: 0,
    windows: 96,
    suspicions: [],
    refusal: "half is odd",
    severityDb: null,
  } as const;
  const last = {
    components: [is("refused", { reason })],
    lastScores: [score(0.9, { risk: 0.6 })],
    baselines: [baseline],
  };
  expect(turbineStateSchema().parse(JSON.parse(JSON.stringify(state(last)))).baselines).toEqual([baseline]);
  const view = viewOf(last);
  const text = renderComponents(view, titles, nowMs).text;
  expect(text).toContain("Learning refused");
  expect(text).toContain("It looks faulty: half is odd; inspect it");
  expect(text).toContain("Refused, 96 windows look faulty");
  expect(text).not.toContain("60.0 %");
  expect(renderHighestRisk(view, titles).text).toContain("not known");
  expect(view.rolledUp.reason).toContain("learning refused, it looks faulty");
});

test("a healthy machine shows its risk, and nowhere the model's 78 %", () => {
  const view = viewOf({ components: [is("good")], lastScores: [score(0.78, { risk: 0.021 })] });
  for (const { text } of [renderComponents(view, titles, nowMs), renderHighestRisk(view, titles)]) {
    expect(text).toContain("2.1 %");
    expect(text).not.toContain("78");
  }
  expect(renderComponents(view, titles, nowMs).text).toContain("Inner race &lt;fault&gt;");
});

test("of equal risks the fault is named that an alarm stands for, and of risks that are all alike none", () => {
  const modes = (...risks: readonly number[]) =>
    ["inner-race", "outer-race", "ball", "vibration-level"].map((failureMode, index) =>
      score(0.5, { failureMode, risk: risks[index] }),
    );
  const alarm = { ...score(0.9, { failureMode: "ball" }), state: "unacknowledged", since: time } as const;
  const words = (changes: Partial<TurbineState>): string =>
    renderHighestRisk(viewOf({ components: [is("good")], ...changes }), titles).text;
  const raised = viewOf({
    health: "alarm",
    components: [is("warning")],
    alarms: [alarm],
    lastScores: modes(0.98402, 0.058, 0.98402, 0.058),
  });
  expect(renderHighestRisk(raised, titles).text).toContain(">ball, generator bearing<");
  expect(raised.components[0]!.risks[0]!.failureMode).toBe("ball");
  expect(words({ lastScores: modes(0.058, 0.058, 0.058, 0.058) })).toMatch(/5\.8 %.*no fault stands out/s);
  expect(words({ lastScores: modes(0.058, 0.07, 0.058, 0.058) })).toContain("outer race, generator bearing");
  expect(words({ lastScores: modes(0.058, 0.07, 0.07, 0.058) })).toContain(
    "outer race, generator bearing or ball, generator bearing",
  );
  expect(words({ lastScores: modes(0.07, 0.07, 0.07, 0.058) })).toContain("3 faults alike");
});

test("what is not known is not 0: learning with how far it is, or not known, in grey", () => {
  const baseline = {
    component,
    state: "learning",
    version: 0,
    windows: 240,
    suspicions: [],
    severityDb: null,
  };
  const learning = viewOf({
    components: [is("learning", { reason: "240 of 600 windows" })],
    baselines: [{ ...baseline, state: "learning", neededWindows: 600 }],
    lastScores: [score(0.78, { risk: null })],
  });
  const row = renderHighestRisk(learning, titles).text;
  expect(row).toContain('<span class="grey">learning</span>');
  expect(row).toContain('width="40.0"');
  const { text } = renderComponents(learning, titles, nowMs);
  expect(text).toContain("240 of 600 windows");
  expect(text).not.toMatch(/78|[^.\d]0 %/);
  // A gateway of before says nothing of risks.
  const older = viewOf({ lastScores: [score(0.78)] });
  expect(renderHighestRisk(older, titles).text).toBe('<span class="grey">not known</span>');
  expect(renderComponents(older, titles, nowMs).text).not.toContain("78");
});

test("a missing sensor hides none of the others: each component has its health and its reason", () => {
  const view = viewOf({
    health: "information-unavailable",
    components: [
      is("good"),
      is("good", { component: "main-bearing" }),
      is("no-data", { component: "gearbox", reason: "no data", sinceMs: Date.UTC(2026, 0, 1, 12, 40) }),
    ],
    lastScores: [score(0.3, { risk: 0.026 }), score(0.9, { component: "gearbox", risk: 0.4 })],
  });
  const { text } = renderComponents(view, titles, nowMs);
  expect(text).toContain("2 of 3 components healthy; gearbox: no data since 12:40 UTC");
  expect(text.match(/class="badge ok"/g)).toHaveLength(2);
  expect(text).toContain('No data since <time datetime="2026-01-01T12:40:00.000Z">');
  expect(text).toContain("2.6 %");
  // What was computed of data that comes no more says nothing of now.
  expect(text).not.toContain("40.0 %");
  expect(renderHighestRisk(view, titles).text).toContain("2.6 %");
});

test("the page says which reference a severity is held against, and why it may not be healthy", () => {
  const ready = { component, state: "ready", version: 3, windows: 600, severityDb: 2 } as const;
  const view = viewOf({
    components: [is("good")],
    baselines: [{ ...ready, suspicions: ["25 dB <louder>"] }],
  });
  const { text } = renderComponents(view, titles, nowMs);
  expect(text).toContain("Version 3, of 600 windows");
  expect(text).toContain("25 dB &lt;louder&gt;");
  expect(text).toContain("+2.0 dB");
  const later = "levels were learnt later at 900 to 1250 rpm";
  const widened = viewOf({ components: [is("good")], baselines: [{ ...ready, suspicions: [], later }] });
  expect(renderComponents(widened, titles, nowMs).text).toContain(`<span class="why">${later}</span>`);
  const early = { ...ready, isProvisional: true, windows: 96, suspicions: [] };
  const provisional = viewOf({ components: [is("good")], baselines: [early] });
  expect(renderComponents(provisional, titles, nowMs).text).toContain("Provisional version 3, of 96 windows");
  const without = viewOf({ components: [is("good")] });
  expect(renderComponents(without, titles, nowMs).text).not.toContain("Own reference");
});

test("of a silent gateway's components nothing is known, and which was in alarm is not forgotten", () => {
  const last = state({
    components: [is("no-data", { isStandby: true }), is("warning", { component: "gearbox", reason: "wear" })],
    lastScores: [score(0.3, { risk: 0.026 })],
  });
  const forgotten = forgetComponents(last, offline, nowMs);
  expect(forgotten.map(({ health }) => health)).toEqual(["no-data", "warning"]);
  expect(turbineStateSchema().parse(last).components![0]).toHaveProperty("isStandby", true);
  expect(forgotten[0]).not.toHaveProperty("isStandby");
  expect(forgotten[0]!.risks).toEqual([{ failureMode: "inner-race", risk: null }]);
  expect(forgotten[1]!.reason).toBe("gateway offline since 12:16 UTC; before that in alarm (wear)");
  expect(forgetComponents(null, { reason: "r", brief: "r", sinceMs: 0 }, nowMs)).toEqual([]);
});

test("an alarm behind a gateway that is gone has its own time, and its cause is said once", () => {
  const sinceMs = Date.UTC(2026, 0, 1, 11, 32);
  const alarm = {
    ...score(0.9, { failureMode: "ball" }),
    state: "unacknowledged",
    since: "2026-01-01T11:32:00Z",
  };
  const condition = is("warning", {
    reason: "its gateway stopped; ball: strong evidence within minutes",
    sinceMs,
    unknown: { reason: "its gateway stopped", sinceMs: offline.sinceMs },
  });
  const last = state({ health: "alarm", alarms: [alarm as never], components: [condition] });
  const [view] = forgetComponents(turbineStateSchema().parse(last), offline, nowMs);
  expect(view).toMatchObject({ sinceMs, unknown: { reason: "gateway offline", sinceMs: offline.sinceMs } });
  expect(rollUpHealth([view!], nowMs).reason).toBe(
    "generator bearing: warning, gateway offline since 12:16 UTC; before that in alarm (ball) since 11:32 UTC",
  );
});

test("of a component in alarm whose data are missing no risk is told, of an older gateway's neither", () => {
  const alarm = { ...score(0.97), state: "unacknowledged", since: time } as const;
  const unknown = { reason: "no data", sinceMs: nowMs };
  const scores = { health: "alarm", alarms: [alarm], lastScores: [score(0.97, { risk: 0.98 })] } as const;
  const baseline = {
    component,
    state: "ready",
    version: 1,
    windows: 96,
    suspicions: [],
    severityDb: 7,
  } as const;
  const silent = viewOf({ ...scores, components: [is("critical", { unknown })], baselines: [baseline] });
  const older = viewOf({
    ...scores,
    operatingState: "information-unavailable",
    components: [is("critical")],
  });
  for (const view of [silent, older]) {
    expect(view.rolledUp.health).toBe("critical");
    expect(view.components[0]!.risks).toEqual([{ failureMode: "inner-race", risk: null }]);
    expect(renderComponents(view, titles, nowMs).text).not.toMatch(/98\.0 %|7\.0 dB/);
  }
  const heard = viewOf({ ...scores, components: [is("critical")] });
  expect(renderHighestRisk(heard, titles).text).toContain("98.0 %");
});

test("an older gateway's state is read as it was meant, and no component is called better than the turbine", () => {
  const alarm = { ...score(0.97), state: "unacknowledged", since: time } as const;
  const baseline = {
    component: "gearbox",
    windows: 7,
    version: 0,
    suspicions: [],
    severityDb: null,
  } as const;
  const older = {
    lastScores: [score(0.97), score(0.1, { component: "gearbox" })],
    baselines: [{ ...baseline, state: "learning" }],
  } as const;
  const healths = (changes: Partial<TurbineState>) =>
    describeComponents(turbineStateSchema().parse(state({ ...older, ...changes }))).map(
      ({ health }) => health,
    );
  expect(healths({ health: "ok" })).toEqual(["good", "learning"]);
  expect(healths({ health: "alarm", alarms: [alarm] })).toEqual(["warning", "learning"]);
  expect(healths({ health: "information-unavailable" })).toEqual(["no-data", "no-data"]);
});
