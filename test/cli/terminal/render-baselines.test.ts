import { expect, test } from "vitest";
import { renderBaselines, renderRenewal } from "../../../src/cli/terminal/render-baselines.ts";
import type { PointBaselineReport } from "../../../src/core/contract/baseline-report.ts";

const learning: PointBaselineReport = {
  turbine: "WT07",
  component: "generator-bearing",
  model: { name: "bearing", version: "1.2.0", digest: "d" },
  state: "learning",
  why: "312 of 600 windows and 5.2 of 24 hours are learnt",
  learning: { windows: 312, ofWindows: 600, hours: 5.2, ofHours: 24, since: "2026-05-01T08:00:00.000Z" },
  reference: null,
  severityDb: null,
  renewed: { count: 2, at: "2026-05-01T07:59:00.000Z", by: "ops", reason: "bearing replaced" },
};

test("a point is a paragraph: where it stands, why, and what it is held against", () => {
  expect(renderBaselines([])).toBe("This gateway has no measuring points.\n");
  expect(renderBaselines([learning])).toBe(
    [
      "WT07 generator-bearing: learning",
      "  why        312 of 600 windows and 5.2 of 24 hours are learnt",
      "  learning   312 of 600 windows heard, 5.2 of 24 hours, since 2026-05-01T08:00:00.000Z",
      "  severity   not known",
      "  model      bearing 1.2.0",
      "  renewed    2 times, last 2026-05-01T07:59:00.000Z by ops: bearing replaced",
      "",
    ].join("\n"),
  );
  const ready: PointBaselineReport = {
    ...learning,
    state: "own-reference",
    learning: null,
    reference: {
      version: 3,
      windows: 600,
      from: "2026-05-01T08:00:00.000Z",
      to: "2026-05-02T09:00:00.000Z",
      shaftRpm: { min: 1100.4, max: 1702.6, reference: 1500 },
      hasScores: true,
      suspicions: ["21 dB louder than the healthy machines of training"],
      later: [
        {
          windows: 128,
          from: "2026-06-01T08:00:00.000Z",
          to: "2026-06-03T09:00:00.000Z",
          shaftRpm: { min: 780, max: 920, reference: 850 },
          besideRpm: 1100.4,
          louderDb: -4.1,
        },
      ],
    },
    severityDb: -0.5,
    renewed: null,
  };
  const text = renderBaselines([ready, learning]);
  expect(text).toContain(
    "  reference  version 3 since 2026-05-02T09:00:00.000Z, 600 windows from 2026-05-01",
  );
  expect(text).toContain(
    "  speeds     1100 to 1703 rpm\n  later      780 to 920 rpm, 128 windows from 2026-06-01T08:00:00.000Z\n",
  );
  expect(text).toContain("  suspicious 21 dB louder");
  expect(text).toContain("  severity   -0.5 dB\n");
  expect(text).toContain("\n\nWT07 generator-bearing: learning\n");
});

test("progress is the next step's: until a provisional reference, and then until the final one", () => {
  const progress = { ...learning.learning!, windows: 26, ofWindows: 128, hours: 0.02, ofHours: 0.5 };
  const lineOf = (changes: Partial<typeof progress> & { neededWindows?: number }) =>
    renderBaselines([{ ...learning, learning: { ...progress, ...changes } }])
      .split("\n")
      .find((line) => line.startsWith("  learning"));
  expect(lineOf({ neededWindows: 96 })).toMatch(
    /^ {2}learning {3}26 of 96 windows until a provisional reference, since /,
  );
  expect(lineOf({ windows: 610, hours: 0.46 })).toMatch(
    /^ {2}learning {3}610 windows heard \(enough\), 0\.46 of 0\.5 hours, since /,
  );
});

test("a point whose learning is refused says so, and what to do", () => {
  const text = renderBaselines([{ ...learning, state: "refused", why: "it is not learnt from" }]);
  expect(text.split("\n").slice(0, 3)).toEqual([
    "WT07 generator-bearing: learning refused",
    "  why        it is not learnt from",
    "  to do      inspect it, then: aurora baseline renew WT07 generator-bearing --reason '…' --config FILE, with --found-healthy if there was nothing to repair",
  ]);
});

test("a renewal says what was let go, that alarms go on, and what the disk did", () => {
  const reply = { point: learning, letGo: 3, activeAlarms: ["ball", "inner-race"], isStored: true };
  const text = renderRenewal(reply);
  expect(text).toContain("learns its healthy baseline anew as soon as its alarms have ended.");
  expect(text).toContain("Version 3 is let go, and the evidence against it.");
  expect(text).toContain(
    "go on until their signals have been near the healthy level for a day of data and sixty windows, or, where these lie hours apart, 24 over ten days: ball, inner-race.",
  );
  expect(text).not.toContain("disk");
  const bare = renderRenewal({ ...reply, letGo: 0, activeAlarms: [], isStored: false });
  expect(bare).toContain(
    "It had none in use yet: what it had learnt so far is let go.\nIf it looks faulty meanwhile, learning is refused.\nNo alarm of it is active.\nThe gateway's disk refused it",
  );
});

test("a renewal of a machine that was found healthy says that alarms end, and for how long that holds", () => {
  const point: PointBaselineReport = { ...learning, renewed: { ...learning.renewed!, foundHealthy: true } };
  const reply = { point, letGo: 0, activeAlarms: ["ball"], isStored: true };
  expect(renderRenewal(reply)).toContain(
    "It was found healthy: however it looks from now on is learnt, and what rises clearly above that is raised, days later than on other machines.\n" +
      "Its alarms have ended: ball.\n",
  );
  expect(renderBaselines([point])).toContain(" by ops: found healthy, bearing replaced\n");
});
