import { expect, test } from "vitest";
import { renderHistogram, toShares } from "../../../src/collector/page/histogram.ts";

const words = { reference: "own", current: "this day" };

test("both distributions are drawn over the same bins, with the first, the middle and the last edge", () => {
  const { text } = renderHistogram({
    name: "rms <1>",
    edges: [1, 2, 3, 4, 5],
    reference: [0.1, 0.2, 0.4, 0.2, 0.1, 0],
    current: [0, 0, 0.1, 0.2, 0.3, 0.4],
    words,
  });
  expect(text.match(/M[\d.]+ 76V/g)).toHaveLength(6);
  expect([...text.matchAll(/<text[^>]*>([^<]+)</g)].map((match) => match[1])).toEqual([
    "1.00",
    "3.00",
    "5.00",
  ]);
  expect(text).toContain("rms &lt;1&gt;, own and this day");
  expect(text).toContain("highest 40 %");
});

test("shares are those of the sum; where nothing was counted there are none", () => {
  expect(toShares([1, 3, 0])).toEqual([0.25, 0.75, 0]);
  expect(toShares([0, 0])).toEqual([0, 0]);
});
