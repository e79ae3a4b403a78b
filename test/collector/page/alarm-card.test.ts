import { describe, expect, test } from "vitest";
import type { OverviewPage } from "../../../src/collector/fleet/load-pages.ts";
import type { TurbineView } from "../../../src/collector/fleet/load-turbines.ts";
import { parsePageRange } from "../../../src/collector/page/chart-section.ts";
import { renderOverviewPage } from "../../../src/collector/page/overview-page.ts";
import type { AlarmState, AlertData } from "../../../src/core/contract/alert.ts";
import { alertEvent } from "../fleet-records.ts";
import { nowMs, pageWithAlarm } from "./empty-page.ts";

describe("an alarm's card beside its turbine", () => {
  const component = "generator-bearing";
  const mode = { component, failureMode: "inner-race" };
  const cardOf = (
    view: Partial<TurbineView>,
    change: { steps?: readonly string[]; newest?: "updated"; active?: boolean } = {},
    told: Partial<AlertData> = {},
  ) => {
    const { steps = ["raised"], active = true } = change;
    const newest = change.newest ?? (steps.at(-1) as "raised");
    const event = alertEvent("wt-1", newest, nowMs - 600_000, {
      ...mode,
      risk: 0.786,
      severityDb: 1.2,
      operatingState: "partial-performance",
      ...told,
    });
    const life = steps.map((transition, index) => ({
      eventId: `${index}`,
      gateway: "gw-1",
      transition: transition as "raised",
      state: "unacknowledged" as const,
      timeMs: nowMs - 600_000,
      receivedMs: nowMs - 600_000,
      probability: 0.8,
      risk: 0.786,
    }));
    const turbine: TurbineView = { ...alarming, site: event.data.site, ...view };
    const page = { ...pageWithAlarm(event, { active, steps: life }), alarmed: [turbine] };
    const { text } = renderOverviewPage(page, parsePageRange(null));
    return text.slice(text.indexOf("<article"), text.indexOf("</article>")).replace(/<[^>]*>/g, "|");
  };
  const baseline = { component, state: "ready", version: 1, windows: 96, suspicions: [], severityDb: 7.3 };
  const known: TurbineView["components"][number] = {
    component,
    health: "warning",
    reason: "inner race",
    sinceMs: nowMs - 600_000,
    risks: [{ failureMode: "inner-race", risk: 0.984 }],
    baseline: { ...baseline, state: "ready" },
  };

  const alarming: TurbineView = {
    site: "s",
    turbine: "wt-1",
    gateway: "g",
    health: "alarm",
    reason: null,
    rolledUp: { health: "warning", reason: "" },
    components: [known],
    operatingState: "full-performance",
    lastSeenMs: nowMs,
    unwatchedMs: null,
    twins: [],
    state: null,
  };

  test("says what it was when raised, and what it is now", () => {
    const text = cardOf({});
    expect(text).toContain("Risk now||98.4 %||78.6 % when raised");
    expect(text).toContain("Severity now||+7.3 dB||+1.2 dB when raised, above its healthy baseline");
    expect(text).toContain("Operating state now||Full performance||Partial performance when raised");
    expect(text).not.toContain("Nothing is known now");
    expect(cardOf({}, {}, { severityDb: null, severityUnknown: "why" })).toContain("||– when raised: why");
    expect(cardOf({}, { steps: ["raised", "updated"] })).toContain("78.6 % at 22:03 UTC");
    expect(cardOf({}, { steps: ["raised", "cleared"], active: false })).toContain(
      "Operating state||Partial performance||when cleared",
    );
    // What came last was told by a clock that was behind.
    expect(cardOf({}, { steps: ["updated", "raised"], newest: "updated" })).toContain("78.6 % at 22:03 UTC");
    // Another turbine of this name.
    expect(cardOf({ site: "elsewhere" })).toContain("Risk||78.6 %||when raised");
  });

  test("says which of its steps were people's, who did them and until when, as far as their events are at hand", () => {
    const steps = [
      ["raised", "unacknowledged"],
      ["updated", "unacknowledged"],
      ["updated", "shelved"],
      ["updated", "unacknowledged"],
      ["acknowledged", "acknowledged"],
      ["updated", "shelved"],
    ] as const;
    const event = alertEvent("wt-1", "updated", nowMs, { ...mode, state: "shelved" });
    const life = steps.map(([transition, state], index) => ({
      eventId: `${index}`,
      gateway: "gw-1",
      transition,
      state,
      timeMs: nowMs + index * 60_000,
      receivedMs: nowMs + index * 60_000,
      probability: 0.8,
      risk: 0.769,
    }));
    const page = {
      ...pageWithAlarm(event, { steps: life }),
      alarmed: [{ ...alarming, site: event.data.site }],
    };
    const render = (deeds: OverviewPage["deeds"]): string =>
      renderOverviewPage({ ...page, deeds }, parsePageRange(null)).text;
    const text = render(
      new Map([
        [life[2]!, "by <ana>, until 2023-11-15T02:13:20.000Z"],
        [life[3]!, "by ana"],
        [life[4]!, "by bo"],
      ]),
    );
    const told76 = "at a risk of 76.9 %";
    expect([...text.matchAll(/<\/time><\/a> ([^<]*)<\/li>/g)].map(([, words]) => words)).toEqual([
      `raised ${told76}`,
      `updated ${told76}`,
      `shelved by &lt;ana&gt;, until 2023-11-15 02:13:20 UTC, ${told76}`,
      `shown again by ana, unacknowledged, ${told76}`,
      `acknowledged by bo, ${told76}`,
      `shelved ${told76}`,
    ]);
    expect(text).toMatch(/<dd>Shelved *<\/dd>/);
    expect(text).not.toContain("arrived");
    expect(text).toContain(`href="/api/v1/alerts/events?alarm=${page.alarms.items[0]!.alarm}&amp;event=2"`);
    // Its gateway's clock is 45 minutes behind.
    const late = { ...life[5]!, receivedMs: life[5]!.timeMs + 2_700_000 };
    const lateText = renderOverviewPage(
      { ...page, ...pageWithAlarm(event, { steps: [late] }) },
      parsePageRange(null),
    ).text;
    const arrived = new Date(late.receivedMs).toISOString();
    expect(lateText).toContain(`<span class="why">arrived <time datetime="${arrived}">`);
    expect(render(new Map([[life[5]!, "by cy, until 2023-11-15T02:13:20.000Z"]]))).toContain(
      '<dd>Shelved <div class="why">by cy, until 2023-11-15 02:13:20 UTC</div></dd>',
    );
  });

  test("says of one that is shown again who ended its shelving", () => {
    const event = alertEvent("wt-1", "updated", nowMs, { ...mode, state: "unacknowledged" });
    const steps = (["unacknowledged", "shelved", "unacknowledged"] as const).map((state, index) => ({
      eventId: `${index}`,
      gateway: "gw-1",
      transition: index === 0 ? ("raised" as const) : ("updated" as const),
      state,
      timeMs: nowMs + index * 60_000,
      receivedMs: nowMs + index * 60_000,
      probability: 0.8,
      risk: null,
    }));
    const page = { ...pageWithAlarm(event, { steps }), deeds: new Map([[steps[2]!, "by ana"]]) };
    expect(renderOverviewPage(page, parsePageRange(null)).text).toContain(
      '<dd>Unacknowledged <div class="why">shown again by ana</div></dd>',
    );
  });

  test("leaves out model and explanation of one that is known by its turbine's state alone", () => {
    const event = alertEvent("wt-1", "raised", nowMs, {
      ...mode,
      model: { name: "unknown", version: "unknown", digest: "unknown" },
      explanation: { baseValue: 0, groups: [], gap: 0 },
    });
    const { text } = renderOverviewPage(pageWithAlarm(event, { steps: [] }), parsePageRange(null));
    expect(text).not.toMatch(/<dt>Model|additivity gap|unknown unknown/);
    const { text: other } = renderOverviewPage(
      pageWithAlarm(alertEvent("wt-1", "raised", nowMs, mode)),
      parsePageRange(null),
    );
    expect(other).toMatch(/<dt>Model[\s\S]*additivity gap/);
  });

  test("says until when an alarm is shelved, once", () => {
    const event = alertEvent("wt-1", "updated", nowMs, {
      ...mode,
      state: "shelved",
      until: "2023-11-15T03:13:20+01:00",
    });
    const shown = { eventId: "0", gateway: "gw-1", transition: "raised", state: "unacknowledged" } as const;
    const figures = { timeMs: nowMs, receivedMs: nowMs, probability: 0.8, risk: 0.769 };
    const shelved = {
      eventId: "1",
      gateway: "gw-1",
      transition: "updated",
      state: "shelved",
      ...figures,
    } as const;
    const page = pageWithAlarm(event, { steps: [{ ...shown, ...figures }, shelved] });
    const until =
      '<dd>Shelved until <time datetime="2023-11-15T02:13:20.000Z">2023-11-15 02:13:20 UTC</time> ';
    expect(renderOverviewPage(page, parsePageRange(null)).text).toContain(`${until}</dd>`);
    // The event of the shelving is of before its gateway's clock was set.
    const deeds = new Map([[shelved, "by ana, until 2023-11-15T00:13:20.000Z"]]);
    expect(renderOverviewPage({ ...page, deeds }, parsePageRange(null)).text).toContain(
      `${until}<div class="why">by ana</div></dd>`,
    );
  });

  test("says nothing of what came about among steps of a long life that are not read", () => {
    const lifeOf = (steps: number, state: "acknowledged" | "shelved", before: AlarmState | null) => {
      const event = alertEvent("wt-1", "updated", nowMs, { ...mode, state });
      const life = Array.from({ length: steps }, (_, index) => ({
        eventId: `${index}`,
        gateway: "gw-1",
        transition: index === 0 ? ("raised" as const) : ("updated" as const),
        state: index === 0 ? before : state,
        timeMs: nowMs + index * 60_000,
        receivedMs: nowMs + index * 60_000,
        probability: 0.8,
        risk: 0.769,
      }));
      const alarmed = [{ ...alarming, site: event.data.site }];
      const page = { ...pageWithAlarm(event, { steps: life }), alarmed };
      const { text } = renderOverviewPage(page, parsePageRange(null));
      return [...text.matchAll(/<\/time><\/a> ([^<]*)<\/li>/g)][1]?.[1]?.replace(/,? at a risk.*/, "");
    };
    expect(lifeOf(99, "acknowledged", "unacknowledged")).toBe("acknowledged");
    expect(lifeOf(100, "acknowledged", "unacknowledged")).toBe("updated");
    expect(lifeOf(99, "shelved", "unacknowledged")).toBe("shelved");
    expect(lifeOf(100, "shelved", "unacknowledged")).toBe("updated");
    expect(lifeOf(99, "acknowledged", "shelved")).toBe("shown again, acknowledged");
    expect(lifeOf(100, "acknowledged", "shelved")).toBe("updated");
  });

  test("says that nothing is known now, why and since when, and shows nothing old as present", () => {
    const unknown = { reason: "gateway offline", sinceMs: nowMs - 300_000 };
    const text = cardOf({
      operatingState: "information-unavailable",
      components: [{ ...known, unknown, risks: [{ failureMode: "inner-race", risk: null }] }],
    });
    expect(text).toMatch(/Nothing is known now.*Gateway offline since .*5 min/s);
    expect(text).toMatch(/Risk now\|+not known\|+78\.6 % when raised/);
    expect(text).toContain("Severity now||–||+1.2 dB when raised");
    expect(text).toContain("Operating state now||Information unavailable||Partial performance when raised");
  });
});
