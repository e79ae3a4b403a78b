import { describe, expect, it } from "vitest";
import { createAngleEnvelope } from "../../../src/core/features/angle-envelope.ts";

describe("the envelope over shaft angle", () => {
  it("holds the same samples wherever its first room ended, up to its capacity", () => {
    const magnitudes = Float64Array.from({ length: 4000 }, (_, index) => 1 + Math.sin(index) ** 2);
    const fill = (usual: number): { samples: number[]; overflow: number } => {
      const envelope = createAngleEnvelope({
        samplesPerRevolution: 48,
        measure: "magnitude",
        capacity: 300,
        usual,
      });
      for (const [from, to] of [
        [0, 700],
        [700, 1900],
        [1900, 4000],
      ] as const) {
        envelope.add({ magnitudes, from, to, revolutionsPerSample: 1 / 400 });
      }
      return { samples: [...envelope.samples.subarray(0, envelope.count)], overflow: envelope.overflow };
    };
    const whole = fill(300);
    expect(whole.samples).toHaveLength(300);
    expect(whole.overflow).toBeGreaterThan(0);
    for (const usual of [0, 1, 120, 1000]) expect(fill(usual)).toEqual(whole);
  });
});
