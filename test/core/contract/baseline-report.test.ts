import fc from "fast-check";
import { expect, test } from "vitest";
import { maxReasonLength, renewalRequestSchema } from "../../../src/core/contract/baseline-report.ts";

const by = "technician";

test("a reason is one line of text, without the spaces at its ends", () => {
  const parsed = renewalRequestSchema().parse({ by, reason: "  Lager getauscht, Fett neu – 修理  " });
  expect(parsed).toEqual({ by, reason: "Lager getauscht, Fett neu – 修理" });
  expect(renewalRequestSchema().safeParse({ by, reason: "x".repeat(maxReasonLength) }).success).toBe(true);
});

test.for([
  ["empty", ""],
  ["of spaces", "   "],
  ["too long", "x".repeat(maxReasonLength + 1)],
  ["too long, but for spaces", `${" ".repeat(10_000)}x`],
  ["of two lines", "one\ntwo"],
  ["with a terminal's escape", "\u001b[2Jgone"],
  ["with a half of a character", "\ud800"],
  ["that turns the direction of reading", "a\u202eb"],
  ["that is a number", 5],
])("a reason %s is refused", ([, reason]) => {
  expect(renewalRequestSchema().safeParse({ by, reason }).success).toBe(false);
});

test("whatever comes, nothing but a request of exactly its two fields is taken", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(renewalRequestSchema().safeParse(value).success).toBe(false);
      const more = { by, reason: "r", more: value };
      expect(renewalRequestSchema().safeParse(more).success).toBe(false);
    }),
  );
});
