import { describe, expect, it } from "vitest";
import { poolLevel } from "../../../../src/training/recipes/bearing/package-healthy.ts";

describe("the spread of a level", () => {
  const parents = { locationDb: -30, scaleDb: 3 };

  it("does not collapse because two machines happen to agree, and lies where they do", () => {
    const pooled = poolLevel({ locationDb: -20, scaleDb: 0.05, machines: 2 }, parents)!;
    expect(pooled.locationDb).toBe(-20);
    expect(pooled.scaleDb).toBeCloseTo(Math.sqrt((2 * 0.05 ** 2 + 5 * 9) / 7), 6);
  });

  it("becomes the machines' own the more of them there are", () => {
    const own = { locationDb: -20, scaleDb: 1, machines: 500 };
    expect(poolLevel(own, parents)!.scaleDb).toBeCloseTo(1, 1);
    const spreads = [1, 5, 20, 500].map((machines) => poolLevel({ ...own, machines }, parents)!.scaleDb);
    expect(spreads).toEqual([...spreads].sort((a, b) => b - a));
  });

  it("is the parent's where nobody heard the level here, the machines' own without a parent, and none without both", () => {
    expect(poolLevel(null, parents)).toEqual(parents);
    expect(poolLevel({ locationDb: -20, scaleDb: 1, machines: 2 }, null)).toEqual({
      locationDb: -20,
      scaleDb: 1,
    });
    expect(poolLevel(null, null)).toBeNull();
  });
});
