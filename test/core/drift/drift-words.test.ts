import { expect, test } from "vitest";
import {
  describeDeviations,
  describeLoad,
  describeLoads,
  describeMove,
  describeValues,
  formatThree,
  sinceOf,
  titleVerdict,
} from "../../../src/core/drift/drift-words.ts";
import { driftVerdict, featureShift, quietVerdict } from "../contract/drift-verdicts.ts";

test("a shift is said by which way and how far, in the column's own unit", () => {
  const feature = { role: "feature", name: "rms", reference: 1, current: 1.42, shift: 0.42 } as const;
  expect(describeMove(featureShift())).toBe("6.1 dB quieter");
  expect(describeMove(featureShift({ shift: 3 }))).toBe("3.0 dB louder");
  expect(describeMove(featureShift(feature))).toBe("higher by 0.420");
  expect(describeMove(featureShift({ ...feature, shift: -0.42 }))).toBe("lower by 0.420");
  expect(describeMove(featureShift({ aspect: "spread", shift: Math.log(2) }))).toBe(
    "scattering 2.00 times more",
  );
  expect(describeMove(featureShift({ aspect: "spread", shift: -Math.log(2) }))).toBe(
    "scattering 2.00 times less",
  );
  const missing = featureShift({ aspect: "invalid", reference: 0.001, current: 0.12 });
  expect(describeMove(missing)).toBe("missing in 12.0 % of its values, where 0.100 % was usual");
  expect(describeValues(missing)).toBe("0.100 % → 12.0 %");
  const stuck = featureShift({ aspect: "stuck", current: -12, shift: -9, loads: [] });
  expect(describeMove(stuck)).toBe("stuck at −12.0 dB");
  expect(describeValues(stuck)).toBe("−12.4 → −12.0 dB");
  expect(describeDeviations(featureShift({ deviations: -11.2 }))).toBe(
    "11.2 times what is usual from day to day",
  );
});

test("a load is said in kW or rpm, and the loads together by where the shift is alike or not", () => {
  expect(describeLoad({ by: "power", band: 17 })).toBe("362 to 512 kW");
  expect(describeLoad({ by: "speed", band: 21 })).toBe("1448 to 2048 rpm");
  expect(describeLoad({ by: "power", band: -2 })).toBe("0.500 to 0.707 kW");
  expect(describeLoads(featureShift())).toBe("alike at all 3 loads");
  expect(describeLoads(featureShift({ loads: [] }))).toBeNull();
  const at = (band: number, shift: number) => ({ by: "power", band, shift }) as const;
  expect(describeLoads(featureShift({ loads: [at(17, -6)] }))).toBe(
    "at 362 to 512 kW, the only load that was heard",
  );
  expect(describeLoads(featureShift({ loads: [at(17, -6), at(20, -1)] }))).toBe(
    "most at 362 to 512 kW, least at 1024 to 1448 kW",
  );
  // One load that moved the other way is not alike.
  expect(describeLoads(featureShift({ loads: [at(17, -6), at(20, 5)] }))).toMatch(/^most at/);
});

test("a verdict is said by its cause, else by its surest shift, else by its level", () => {
  expect(titleVerdict(driftVerdict())).toContain("6 dB quieter at all loads since Tuesday");
  expect(titleVerdict(driftVerdict({ cause: null }))).toBe("WT07 generator bearing: impacts 6.1 dB quieter");
  expect(titleVerdict(quietVerdict("learning", "day 4 of 14"))).toBe(
    "WT07 generator bearing: learning, day 4 of 14",
  );
  expect(titleVerdict(quietVerdict("stable", null))).toBe("WT07 generator bearing: stable");
});

test("it began where the first of its shifts did", () => {
  const shifts = [featureShift({ sinceMs: 20 }), featureShift({ sinceMs: 10 })];
  expect(sinceOf(driftVerdict({ shifts }))).toBe(10);
  expect(sinceOf(quietVerdict("stable", null))).toBeNull();
});

test("a figure has three digits, however large or small", () => {
  expect([0, 1, -12.345, 1234.5, 3e-6, -2.5e7, 0.0123].map(formatThree)).toEqual([
    "0",
    "1.00",
    "−12.3",
    "1235",
    "3.0e−6",
    "−2.5e7",
    "0.0123",
  ]);
});
