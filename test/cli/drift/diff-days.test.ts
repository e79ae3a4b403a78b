import { expect, test } from "vitest";
import { diffDays } from "../../../src/cli/drift/diff-days.ts";
import { renderDayDiff } from "../../../src/cli/drift/render-diff.ts";
import type { DriftVerdict } from "../../../src/core/contract/drift-verdict.ts";
import { driftVerdict, featureShift, quietVerdict } from "../../core/contract/drift-verdicts.ts";

const diff = (before: readonly DriftVerdict[], after: readonly DriftVerdict[]) =>
  diffDays({ day: "2026-11-18", verdicts: before }, { day: "2026-11-19", verdicts: after });

test("the same verdicts are no change, they are counted", () => {
  const same = [driftVerdict(), quietVerdict("stable", null, { turbine: "WT08" })];
  const result = diff(same, structuredClone(same));
  expect(result).toEqual({ from: "2026-11-18", to: "2026-11-19", changes: [], unchanged: 2 });
  expect(renderDayDiff(result)).toBe("2026-11-18 to 2026-11-19: nothing changed; 2 points are as before.\n");
});

test("columns that appeared, ended and stayed are told apart, by aspect, too", () => {
  const off = (name: string, changes: object = {}) => featureShift({ name, role: "feature", ...changes });
  const before = driftVerdict({ shifts: [off("a"), off("b"), off("c", { aspect: "spread" })] });
  const after = driftVerdict({ shifts: [off("b", { deviations: 20 }), off("c"), off("d")] });
  const [change] = diff([before], [after]).changes;
  expect(change!.appeared.map(({ name, aspect }) => `${name} ${aspect}`)).toEqual(["c mean", "d mean"]);
  expect(change!.ended.map(({ name, aspect }) => `${name} ${aspect}`)).toEqual(["a mean", "c spread"]);
  expect(change!.stayed.map(({ before: was, after: is }) => [was.deviations, is.deviations])).toEqual([
    [-11.2, 20],
  ]);
});

test("a level, a new model and a point that is there on one day only are changes, the urgent ones first", () => {
  const stable = (turbine: string, changes: object = {}) =>
    quietVerdict("stable", null, { turbine, ...changes });
  const result = diff(
    [stable("WT1"), stable("WT2"), stable("WT3"), stable("WT5")],
    [
      driftVerdict({ turbine: "WT2" }),
      stable("WT3", { modelVersion: "1.3.0" }),
      stable("WT4"),
      stable("WT5"),
    ],
  );
  expect(result.changes.map(({ turbine, before, after }) => [turbine, before?.level, after?.level])).toEqual([
    ["WT2", "stable", "drift"],
    ["WT3", "stable", "stable"],
    ["WT4", undefined, "stable"],
    ["WT1", "stable", undefined],
  ]);
  expect(result.unchanged).toBe(1);
  const text = renderDayDiff(result);
  expect(text).toContain("4 points changed, 1 point is as before.");
  expect(text).toContain(
    "WT2 generator-bearing (north-sea): stable became drift\n  now      WT07's drive-end",
  );
  expect(text).toContain("  new      impacts: 6.1 dB quieter");
  expect(text).toContain("  model    bearing-vibration 1.2.0 became 1.3.0");
  expect(text).toContain("WT1 generator-bearing (north-sea): stable became no verdict");
});

test("on the day of an update no version's verdict hides the other's, however their digests sort", () => {
  const digests = ["a", "f"].map((letter) => letter.repeat(64));
  for (const [older, newer] of [digests, digests.toReversed()]) {
    const was = quietVerdict("stable", null, { modelDigest: older! });
    const drifted = driftVerdict({ modelDigest: older!, component: was.component });
    const begun = quietVerdict("learning", "0 of 14", { modelDigest: newer!, modelVersion: "9.0.0" });
    const sides = (before: readonly DriftVerdict[], after: readonly DriftVerdict[]) =>
      diff(before, after).changes.map((change) => [change.before?.level, change.after?.level]);
    expect(sides([was], [drifted, begun])).toEqual([
      ["stable", "drift"],
      [undefined, "learning"],
    ]);
    expect(sides([was], [begun])).toEqual([["stable", "learning"]]);
    expect(sides([was, begun], [begun])).toEqual([["stable", undefined]]);
  }
});

test("what learns says how far it is", () => {
  const learning = (day: number) => quietVerdict("learning", `day ${day} of 14`);
  expect(diff([learning(3)], [learning(4)]).changes).toEqual([]);
  const text = renderDayDiff(diff([learning(14)], [quietVerdict("stable", null)]));
  expect(text).toContain("learning (day 14 of 14) became stable");
});
