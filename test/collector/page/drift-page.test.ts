import { expect, test } from "vitest";
import { renderDriftPage } from "../../../src/collector/page/drift-page.ts";
import type { PointLevels } from "../../../src/core/contract/drift-verdict-schema.ts";
import { driftVerdict, verdictDayMs, verdictFromMs } from "../../core/contract/drift-verdicts.ts";
import { fleetOf, pointOf } from "./drift-pages.ts";

const nowMs = verdictFromMs + 1.2 * verdictDayMs;
const performance = { day: "2026-11-19", assumption: "If they are right.", models: [], points: [] };
const around = { nowMs, brokerLostMs: null, site: null, page: 1, performance };

function fleet(turbines: number, sites: number): readonly PointLevels[] {
  return Array.from({ length: turbines }, (_, index) =>
    pointOf(`site-${index % sites}/WT${index}/gearbox`, index === 700 ? "sssd" : "ssss"),
  );
}

test("a thousand turbines are shown in parts, those that need attention first", () => {
  const view = fleetOf(fleet(1_000, 10), [driftVerdict({ site: "site-0", turbine: "WT700" })]);
  const { text } = renderDriftPage({ ...around, ...view });
  const days = text.slice(text.indexOf('id="days"'));
  const rows = [...days.matchAll(/<th scope="row"><a href="\/turbine\/[^"]+">(WT\d+)/g)].map(
    (match) => match[1],
  );
  expect(rows).toHaveLength(50);
  expect(rows[0]).toBe("WT700");
  expect(days).toContain("1 to 50 of 1\u202f000");
  expect(days).toContain('href="/drift?day=2026-11-19&amp;page=2#days"');
  expect(Buffer.byteLength(text)).toBeLessThan(150_000);
  const last = renderDriftPage({ ...around, ...view, page: 99 }).text;
  expect(last).toContain("Part 20 of 20");
  expect(last).toContain("951 to 1\u202f000 of 1\u202f000");
});

test("sites are rows that unfold on their own page; a fleet of one site has none", () => {
  const many = renderDriftPage({ ...around, ...fleetOf(fleet(720, 3), []) }).text;
  expect(many).toContain('id="sites"');
  // 700 is of site 1.
  expect(many).toMatch(/id="sites"[\s\S]*?<a href="\/drift\?day=2026-11-19&amp;site=site-1">/);
  const one = renderDriftPage({ ...around, ...fleetOf(fleet(720, 1), []) }).text;
  expect(one).not.toContain('id="sites"');
  expect(one).not.toContain('<span class="site">');
  const site = renderDriftPage({ ...around, site: "site-1", ...fleetOf(fleet(3, 1), []) }).text;
  expect(site).toContain("What moved of site-1");
  expect(site).toContain("/drift?day=2026-11-18&amp;site=site-1");
});

test("what is not there is said: no verdict yet, no such day, no such site", () => {
  const nothing = { day: null, table: { days: [], points: [] }, warningShare: 0.01, moved: [] };
  expect(renderDriftPage({ ...around, ...nothing }).text).toContain("No day has been assessed yet");
  const other = renderDriftPage({ ...around, ...fleetOf(fleet(2, 1), []), day: "2020-01-01" }).text;
  expect(other).toContain("There is no verdict of Wed 2020-01-01.");
  expect(renderDriftPage({ ...around, ...nothing, site: "nowhere" }).text).toContain(
    "There is no verdict of nowhere.",
  );
});

test("how well models decide stands below, with its assumption, and why nothing is estimated where nothing is", () => {
  const [share, wide] = [
    { value: 0.97, low: 0.951, high: 0.99 },
    { value: 0.6, low: 0.3, high: 0.9 },
  ];
  const ofDay = {
    modelName: "bearing-vibration",
    modelVersion: "1.0.0",
    modelDigest: "d",
    fromMs: 1,
    toMs: 2,
  };
  const place = { site: "site-0", component: "gearbox", ...ofDay };
  const points = [
    {
      ...place,
      turbine: "WT0",
      estimate: {
        kind: "estimate",
        cases: 144,
        accuracy: share,
        precision: null,
        recall: wide,
        assumption: "",
      },
    },
    { ...place, turbine: "WT1", estimate: { kind: "silent", reason: "what it hears has drifted" } },
  ] as const;
  const models = [
    {
      modelDigest: "d",
      contradictedMs: verdictFromMs,
      contradictedBy: "more-faults",
      verdict: {
        change: null,
        outcomes: 9,
        errors: 4,
        faults: 4,
        expectedFaults: 0.2,
        evidence: 1.2,
      },
    },
  ] as const;
  const page = fleetOf(fleet(2, 1), []);
  const { text } = renderDriftPage({ ...around, ...page, performance: { ...performance, models, points } });
  expect(text).toContain(
    "97 (95 to 99) of 100 decisions are right; it called nothing a fault; 60 (30 to 90) of 100 faults are called so",
  );
  expect(text).toContain("If they are right. A decision is one window and kind of failure");
  expect(text).toMatch(
    /Nothing is estimated of <a href="[^"]*WT1">WT1<\/a> gearbox: what it hears has drifted\./,
  );
  expect(text).toMatch(
    /bearing-vibration 1\.0\.0<\/b> <span class="why">9 outcomes confirmed, 4 decided wrongly, 4 faults where 0\.2 were to be expected: they contradict it since 2026-11-19, faults come oftener than it says/,
  );
  const silent = renderDriftPage({
    ...around,
    ...page,
    performance: { ...performance, points: [points[1]] },
  });
  expect(silent.text).not.toContain("If they are right");
  expect(silent.text).toContain("Nobody has confirmed an outcome yet");
  expect(renderDriftPage({ ...around, ...page }).text).not.toContain('id="performance"');
});
