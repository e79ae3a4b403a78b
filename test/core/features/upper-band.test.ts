import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import type { FeatureSpec } from "../../../src/core/contract/bundle/feature-spec.ts";
import { createUpperBandExtractor } from "../../../src/core/features/upper-band.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { extractInPieces } from "./extract-in-pieces.ts";

const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };
const shaftRpm = 1800;
const scale = 0.001;

/** Noise in which an outer race rings at `ringHz`. */
function makeFault(sampleRateHz: number, ringHz: number, seed = 1): Int16Array {
  const random = createRandom(seed);
  const period = sampleRateHz / ((shaftRpm / 60) * bearing.bpfo);
  return Int16Array.from({ length: sampleRateHz }, (_, index) => {
    const sinceS = (index % period) / sampleRateHz;
    const ring = 3000 * Math.exp(-sinceS * 1500) * Math.sin(2 * Math.PI * ringHz * sinceS);
    return Math.round(500 * random.normal() + ring);
  });
}

interface Heard {
  readonly counts: Int16Array;
  readonly sampleRateHz: number;
  readonly splits?: readonly number[];
  readonly spec?: FeatureSpec;
}

function hear({ counts, sampleRateHz, splits = [], spec = bearingFeatureSpec }: Heard): Float32Array | null {
  const extractor = createUpperBandExtractor(spec);
  extractor.begin({ sampleRateHz, bearing, shaftRpm });
  let from = 0;
  for (const to of [...[...splits].sort((a, b) => a - b), counts.length]) {
    extractor.push({ counts, from, to, scale, shaftRpm });
    from = to;
  }
  return extractor.finish();
}

const place = bearingFeatureSpec.list.findIndex(({ name }) => name === "bpfo.h1");

describe("the upper band of a window", () => {
  it("shows what rings above the lower one, and no trace of what rings in that", () => {
    for (const sampleRateHz of [25_600, 42_000, 51_200]) {
      const [high, low] = [makeFault(sampleRateHz, 9000), makeFault(sampleRateHz, 2500)];
      const inLower = (counts: Int16Array): number =>
        extractInPieces({ spec: bearingFeatureSpec, bearing, counts, sampleRateHz, shaftRpm, scale })[place]!;
      const inUpper = (counts: Int16Array): number => hear({ counts, sampleRateHz })![place]!;
      expect(inUpper(high)).toBeGreaterThan(inLower(high) + 0.5);
      expect(inLower(low)).toBeGreaterThan(inUpper(low) + 0.5);
    }
  });

  it("is what the features hear of the window mixed with a carrier at 0.85 of the analysis rate", () => {
    const counts = makeFault(25_600, 9000);
    counts.set([-32_768, 32_767, -32_768, -32_768], 20);
    const mixed = counts.map((count, index) => {
      const carrier = Math.round(32_767 * Math.cos((2 * Math.PI * 17 * index) / 40));
      return Math.floor((count * carrier + 16_384) / 32_768);
    });
    const window = { spec: bearingFeatureSpec, bearing, sampleRateHz: 25_600, shaftRpm, scale };
    expect(hear({ counts, sampleRateHz: 25_600 })).toEqual(extractInPieces({ ...window, counts: mixed }));
  });

  it("has the same bits however the samples are split into pushes, and whatever window came before", () => {
    const counts = makeFault(51_200, 9000).subarray(0, 20_000);
    const whole = hear({ counts, sampleRateHz: 51_200 });
    fc.assert(
      fc.property(fc.array(fc.nat(counts.length), { maxLength: 30 }), (splits) => {
        expect(hear({ counts, sampleRateHz: 51_200, splits })).toEqual(whole);
      }),
      { numRuns: 20 },
    );
    const extractor = createUpperBandExtractor(bearingFeatureSpec);
    for (const sampleRateHz of [25_600, 51_200, 12_000, 51_200]) {
      extractor.begin({ sampleRateHz, bearing, shaftRpm });
      // A window that was abandoned leaves nothing behind.
      extractor.push({ counts, from: 0, to: 777, scale, shaftRpm });
    }
    extractor.begin({ sampleRateHz: 51_200, bearing, shaftRpm });
    extractor.push({ counts, from: 0, to: counts.length, scale, shaftRpm });
    expect(extractor.finish()).toEqual(whole);
  });

  it("is not there where the features hear the sensor whole", () => {
    const counts = makeFault(24_000, 9000);
    expect(hear({ counts, sampleRateHz: 12_000 })).toBeNull();
    expect(hear({ counts, sampleRateHz: 23_999 })).toBeNull();
    expect(hear({ counts, sampleRateHz: 24_000 })).not.toBeNull();
    const plain: FeatureSpec = { ...bearingFeatureSpec, chains: [], list: [] };
    expect(hear({ counts, sampleRateHz: 48_000, spec: plain })).toBeNull();
  });

  it("says nothing where the carrier leaves nothing of the samples", () => {
    // Ones that all fall where the carrier is below one half: each rounds to nothing.
    const counts = Int16Array.from({ length: 25_600 }, (_, index) =>
      Math.abs(Math.cos((2 * Math.PI * 17 * index) / 40)) < 0.49 && index % 3 === 0 ? 1 : 0,
    );
    expect(hear({ counts, sampleRateHz: 25_600 })).toBeNull();
    const lower = extractInPieces({
      spec: bearingFeatureSpec,
      bearing,
      counts,
      sampleRateHz: 25_600,
      shaftRpm,
      scale,
    });
    expect(lower.every(Number.isFinite)).toBe(true);
  });
});
