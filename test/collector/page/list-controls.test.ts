import { expect, it } from "vitest";
import { turbineAddress } from "../../../src/collector/page/list-controls.ts";

it("keeps range, day and part of a turbine's page in its address, and says nothing that nobody asked for", () => {
  expect(turbineAddress({ range: "6h", day: "2026-11-18", alertPage: 2 })).toBe(
    "?range=6h&day=2026-11-18&alerts=2",
  );
  expect(turbineAddress({ range: null, day: 'a"&b', alertPage: 1 })).toBe("?day=a%22%26b");
  expect(turbineAddress({ range: null, day: null, alertPage: 1 })).toBe("?");
});
