import { describe, expect, it } from "vitest";
import type { ReliabilityBin } from "../../../src/core/contract/bundle/reliability-bin.ts";
import type { PerformanceEstimate } from "../../../src/core/contract/drift-performance-schema.ts";
import {
  type DecidedBin,
  estimatePerformance,
  type PerformanceQuestion,
} from "../../../src/core/drift/estimate-performance.ts";
import { createRandom, type Random } from "../../../src/core/maths/random.ts";

const noDoubts = { drifted: false, contradicted: false } as const;
const singles = { decided: 1, reliability: 1 } as const;

interface DrawnDay {
  readonly decided: readonly DecidedBin[];
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly reliability: readonly ReliabilityBin[];
}

/** Cases with risks of density `skew` · r^(skew − 1), in tenths; `odds`: how far the truth is off. */
function drawDay(random: Random, shape: { cases: number; skew: number; odds: number }): DrawnDay {
  const bins = Array.from({ length: 10 }, () => ({ cases: 0, stated: 0, faults: 0 }));
  for (let index = 0; index < shape.cases; index++) {
    const risk = random.uniform() ** (1 / shape.skew);
    const truth = (risk * shape.odds) / (1 - risk + risk * shape.odds);
    const bin = bins[Math.min(9, Math.floor(risk * 10))]!;
    bin.cases++;
    bin.stated += risk;
    bin.faults += random.uniform() < truth ? 1 : 0;
  }
  const used = bins.flatMap((bin, index) => (bin.cases > 0 ? [{ ...bin, called: index >= 6 }] : []));
  const count = (pick: (bin: (typeof used)[number]) => number): number =>
    used.reduce((sum, bin) => sum + pick(bin), 0);
  const hits = count((bin) => (bin.called ? bin.faults : 0));
  return {
    decided: used.map(({ stated, cases, called }) => ({ probability: stated / cases, cases, called })),
    reliability: used.map(({ stated, cases, faults }) => ({
      stated: stated / cases,
      cases,
      observed: faults / cases,
    })),
    accuracy: count((bin) => (bin.called ? bin.faults : bin.cases - bin.faults)) / shape.cases,
    precision: hits / count((bin) => (bin.called ? bin.cases : 0)),
    recall: hits / count((bin) => bin.faults),
  };
}

function expectEstimate(
  question: Partial<PerformanceQuestion>,
): Extract<PerformanceEstimate, { kind: "estimate" }> {
  const estimate = estimatePerformance({
    decided: [],
    reliability: [],
    casesPerUnit: singles,
    doubts: noDoubts,
    ...question,
  });
  if (estimate.kind !== "estimate") throw new Error(estimate.reason);
  return estimate;
}

describe("performance without outcomes", () => {
  it("has its 90 % intervals right where other machines show other risks, but the risks hold", () => {
    const random = createRandom(31);
    const covered = { accuracy: 0, precision: 0, recall: 0 };
    const days = 100;
    for (let day = 0; day < days; day++) {
      const { reliability } = drawDay(random, { cases: 1_000, skew: 0.5, odds: 1 });
      const today = drawDay(random, { cases: 200, skew: 1.5, odds: 1 });
      const estimate = expectEstimate({ decided: today.decided, reliability });
      for (const name of ["accuracy", "precision", "recall"] as const) {
        const { low, high } = estimate[name]!;
        if (today[name] >= low && today[name] <= high) covered[name]++;
      }
    }
    for (const [name, share] of Object.entries(covered)) {
      expect(share, name).toBeGreaterThanOrEqual(82);
      expect(share, name).toBeLessThanOrEqual(99);
    }
  });

  it("is wider where calibration rests on few independent cases", () => {
    const random = createRandom(32);
    const { decided, reliability } = drawDay(random, { cases: 2_000, skew: 1, odds: 1 });
    const width = (perUnit: number): number => {
      const { accuracy } = expectEstimate({
        decided,
        reliability,
        casesPerUnit: { decided: 1, reliability: perUnit },
      });
      return accuracy.high - accuracy.low;
    };
    expect(width(10)).toBeGreaterThan(1.5 * width(1));
  });

  it("is wrong where the concept has drifted, which is why it says what it assumes", () => {
    const random = createRandom(33);
    const { reliability } = drawDay(random, { cases: 5_000, skew: 1, odds: 1 });
    const today = drawDay(random, { cases: 1_000, skew: 1, odds: 1 / 8 });
    const estimate = expectEstimate({ decided: today.decided, reliability });
    expect(today.precision).toBeLessThan(estimate.precision!.low);
    expect(estimate.assumption).toContain("calibrated");
  });

  it("is silent where the assumption is known to be broken, or where calibration never was", () => {
    const random = createRandom(34);
    const { decided, reliability } = drawDay(random, { cases: 1_000, skew: 1, odds: 1 });
    const ask = (change: Partial<PerformanceQuestion>): PerformanceEstimate =>
      estimatePerformance({ decided, reliability, casesPerUnit: singles, doubts: noDoubts, ...change });
    expect(ask({}).kind).toBe("estimate");
    expect(ask({ doubts: { drifted: true, contradicted: false } })).toMatchObject({ kind: "silent" });
    expect(ask({ doubts: { drifted: false, contradicted: true } })).toEqual({
      kind: "silent",
      reason: "confirmed outcomes contradict the model's probabilities",
    });
    expect(ask({ decided: [] })).toEqual({ kind: "silent", reason: "nothing was decided" });
    const lower = reliability.filter(({ stated }) => stated < 0.5);
    const outside = ask({ reliability: lower });
    expect(outside.kind === "silent" && outside.reason).toMatch(/^4\d % of the decisions have probabilities/);
  });
});
