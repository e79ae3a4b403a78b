import { expect, it } from "vitest";
import { describeOutlook } from "../../../src/core/contract/alert.ts";

it("says that a component degrades and how likely that is, and claims no time that nothing supports", () => {
  const data = { component: "main-bearing", probability: 0.927, horizonHours: null };
  expect(describeOutlook(data)).toBe("main-bearing degrading, p = 0.93; says nothing of when it fails");
  expect(describeOutlook({ ...data, horizonHours: 1440 })).toContain("looks 60 days ahead");
  expect(describeOutlook({ ...data, horizonHours: 24 })).toContain("looks 24 h ahead");
  for (const horizonHours of [null, 24, 1440]) {
    expect(describeOutlook({ ...data, horizonHours })).not.toMatch(/will fail/);
  }
});
