import { expect, test } from "vitest";
import { readPartNames, readPositiveNumber, readWholeNumber } from "../../scripts/suite-options.ts";

test("a number with which a suite would run nothing is refused", () => {
  expect(readWholeNumber("kills", "12")).toBe(12);
  expect(readWholeNumber("seed", "0", 0)).toBe(0);
  for (const text of ["", " ", "0", "-1", "1.5", "x", "NaN", "Infinity"])
    expect(() => readWholeNumber("kills", text)).toThrow(
      `--kills is a whole number from 1 on, not "${text}"`,
    );
});

test("a part that is not there is refused", () => {
  expect(readPartNames(undefined, ["kills", "disks"])).toEqual(["kills", "disks"]);
  expect(readPartNames("disks", ["kills", "disks"])).toEqual(["disks"]);
  for (const text of ["kill", "", "kills,", "toString"])
    expect(() => readPartNames(text, ["kills", "disks"])).toThrow("there are kills, disks");
});

test("a number that must be above 0 is one", () => {
  expect(readPositiveNumber("times", "0.2")).toBe(0.2);
  for (const text of ["", "0", "-1", "x", "Infinity"])
    expect(() => readPositiveNumber("times", text)).toThrow(`--times is a number above 0, not "${text}"`);
});
