import { expect, test } from "vitest";
import type { OverviewPage } from "../../../src/collector/fleet/load-pages.ts";
import type { TurbineView } from "../../../src/collector/fleet/load-turbines.ts";
import { cutList } from "../../../src/collector/fleet/select-list.ts";
import { parsePageRange } from "../../../src/collector/page/chart-section.ts";
import { renderOverviewPage } from "../../../src/collector/page/overview-page.ts";
import { formatAge } from "../../../src/collector/page/page-words.ts";
import { alarmLifeStep } from "../../../src/collector/record/alarm-rules.ts";
import type { AlertTransition } from "../../../src/core/contract/alert.ts";
import { alertEvent } from "../fleet-records.ts";
import { empty, nowMs, pageWithAlarm } from "./empty-page.ts";

test("an alarm that a state told of says so, and whether any event of it has come", () => {
  const event = alertEvent("wt-1", "raised", nowMs - 60_000);
  const step = alarmLifeStep(event, { gateway: "gw-1", receivedMs: nowMs });
  const render = (saidMs: number | null, steps: readonly (typeof step)[]): string =>
    renderOverviewPage(pageWithAlarm(event, { saidMs, steps }), parsePageRange({ range: "6h" })).text;
  expect(render(nowMs, [])).toMatch(
    /by the turbine's state of [^<]*22:13[^<]*: no event of this alarm has come/,
  );
  expect(render(nowMs, [step])).toMatch(/by the turbine's state of [^<]*22:13[^<]*, no event has told it/);
  expect(render(null, [step])).not.toContain("by the turbine's state");
});

test("the fleet's page is made of plain values alone, and of the same values the same page", () => {
  const event = alertEvent("wt-1", "raised", nowMs - 60_000);
  const page = {
    ...empty,
    alarms: { ...pageWithAlarm(event).alarms, active: 24, total: 30, page: 2, pages: 3 },
    alarming: [{ site: "s", turbine: "t", alarms: 24 }],
  };
  const range = parsePageRange({ range: "6h" });
  const { text } = renderOverviewPage(page, range);
  expect(text).toContain('<p class="tile-figure">24</p>');
  expect(text).toContain("<h3>Inner race</h3>");
  expect(text).toContain("24 active, 30 in all");
  expect(text).toContain("Part 2 of 3, 30 alerts");
  expect(text).toContain('href="/?range=6h#alerts"');
  expect(text).toContain('href="/?range=6h&amp;alerts=3#alerts"');
  const titled = renderOverviewPage({ ...page, titles: new Map([["inner-race", "crack <here>"]]) }, range);
  expect(titled.text).toContain("<h3>Crack &lt;here&gt;</h3>");
  expect(renderOverviewPage(structuredClone(page), range).text).toBe(text);
});

const nobody: TurbineView = {
  site: "s",
  turbine: "a",
  gateway: null,
  health: "information-unavailable",
  reason: null,
  rolledUp: { health: "no-data", reason: "" },
  components: [],
  operatingState: "information-unavailable",
  lastSeenMs: nowMs,
  unwatchedMs: null,
  twins: [],
  state: null,
};

test("the page says once where one acknowledges, while an alert of it waits for that", () => {
  const event = alertEvent("wt-1", "raised", nowMs);
  const render = (page: OverviewPage): string => renderOverviewPage(page, parsePageRange(null)).text;
  const page = pageWithAlarm(event);
  const [alarm] = page.alarms.items;
  const twice = { ...page, alarms: { ...page.alarms, items: [alarm!, alarm!] } };
  expect(render(twice).match(/aurora alert ack/g)).toHaveLength(1);
  expect(render(twice)).toContain("the machine of its gateway");
  const watched = { ...nobody, site: event.data.site, turbine: "wt-1", gateway: "gw <1>" };
  expect(render({ ...page, alarmed: [watched] })).toContain("the machine of gateway gw &lt;1&gt;");
  const acknowledged = pageWithAlarm(alertEvent("wt-1", "acknowledged", nowMs));
  expect(render(acknowledged)).not.toContain("aurora alert ack");
});

test("another range and what was searched for are shown where they stand on the page", () => {
  const { text } = renderOverviewPage(
    { ...empty, turbines: [nobody, { ...nobody, turbine: "other" }], shown: cutList([nobody], 1, 100) },
    parsePageRange({ range: "6h" }),
  );
  expect(text).toContain('href="/?range=24h#charts"');
  expect(text).toContain('action="/#turbines"');
  expect(text).toContain('<a class="skip" href="#turbines">');
});

test("an alarm that ended while it was withheld is not said to be withheld still", () => {
  const stateOf = (active: boolean, ...life: readonly AlertTransition[]): string | undefined => {
    const events = life.map((each) => alertEvent("wt-1", each, nowMs - 60_000, { state: "shelved" }));
    const steps = events.map((event) => alarmLifeStep(event, { gateway: "gw-1", receivedMs: nowMs }));
    const event = events.at(-1)!;
    const page = pageWithAlarm(event, { active, steps });
    const { text } = renderOverviewPage(page, parsePageRange({ range: "6h" }));
    return /<dt>Alarm state<\/dt><dd>([^<]*?) *</.exec(text)?.[1];
  };
  expect(stateOf(true, "raised", "updated")).toBe("Shelved");
  expect(stateOf(false, "raised", "updated", "cleared")).toBe("Cleared while shelved");
  // Its failure mode has raised another, and its end was never told.
  expect(stateOf(false, "raised", "updated")).toBe("Cleared while shelved");
  // Somebody has shelved it since, and of the end of that nothing need have come.
  expect(stateOf(false, "raised", "cleared", "updated")).toBe("Over, last told: shelved");
});

test("an alarm's card says what the spectrum shows, line by line, and against which background it is explained", () => {
  const evidence = {
    windows: 10,
    speedRpm: { min: 1500, max: 1510 },
    lines: [
      {
        name: "bpfi.side.shaft",
        kind: "side-band",
        harmonic: 1,
        spacing: "shaft",
        order: 5.4152,
        hertz: 135.4,
        dbAboveNeighbours: 9.04,
        noiseDb: 4.5,
        dbAboveHealthy: null,
        isFound: true,
      },
    ],
    harmonics: { found: 0, of: 0 },
    sideBands: { found: 1, of: 1 },
    rival: null,
    against: [],
    sentence: "Lines <here> & there.",
  } as const;
  const explanation = { baseValue: -2, bundleBaseValue: -1, groups: [], gap: 0 };
  const event = alertEvent("wt-1", "raised", nowMs - 60_000, { evidence, explanation });
  const page = pageWithAlarm(event);
  const { text } = renderOverviewPage(page, parsePageRange(null));
  expect(text).toContain("Lines &lt;here&gt; &amp; there.");
  expect(text).toContain('<details id="lines-7">');
  expect(text.replace(/\s+/g, " ")).toContain(
    '<td class="number">5.42</td><td class="number">135.4</td> <td class="number">+9.0 dB</td><td class="number">+4.5 dB</td><td class="number">–</td><td>yes</td>',
  );
  expect(text).toContain("−2.00 base of this machine when healthy (−1.00 of the bundle");
});

test("an alarm's card says what it looks like by now, and why it was cleared without evidence", () => {
  const cardOf = (active: boolean, change: Parameters<typeof alertEvent>[3]): string => {
    const event = alertEvent("wt-1", active ? "updated" : "cleared", nowMs, change);
    const page = pageWithAlarm(event, { active });
    return renderOverviewPage(page, parsePageRange(null)).text;
  };
  const led = cardOf(true, { leadingMode: "ball" });
  expect(led).toContain("<dt>Looks like by now</dt><dd>Ball</dd>");
  expect(led).toContain("<dt>Outlook</dt>");
  const cleared = cardOf(false, { clearedBecause: "found healthy by ana: <worn seal>" });
  expect(cleared).toContain("found healthy by ana: &lt;worn seal&gt;");
  expect(cleared).not.toContain("<dt>Outlook</dt>");
});

test("nothing is said to be thousands of days old because a clock says 1970", () => {
  const since = new Date(60_000).toISOString();
  const event = alertEvent("wt-1", "raised", 60_000, { since });
  const arrivedMs = nowMs - 300_000;
  const times = { sinceMs: arrivedMs, firstMs: arrivedMs, lastMs: arrivedMs, saidMs: null };
  const told = {
    id: 1,
    gateway: "gw-1",
    timeMs: 60_000,
    believedMs: arrivedMs,
    name: "n",
    subject: "s",
    detail: "d",
  };
  const page = {
    ...pageWithAlarm(event, times),
    events: { total: 1, items: [told] },
  };
  const { text } = renderOverviewPage(page, parsePageRange(null));
  expect(text).toContain(
    "5 min ago; by the collector&#39;s clock, its gateway&#39;s said 1970-01-01 00:01:00",
  );
  expect(text).toContain('title="arrived then; its own clock said 1970-01-01 00:01:00"');
  expect(text).not.toMatch(/\d{4,} d/);
  expect(formatAge(60_000, nowMs)).toBe("by a clock that is wrong");
  expect(formatAge(2_147_483_648_000, nowMs)).toBe("by a clock that is ahead");
  expect(formatAge(nowMs - 300_000, nowMs)).toBe("5 min ago");
});

test.each([
  [{ lane: "fast", threshold: 0.62 }, " (logit), additivity gap"],
  [{ lane: "slow", threshold: 0.62 }, " (logit), additivity gap"],
  [{ threshold: 0.62 }, ", raised from 62.0 %, additivity gap"],
  [{ lane: "fast" }, "score 5.7 above that of healthy machines in general (probability 0.97)"],
] as const)(
  "an alarm's card says how far it stands from healthy, and names a probability that raises where there is one: %j",
  (data, words) => {
    const event = alertEvent("wt-1", "raised", nowMs - 60_000, { horizonHours: null, ...data });
    const page = pageWithAlarm(event);
    expect(renderOverviewPage(page, parsePageRange(null)).text).toContain(words);
  },
);

test.each([
  [true, { horizonHours: null }, "(logit)", "Outlook"],
  [true, { horizonHours: 72 }, "(robust deviations)", "Outlook"],
  [true, { horizonHours: null, failureMode: "vibration-level" }, "(dB)", "Outlook"],
  [false, { horizonHours: null, failureMode: "vibration-level" }, "(dB)", null],
] as const)(
  "an alarm's card says in what it scores, and what is ahead as long as it stands: %j %j",
  (active, data, unit, ahead) => {
    const event = alertEvent("wt-1", active ? "raised" : "cleared", nowMs - 60_000, data);
    const page = pageWithAlarm(event, { active });
    const { text } = renderOverviewPage(page, parsePageRange(null));
    expect(text).toContain(unit);
    expect(text.includes("<dt>Outlook</dt>")).toBe(ahead !== null);
  },
);

test("all tiles count a turbine by its worst component: one in alarm that is not heard any more is in alarm", () => {
  const component = { component: "gearbox", reason: null, sinceMs: null, risks: [], baseline: null };
  const unknown = { reason: "gateway offline", sinceMs: nowMs };
  const view = (turbine: string, health: "critical" | "no-data", isSilent: boolean): TurbineView => ({
    ...nobody,
    turbine,
    gateway: "g",
    health: health === "critical" ? "alarm" : "information-unavailable",
    reason: isSilent ? "its gateway is offline" : null,
    rolledUp: { health, reason: "" },
    components: [{ ...component, health, ...(isSilent && health === "critical" ? { unknown } : {}) }],
    operatingState: isSilent ? "information-unavailable" : "full-performance",
  });
  const turbines = [view("a", "critical", true), view("b", "critical", false), view("c", "no-data", true)];
  const alarming = ["a", "b"].map((turbine) => ({ site: "s", turbine, alarms: 1 }));
  const { text } = renderOverviewPage({ ...empty, turbines, alarming }, parsePageRange(null));
  expect(text).toContain("on 2 of 3 turbines (nothing known now of 1)");
  expect(text).toContain("0 good, 2 in alarm (nothing known now of 1), 1 with data missing");
  expect(text).not.toMatch(/two gateways/i);
  const watched = [{ ...view("a", "critical", false), twins: ["gw-1", "gw-2"] }];
  const { text: twinned } = renderOverviewPage(
    { ...empty, turbines: watched, shown: cutList(watched, 1, 100) },
    parsePageRange(null),
  );
  expect(twinned).toMatch(
    /0 with data missing, 1 watched by several gateways<.*>Two gateways watch a: gw-1, gw-2</s,
  );
  // Those that are out of service make no turbine one that is in alarm.
  const withheld = [{ site: "s", turbine: "c", alarms: 3 }];
  const { text: other } = renderOverviewPage(
    { ...empty, turbines, alarming: withheld },
    parsePageRange(null),
  );
  expect(other).toMatch(/figure">3<\/p><p class="why">on 1 of 3 turbines \(nothing known now of 1\)/);
});

test("a collector without its broker says so and since when, and calls no gateway offline", () => {
  const gateway = {
    gateway: "gw-1",
    online: false,
    version: null,
    lastSeenMs: nowMs,
    offlineMs: nowMs,
    clonedMs: null,
    health: null,
    cloned: false,
    reachable: false,
    reason: null,
  };
  const render = (change: Partial<OverviewPage>): string =>
    renderOverviewPage({ ...empty, ...change }, parsePageRange(null)).text;
  const well = render({ gateways: [gateway] });
  expect(well).toMatch(/<\/span>Live ·.*<div id="broker" data-live><\/div>/s);
  expect(well).toMatch(/>0 \/ 1<.*<\/svg>Offline</s);
  const deaf = render({ brokerLostMs: nowMs - 60_000, gateways: [{ ...gateway, reason: "no broker here" }] });
  expect(deaf).toContain("This collector has no connection to its broker since 2023-11-14 22:12:20 UTC.");
  expect(deaf).toMatch(/>– \/ 1<\/p><p class="why">no broker here<.*<\/svg>Not known<.*>No broker here</s);
  expect(deaf).not.toMatch(/>Live|Offline</);
});

test("a page's range is an hour that may shrink unless its address names one", () => {
  expect(parsePageRange({ range: "7d" })).toMatchObject({ minutes: 10_080, fit: "exact" });
  for (const query of [null, {}, { range: "8d" }, { range: ["7d"] }]) {
    expect(parsePageRange(query)).toMatchObject({ name: "1h", fit: "shrink" });
  }
});
