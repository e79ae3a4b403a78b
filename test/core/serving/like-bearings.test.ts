import { expect, test } from "vitest";
import { isLikeBearing } from "../../../src/core/serving/like-bearings.ts";

const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.4 };

test.each(["bpfo", "bpfi", "bsf", "ftf"] as const)(
  "a bearing is like another whose %s is two per cent off at most",
  (name) => {
    const scaled = (by: number) => ({ ...bearing, [name]: bearing[name] * by });
    for (const by of [0.981, 1, 1.019]) expect(isLikeBearing(scaled(by), bearing)).toBe(true);
    for (const by of [0.979, 1.021]) expect(isLikeBearing(scaled(by), bearing)).toBe(false);
  },
);
