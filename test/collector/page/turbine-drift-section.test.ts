import { expect, test } from "vitest";
import type { TurbineDriftView } from "../../../src/collector/fleet/load-drift-pages.ts";
import { renderTurbineDrift } from "../../../src/collector/page/turbine-drift-section.ts";
import { driftVerdict, featureShift, quietVerdict } from "../../core/contract/drift-verdicts.ts";
import { daysUpTo, pointOf } from "./drift-pages.ts";

const days = daysUpTo(3);
const sensor = "generator-bearing";

function viewOf(changes: Partial<TurbineDriftView> = {}): TurbineDriftView {
  return {
    day: days[2]!,
    table: { days, points: [pointOf(`n/WT07/${sensor}`, "swd"), pointOf("n/WT07/gearbox", "lll")] },
    verdicts: [
      [quietVerdict("stable", null), quietVerdict("learning", "day 2 of 14", { component: "gearbox" })],
      [
        driftVerdict({ level: "warning", shifts: [featureShift({ deviations: -4.6 })] }),
        quietVerdict("learning", "day 3 of 14", { component: "gearbox" }),
      ],
      [driftVerdict(), quietVerdict("learning", "day 4 of 14", { component: "gearbox" })],
    ],
    ...changes,
  };
}

const renderDrift = (view: TurbineDriftView) => renderTurbineDrift(view, (day) => `?day=${day}`);

test("a component that learns says on which day it is, in grey", () => {
  const { text } = renderDrift(viewOf());
  expect(text).toMatch(
    /class="badge learning"[\s\S]*Learning<\/span> <b>Gearbox<\/b> <span class="why">Day 4 of 14/,
  );
  const all = renderDrift(viewOf({ verdicts: [[], [], [quietVerdict("learning", "day 4 of 14")]] })).text;
  expect(all).not.toMatch(/badge (warning|critical)|<article/);
});

test("a column is followed from day to day, with its direction as a sign", () => {
  const { text } = renderDrift(viewOf());
  const row = /Impacts<\/span> <span class="site">generator bearing<\/span><\/th>([\s\S]*?)<\/tr>/.exec(
    text,
  )![1]!;
  expect(
    [...row.matchAll(/<td class="([^"]+)"[^>]*>([^<]*)</g)].map(([, tone, figure]) => [tone, figure]),
  ).toEqual([
    ["none", ""],
    ["down s2", "−5"],
    ["down s3", "−11"],
  ]);
  const quiet = renderDrift(viewOf({ verdicts: [[], [], [quietVerdict("stable", null)]] })).text;
  expect(quiet).not.toContain("Which columns moved when");
  expect(quiet).toContain("like the 31 days of its own reference");
});

test("another day may be looked at; one without a verdict says so", () => {
  expect(renderDrift(viewOf()).text).toContain('href="?day=2026-11-18#drift"');
  expect(renderDrift(viewOf({ day: days[1]! })).text).toContain('class="card drift-card warning"');
  expect(renderDrift(viewOf({ day: "2020-01-01" })).text).toContain("no verdict of Wed 2020-01-01");
  const nothing = { day: null, table: { days: [], points: [] }, verdicts: [] };
  expect(renderDrift(nothing).text).toContain("No day of it has been assessed yet");
});
