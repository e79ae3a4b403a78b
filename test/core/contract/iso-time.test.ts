import fc from "fast-check";
import { expect, it } from "vitest";
import { formatTime, renderHttpDate, renderIsoTime } from "../../../src/core/contract/iso-time.ts";

it("says a time as a Date does, of any year", () => {
  fc.assert(
    fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (timeMs) => {
      expect(renderIsoTime(timeMs)).toBe(new Date(timeMs).toISOString());
    }),
  );
  expect(renderIsoTime(1.9)).toBe("1970-01-01T00:00:00.001Z");
  expect(() => renderIsoTime(Number.NaN)).toThrow(RangeError);
});

it("says a time of a broken clock within the years that RFC 3339 can write", () => {
  expect(formatTime(Date.UTC(2026, 10, 20, 7, 35, 51, 7))).toBe("2026-11-20T07:35:51.007Z");
  for (const timeMs of [Number.NaN, -1e18]) expect(formatTime(timeMs)).toBe("1970-01-01T00:00:00.000Z");
  for (const timeMs of [1e18, Number.MAX_VALUE]) expect(formatTime(timeMs)).toBe("9999-12-31T00:00:00.000Z");
});

it("says the date of an answer as RFC 9110 wants it", () => {
  const years = { min: Date.UTC(0, 0, 1), max: Date.UTC(9999, 11, 31) };
  fc.assert(
    fc.property(fc.integer(years), (timeMs) => {
      expect(renderHttpDate(timeMs)).toBe(new Date(timeMs).toUTCString());
    }),
  );
});
