import { expect, test } from "vitest";
import { readPartNames, readWholeNumber } from "../../scripts/suite-options.ts";

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
