import { expect, test } from "vitest";
import {
  parseOptions,
  readNumberList,
  readPartNames,
  readPositiveNumber,
  readWholeNumber,
} from "../../scripts/suite-options.ts";

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

test("a value is refused with its option, an argument without a name in capitals", () => {
  const options = {
    seeds: { type: "string", default: "1", means: "how many", check: readWholeNumber },
    budgets: { type: "string", means: "a year", check: readNumberList },
  } as const;
  expect(parseOptions(["--seeds", "3", "--budgets", "0.1,1"], options).values.seeds).toBe("3");
  expect(() => parseOptions(["--seeds", "x"], options)).toThrow(
    '--seeds is a whole number from 1 on, not "x"',
  );
  for (const text of ["1,", "x", "-1,2", "1,Infinity"])
    expect(() => parseOptions([`--budgets=${text}`], options)).toThrow("--budgets is numbers from 0 on");
  expect(() => readWholeNumber("RIGS", "nonsense")).toThrow(
    'RIGS is a whole number from 1 on, not "nonsense"',
  );
});
