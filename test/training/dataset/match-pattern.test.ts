import fc from "fast-check";
import { expect, it } from "vitest";
import { matchesPattern } from "../../../src/training/dataset/match-pattern.ts";

it("a text fits a pattern as a regular expression would say", () => {
  const letters = fc.array(fc.constantFrom("a", "b", "*"), { maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(letters, letters, (text, pattern) => {
      const plain = text.replaceAll("*", "c");
      const expected = new RegExp(`^${pattern.replaceAll(/\*+/g, ".*")}$`).test(plain);
      expect(matchesPattern(plain, pattern)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
