/** What a file's numbers are worth: what is said of them, else the unit that the file itself states. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createScratchFolder } from "../../../../scripts/scratch-folder.ts";
import { isOtherQuantity, readAccelerationUnit } from "../../../../src/core/contract/acceleration-units.ts";
import { findFileScale } from "../../../../src/training/dataset/samples/file-scale.ts";
import { openSampleFile, readStatedUnit } from "../../../../src/training/dataset/samples/sample-file.ts";
import { joinScale, parseSidecarWords } from "../../../../src/training/dataset/sidecar/sidecar.ts";

const scratch = createScratchFolder("file-scale");
afterAll(() => scratch.remove());

const standardGravity = 9.806_65;

test.each([
  ["g", "g"],
  [" mg ", "mg"],
  ["m/s2", "m/s2"],
  ["m/s^2", "m/s2"],
  ["m/s²", "m/s2"],
  ["m/s**2", "m/s2"],
  ["m/s/s", "m/s2"],
  // Latin-1, read as UTF-8.
  ["m/s\ufffd", "m/s2"],
  ["mm/s²", "mm/s2"],
  ["G", "g"],
  ["g rms", "g"],
  ["grms", "g"],
  ["G (peak)", "g"],
  ["G's", "g"],
  ["m/s² RMS", "m/s2"],
  ["m/sec2", "m/s2"],
  ["m s^-2", "m/s2"],
  ["ms-2", "m/s2"],
  ["m·s⁻²", "m/s2"],
  ["Gal", "cm/s2"],
  ["cm/s²", "cm/s2"],
  ["cm s-2", "cm/s2"],
  ["ft/s^2", "ft/s2"],
  ["ft/sec2", "ft/s2"],
  ["MG", null],
  ["mm/s", null],
  ["m/s", null],
  ["V", null],
  ["", null],
])("%j is the acceleration %j", (text, unit) => {
  expect(readAccelerationUnit(text)).toBe(unit);
});

test.each(["mm/s", "cm/s", "ft/s", "in/sec", "ips rms", "mil", "mV", "volts"])(
  "%j is another quantity than acceleration",
  (text) => {
    expect(readAccelerationUnit(text)).toBeNull();
    expect(isOtherQuantity(text)).toBe(true);
  },
);

test.each([
  { name: "in brackets after the name", head: "Zeit [s];Beschl. [m/s²]", separator: ";", unit: "m/s²" },
  { name: "in round brackets", head: "t,acc_x (g)", separator: ",", unit: "g" },
  { name: "without brackets", head: "t,Acceleration m/s^2", separator: ",", unit: "m/s^2" },
  { name: "in a line below the names", head: "t;a\n[s];[m/s^2]", separator: ";", unit: "m/s^2" },
  { name: "without brackets in feet", head: "t,acc ft/s²", separator: ",", unit: "ft/s²" },
  { name: "in a line of other spellings below the names", head: "t;a\ns;Gal", separator: ";", unit: "Gal" },
  { name: "in a comment", head: "# t [s], a [mg]", separator: ",", unit: "mg" },
  { name: "before a direction", head: "t,acc [g] (A)", separator: ",", unit: "g" },
  { name: "in no direction", head: "t,Bearing 1 (V)", separator: ",", unit: undefined },
  { name: "nowhere", head: "t,acc", separator: ",", unit: undefined },
])("a unit of a text stands $name", async ({ name, head, separator, unit }) => {
  const path = join(scratch.path, `${name}.csv`);
  const rows = Array.from({ length: 8 }, (_, row) => `0.${row}${separator}1.${row}`);
  writeFileSync(path, `${head}\n${rows.join("\n")}\n`);
  expect((await openSampleFile(path, "1")).unit).toBe(unit);
  expect(await readStatedUnit(path, "1")).toBe(unit);
});

test("a file that cannot be read states no unit: whoever reads it says why", async () => {
  expect(await readStatedUnit(join(scratch.path, "nothing.csv"), null)).toBeUndefined();
});

test("what is said of a file counts before what the file states", () => {
  const file = { isCounts: false, unit: "m/s²" };
  expect(findFileScale(file, { scale: null }).scale).toBeCloseTo(1 / standardGravity, 12);
  expect(findFileScale(file, { scale: 1 })).toEqual({
    scale: 1,
    otherUnit: null,
    unreadUnit: null,
    overruled: "m/s²",
  });
  // g is 9.81 m/s² to many.
  expect(findFileScale(file, { scale: 1 / 9.81 }).overruled).toBeNull();
  expect(findFileScale(file, { scale: null, otherUnit: "V" })).toEqual({
    scale: null,
    otherUnit: "V",
    unreadUnit: null,
    overruled: null,
  });
});

test("a converter's counts are in no unit", () => {
  expect(findFileScale({ isCounts: true, unit: "g" }, { scale: null }).scale).toBeNull();
});

test.each(["mm/s", "V", "mV", "µm", "in/s"])("%s is no acceleration", (unit) => {
  expect(findFileScale({ isCounts: false, unit }, { scale: null })).toEqual({
    scale: null,
    otherUnit: unit,
    unreadUnit: null,
    overruled: null,
  });
});

test.each(["milli-g", "V/g", "counts", "DE"])(
  "%s, which stands where a unit does, is kept as none that is known",
  (unit) => {
    const read = findFileScale({ isCounts: false, unit }, { scale: null });
    expect(read).toEqual({ scale: null, otherUnit: null, unreadUnit: unit, overruled: null });
    expect(findFileScale({ isCounts: false, unit }, { scale: 0.1 }).unreadUnit).toBeNull();
  },
);

test.each(["", "-", "1"])("%j, which stands where a unit does, says nothing", (unit) => {
  expect(findFileScale({ isCounts: false, unit }, { scale: null }).unreadUnit).toBeNull();
});

test("one foot per second squared is 0.0311 g, one Gal 0.00102 g", () => {
  expect(findFileScale({ isCounts: false, unit: "ft/s²" }, { scale: null }).scale).toBeCloseTo(0.031_081, 6);
  expect(findFileScale({ isCounts: false, unit: "Gal" }, { scale: null }).scale).toBeCloseTo(0.001_019_7, 7);
});

test("a description's unit that is not known is kept, unless a known one counts or a scale is of counts", () => {
  const read = (words: Record<string, unknown>, own?: string): string | null => {
    const part = parseSidecarWords({ rateHz: 1000, ...words }, "a.json");
    return findFileScale({ isCounts: false, unit: own }, joinScale([part])).unreadUnit;
  };
  expect(read({ unit: "milli-g" })).toBe("milli-g");
  expect(read({ unit: "milli-g", scale: 2 })).toBe("milli-g");
  expect(read({ unit: "counts" })).toBe("counts");
  expect(read({ unit: "counts", scale: 2 })).toBeNull();
  expect(read({ unit: "counts" }, "m/s²")).toBeNull();
  expect(joinScale([{ unit: "g" }, { unreadUnit: "milli-g" }]).unreadUnit).toBeUndefined();
});

test("a description's word that means nothing leaves the file its say", () => {
  for (const word of ["counts", "raw", "-", "acceleration"]) {
    const { otherUnit, unit } = parseSidecarWords({ rateHz: 1000, unit: word }, "a.json");
    expect([otherUnit, unit]).toEqual([undefined, undefined]);
  }
  expect(parseSidecarWords({ rateHz: 1000, unit: "mm/s rms" }, "a.json").otherUnit).toBe("mm/s rms");
  expect(parseSidecarWords({ rateHz: 1000, unit: "m/sec^2" }, "a.json").unit).toBe("m/s2");
});
