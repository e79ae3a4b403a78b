import { expect, test } from "vitest";
import { driftLevels } from "../../../src/core/contract/drift-verdict.ts";
import {
  driftDaysReplySchema,
  driftVerdictReplySchema,
  driftVerdictSchema,
} from "../../../src/core/contract/drift-verdict-schema.ts";
import { driftVerdict, featureDistances, featureShift, quietVerdict } from "./drift-verdicts.ts";

const reread = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("a verdict is read as it was written, of every level, with and without the shares of its bins", () => {
  const { bins: _, ...without } = featureDistances();
  const verdicts = [
    driftVerdict(),
    driftVerdict({ distances: [without] }),
    ...driftLevels.map((level) => quietVerdict(level, level === "stable" ? null : "day 4 of 14")),
  ];
  for (const verdict of verdicts) expect(driftVerdictSchema().parse(reread(verdict))).toEqual(verdict);
  const page = { day: "2026-11-19", verdicts, next: null };
  expect(driftVerdictReplySchema().parse(reread(page))).toEqual(page);
});

test("what is no verdict is refused: an unknown level, a probability beyond 1, what JSON makes of an infinity", () => {
  const bad: readonly unknown[] = [
    { ...driftVerdict(), level: "alarm" },
    { ...driftVerdict(), pValue: 1.2 },
    driftVerdict({ shifts: [featureShift({ deviations: Number.POSITIVE_INFINITY })] }),
    driftVerdict({ shifts: Array.from({ length: 17 }, () => featureShift()) }),
    { ...driftVerdict(), fromMs: -1 },
  ];
  expect(bad.map((value) => driftVerdictSchema().safeParse(reread(value)).success)).toEqual(
    bad.map(() => false),
  );
});

test("days that nobody assessed have no level", () => {
  const days = {
    days: ["2026-11-18", "2026-11-19"],
    points: [{ site: "s", turbine: "t", component: "c", levels: [null, "paused"] }],
    next: null,
  };
  expect(driftDaysReplySchema().parse(reread(days))).toEqual(days);
  const wrong = { ...days, points: [{ ...days.points[0], levels: ["broken", null] }] };
  expect(driftDaysReplySchema().safeParse(wrong).success).toBe(false);
});
