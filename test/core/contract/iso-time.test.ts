import fc from "fast-check";
import { expect, it } from "vitest";
import { renderHttpDate, renderIsoTime } from "../../../src/core/contract/iso-time.ts";

it("says a time as a Date does, of any year", () => {
  fc.assert(
    fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (timeMs) => {
      expect(renderIsoTime(timeMs)).toBe(new Date(timeMs).toISOString());
    }),
  );
  expect(renderIsoTime(1.9)).toBe("1970-01-01T00:00:00.001Z");
  expect(() => renderIsoTime(Number.NaN)).toThrow(RangeError);
});

it("says the date of an answer as RFC 9110 wants it", () => {
  const years = { min: Date.UTC(0, 0, 1), max: Date.UTC(9999, 11, 31) };
  fc.assert(
    fc.property(fc.integer(years), (timeMs) => {
      expect(renderHttpDate(timeMs)).toBe(new Date(timeMs).toUTCString());
    }),
  );
});
