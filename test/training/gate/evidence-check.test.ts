import { describe, expect, it } from "vitest";
import { checkBaselines, checkEvidence } from "../../../src/training/gate/judged-checks.ts";
import type { Judgement } from "../../../src/training/gate/judgement.ts";

const judged = (baselines: Judgement["baselines"]): Judgement => ({
  fingerprints: {},
  metrics: {},
  leakage: [],
  baselines,
  calibration: null,
  parity: null,
  cases: [],
});

describe("the gate on a model of few machines", () => {
  it("refuses too little evidence, skips the question where it was accepted, and does not ask where nothing is said of it", () => {
    const evidence = {
      isEnough: false,
      isAccepted: false,
      words: "it takes 5 machines in all (there are 2)",
    };
    expect(checkEvidence({ evidence })).toMatchObject([{ name: "evidence", outcome: "failed" }]);
    const [accepted] = checkEvidence({ evidence: { ...evidence, isAccepted: true } });
    expect(accepted).toMatchObject({
      outcome: "skipped",
      words: expect.stringContaining("accepted by who trained"),
    });
    expect(checkEvidence({ evidence: { ...evidence, isEnough: true } })).toMatchObject([
      { outcome: "passed" },
    ]);
    expect(checkEvidence({})).toEqual([]);
  });

  it("keeps the parent where the model is not surely ahead, and only asks not to be behind the others", () => {
    const level = { name: "physics", gain: { value: -0.01, low: -0.1, high: 0.05 }, asked: "level" } as const;
    const parent = {
      name: "its parent m@1.0.0",
      gain: { value: 0.02, low: -0.01, high: 0.05 },
      asked: "ahead",
      otherwise: "keep m@1.0.0",
    } as const;
    expect(
      checkBaselines(judged([level, { ...parent, gain: { value: 0.1, low: 0.01, high: 0.2 } }])),
    ).toMatchObject({
      outcome: "passed",
    });
    const kept = checkBaselines(judged([level, parent]));
    expect(kept.outcome).toBe("failed");
    expect(kept.words).toMatch(/^not surely ahead of its parent m@1\.0\.0 .*; keep m@1\.0\.0$/);
    const behind = { ...level, gain: { value: -0.1, low: -0.2, high: -0.01 } };
    expect(checkBaselines(judged([behind]))).toMatchObject({ outcome: "failed" });
    // Without an interval nobody is surely ahead.
    const alone = { ...parent, gain: { value: 0.3, low: null, high: null } };
    expect(checkBaselines(judged([alone]))).toMatchObject({ outcome: "failed" });
  });
});
