import { expect, test } from "vitest";
import { renderDrift } from "../../../src/collector/page/drift-section.ts";
import { driftCause, driftVerdict, featureShift } from "../../core/contract/drift-verdicts.ts";
import { fleetOf, pointOf } from "./drift-pages.ts";

const warn = (turbine: string) =>
  driftVerdict({ turbine, component: "gearbox", level: "warning", pValue: 0.004, cause: null });

test("what moved is said in an operator's words first; figures and distances stand behind folds", () => {
  const points = [
    pointOf("north-sea/WT07/generator-bearing", "sswdd"),
    pointOf("north-sea/WT08/gearbox", "sssss"),
  ];
  const { text } = renderDrift(fleetOf(points, [driftVerdict()]));
  expect(text).toContain("1 drift, 1 stable");
  expect(text).toContain("<h3>WT07&#39;s drive-end sensor is 6 dB quieter at all loads since Tuesday</h3>");
  expect(text).toMatch(/What moves[\s\S]*One sensor[\s\S]*Tue 2026-11-17[\s\S]*Alike at all 3 loads/);
  expect(text).toMatch(
    /Speaks for it[\s\S]*Its own channel alone moved[\s\S]*Speaks against it[\s\S]*The scatter moved/,
  );
  const words = text.slice(0, text.indexOf("<details"));
  expect(words).not.toMatch(/PSI|Wasserstein|probability/);
  const folds = text.slice(text.indexOf("<details"));
  expect(folds).toMatch(
    /Impacts<\/b>: 6\.1 dB quieter[\s\S]*impact\.peak<\/code> −12\.4 → −18\.5 dB; 11\.2 times/,
  );
  expect(folds).toMatch(
    /<details id="[^"]+-distances"><summary>PSI and other distances[\s\S]*3\.40 <span class="why">2\.90 to 4\.00/,
  );
  expect(folds).toContain("its own reference and this day");
  expect(folds).toMatch(/362 to 512 kW[\s\S]*−6\.00 dB/);
});

test("a healthy fleet is quiet: nothing moved, and no colour of alarm", () => {
  const points = [
    pointOf("a/WT1/gearbox", "sssss"),
    pointOf("a/WT2/gearbox", "  lll"),
    pointOf("a/WT3/gearbox", "sspip"),
  ];
  const { text } = renderDrift(fleetOf(points, []));
  expect(text).toContain("No point drifted away from its own reference on this day.");
  expect(text).toContain("1 stable, 1 learning, 1 paused");
  expect(text).not.toMatch(/class="[^"]*(warning|drift|critical)/);
});

test("before the first verdict it says what is to come", () => {
  const { text } = renderDrift({ day: null, table: { days: [], points: [] }, warningShare: 0.01, moved: [] });
  expect(text).toContain("No day has been assessed yet");
});

test("each fold has an id of its own, whatever sites and turbines are called", () => {
  const moved = [
    ["north", "sea-WT1"],
    ["north-sea", "WT1"],
  ].map(([site, turbine]) =>
    driftVerdict({ site: site!, turbine: turbine!, cause: driftCause({ title: `It is louder at ${site}` }) }),
  );
  const points = moved.map(({ site, turbine }) => pointOf(`${site}/${turbine}/generator-bearing`, "d"));
  const { text } = renderDrift(fleetOf(points, moved));
  const ids = [...text.matchAll(/<details id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toHaveLength(4);
  expect(new Set(ids).size).toBe(4);
});

test("points that one cause moved are one card", () => {
  const turbines = Array.from({ length: 30 }, (_, index) => `WT${index + 1}`);
  const cause = driftCause({ kind: "site", title: "Impacts are louder at 30 turbines of ridge" });
  const moved = turbines.map((turbine) => driftVerdict({ site: "ridge", turbine, cause }));
  const points = turbines.map((turbine) => pointOf(`ridge/${turbine}/generator-bearing`, "d"));
  const { text } = renderDrift(fleetOf(points, moved));
  expect(text.match(/<article/g)).toHaveLength(1);
  expect(text).toMatch(/Generator bearing of [\s\S]*WT8<\/a> and 22 more/);
  expect(text).toContain("The 20 of 30 turbines that need attention first.");
});

test("warnings that chance explains stand behind a fold; more of them are cards", () => {
  const healthy = Array.from({ length: 199 }, (_, index) => pointOf(`a/WT${index + 100}/gearbox`, "s"));
  const one = renderDrift(fleetOf([pointOf("a/WT1/gearbox", "w"), ...healthy], [warn("WT1")])).text;
  expect(one).toContain(
    "1 point warns, no more than chance explains: of 200 healthy points about 2.0 warn on any day",
  );
  expect(one).not.toContain("<article");
  const few = renderDrift(
    fleetOf([pointOf("a/WT1/gearbox", "w"), ...healthy.slice(0, 2)], [warn("WT1")]),
  ).text;
  expect(few).toContain('<article class="card drift-card warning"');
  expect(few).not.toContain("chance");
});

test("text of a verdict is escaped wherever it stands", () => {
  const evil = "<b onclick='x'>&";
  const cause = driftCause({ title: evil, evidenceFor: [evil], evidenceAgainst: [evil] });
  const verdict = driftVerdict({
    turbine: evil,
    component: evil,
    cause,
    shifts: [featureShift({ name: evil })],
  });
  const point = { ...pointOf("a/b/c", "d"), turbine: evil };
  expect(renderDrift(fleetOf([point], [verdict])).text).not.toContain("<b onclick");
});
