import { expect, test } from "vitest";
import { formatWhole } from "../../../src/gateway/diagnosis/diagnosis-words.ts";

test("whole numbers are grouped by thousands, as English writes them", () => {
  const values = [0, 7, 999, 1000, 12_240, 999_999.6, 1_234_567, -999, -1000, -1_234_567, Number.NaN];
  expect(values.map(formatWhole)).toEqual(values.map((value) => Math.round(value).toLocaleString("en")));
});
