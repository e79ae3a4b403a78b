import { expect, it } from "vitest";
import { describeBadTime, namesZone, parseTime } from "../../../src/training/dataset/parse-time.ts";

it.each([
  ["12.02.2004 10:32", /neither ISO 8601 nor milliseconds/],
  ["1076581959", /counts seconds, it seems/],
  [1_076_581_959, /counts seconds, it seems/],
  ["2150-02-12T10:32:39Z", /between 1990 and 2099/],
  ["1970-01-01", /between 1990 and 2099/],
])("says what is wrong with %j", (text, words) => {
  expect(describeBadTime(text)).toMatch(words);
});

it.each([
  ["2004-02-12T10:32:39Z", true],
  ["2004-02-12T10:32+02", true],
  ["2004-02-12 10:32:39 utc", true],
  ["1076581959000", true],
  ["2004-02-12T10:32:39", false],
  ["2004-02-12", false],
])("knows whether %j names its zone", (text, isNamed) => {
  expect(Number.isFinite(parseTime(text))).toBe(true);
  expect(namesZone(text)).toBe(isNamed);
});
