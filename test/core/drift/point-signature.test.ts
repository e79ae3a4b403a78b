import { describe, expect, it } from "vitest";
import type { FeatureShift } from "../../../src/core/contract/drift-verdict.ts";
import { readSignature } from "../../../src/core/drift/point-signature.ts";
import { shift, thursdayMs } from "./made-verdicts.ts";

/** How far each moved in its own unit, and in days as they usually differ. */
type Moved = Readonly<Record<string, readonly [by: number, deviations: number]>>;

/** Days of `aurora demo --drift sensor`, by seed: white noise in the cable of a healthy machine. */
const noisyDays: Readonly<Record<number, Moved>> = {
  1: {
    "shaft.h1": [-0.96, -39.7],
    "impact.peak": [5.59, 18.7],
    "shaft.h2": [-0.73, -20.1],
    "high.rms": [6.69, 12.5],
    "low.rms": [5.38, 10.9],
    "middle.rms": [4.14, 7.8],
    "outer-race": [0.32, 7.2],
    "inner-race": [0.4, 7.2],
    ball: [0.31, 6.4],
  },
  3: {
    "shaft.h1": [-1.13, -66.3],
    "outer-race": [0.62, 13.6],
    ball: [0.56, 12.3],
    "inner-race": [0.59, 11.9],
    "impact.peak": [5.09, 11.2],
    "shaft.h2": [-0.22, -6.9],
  },
  4: {
    "impact.peak": [5.04, 9.5],
    "high.rms": [5.55, 7.6],
    "middle.rms": [4.56, 6.9],
    "low.rms": [4.23, 6.3],
    "shaft.h2": [-0.29, -5.0],
  },
  7: {
    "shaft.h1": [-1.18, -58.2],
    "impact.peak": [4.75, 26.1],
    "high.rms": [6.15, 24.2],
    "low.rms": [4.45, 19.2],
    "middle.rms": [2.95, 12.1],
    ball: [0.5, 10.7],
    "outer-race": [0.5, 10.1],
    "inner-race": [0.43, 7.8],
  },
  11: {
    "shaft.h1": [-0.82, -26.6],
    "impact.peak": [6.02, 16.8],
    "inner-race": [0.36, 8.1],
    ball: [0.35, 5.7],
    "outer-race": [0.29, 5.8],
    "bpfi.comb": [0.11, 4.5],
  },
};

function shiftsOf(moved: Moved): FeatureShift[] {
  return Object.entries(moved).map(([name, [by, deviations]]) => shift(name, by, { deviations }));
}

describe("readSignature", () => {
  it.each(Object.keys(noisyDays).map(Number))(
    "hears noise and no fault in a noisy cable (seed %i)",
    (seed) => {
      const { pattern, shifts } = readSignature({ shifts: shiftsOf(noisyDays[seed]!) });
      expect(pattern).toBe("noise");
      expect(shifts.map(({ role }) => role)).not.toContain("score");
    },
  );

  it("begins noise where its surest sign began, whatever scores did since", () => {
    const shifts = shiftsOf(noisyDays[1]!).map((each) =>
      each.role === "score" ? { ...each, sinceMs: thursdayMs } : each,
    );
    expect(readSignature({ shifts }).shifts[0]).toBe(shifts[0]);
  });

  it("hears a fault in scores alone where no line drowns, and in lines of a part although the shaft's drown", () => {
    const { "shaft.h1": _, "shaft.h2": __, ...risen } = noisyDays[1]!;
    expect(readSignature({ shifts: shiftsOf(risen) }).pattern).toBe("fault");
    const damage = { "bpfo.h1": [1.2, 30], "bpfo.h2": [0.9, 20], ...noisyDays[1] } as const;
    expect(readSignature({ shifts: shiftsOf(damage) }).pattern).toBe("fault");
  });

  it("hears a fault in scores where the shaft's lines fall and levels do not rise", () => {
    const scores = { "inner-race": [1, 9], "outer-race": [1, 8], "shaft.h1": [-0.6, -9] } as const;
    expect(readSignature({ shifts: shiftsOf(scores) }).pattern).toBe("fault");
    const quieter = { ...scores, "low.rms": [-2, -9], "impact.peak": [3, 9] } as const;
    expect(readSignature({ shifts: shiftsOf(quieter) }).pattern).toBe("fault");
  });

  it("hears no noise in levels that moved alike and nothing else", () => {
    const louder = { "high.rms": [5, 9], "low.rms": [5.2, 8], "middle.rms": [5.1, 7] } as const;
    expect(readSignature({ shifts: shiftsOf(louder) }).pattern).toBe("gain");
    // A gain would leave the shaft's line where it is among the others.
    const drowned = { ...louder, "shaft.h1": [-0.6, -32] } as const;
    expect(readSignature({ shifts: shiftsOf(drowned) }).pattern).toBe("noise");
  });
});
