import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import type { FeatureSpec } from "../../../src/core/contract/bundle/feature-spec.ts";
import { createWaveformExtractor } from "../../../src/core/features/waveform-extractor.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { extractInPieces } from "./extract-in-pieces.ts";

const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };

/** Noise with a decaying 3 kHz burst every 1/order of a revolution. */
function makeFault(order: number, rateHz: number, rpm: number, seconds: number, seed = 1): Int16Array {
  const random = createRandom(seed);
  const counts = new Int16Array(Math.round(seconds * rateHz));
  const period = rateHz / ((rpm / 60) * order);
  for (let n = 0; n < counts.length; n++) {
    const since = (n % period) / rateHz;
    const burst = 3000 * Math.exp(-since * 1500) * Math.sin(2 * Math.PI * 3000 * since);
    counts[n] = Math.round(
      500 * random.normal() + burst + 200 * Math.sin((2 * Math.PI * n * rpm) / 60 / rateHz),
    );
  }
  return counts;
}

function extract(
  counts: Int16Array,
  rateHz: number,
  rpm: number,
  scale: number,
  splits: readonly number[] = [],
  spec: FeatureSpec = bearingFeatureSpec,
): Float32Array {
  return extractInPieces({ spec, bearing, counts, sampleRateHz: rateHz, shaftRpm: rpm, scale, splits });
}

function featureOf(out: Float32Array, name: string): number {
  return out[bearingFeatureSpec.list.findIndex((feature) => feature.name === name)]!;
}

describe("the bearing feature list", () => {
  it("shows a fault at its own order and not at the others", () => {
    for (const order of ["bpfi", "bpfo", "bsf"] as const) {
      const out = extract(makeFault(bearing[order], 12_000, 1800, 1), 12_000, 1800, 0.001);
      const others = (["bpfi", "bpfo", "bsf"] as const).filter((name) => name !== order);
      for (const other of others) {
        expect(featureOf(out, `${order}.h1`)).toBeGreaterThan(featureOf(out, `${other}.h1`) + 1);
      }
    }
  });

  it("shows the same fault alike at 12, 25.6, 48 and 51.2 kHz and from 600 to 1800 rpm", () => {
    for (const rateHz of [12_000, 25_600, 48_000, 51_200]) {
      for (const rpm of [600, 1200, 1800]) {
        const out = extract(makeFault(bearing.bpfo, rateHz, rpm, (30 * 60) / rpm), rateHz, rpm, 0.001);
        expect(featureOf(out, "bpfo.h1")).toBeGreaterThan(1.5);
        expect(featureOf(out, "bpfo.h1")).toBeGreaterThan(featureOf(out, "bsf.h1") + 1);
      }
    }
  });

  it("gives the same bits however the samples are split into pushes", () => {
    for (const rateHz of [12_000, 48_000]) {
      const counts = makeFault(bearing.bpfi, rateHz, 1800, 0.4);
      const whole = extract(counts, rateHz, 1800, 0.001);
      fc.assert(
        fc.property(fc.array(fc.nat(counts.length), { maxLength: 40 }), (splits) => {
          expect(extract(counts, rateHz, 1800, 0.001, splits)).toEqual(whole);
        }),
        { numRuns: 25 },
      );
    }
  });

  it("does not depend on the level of the signal", () => {
    const counts = makeFault(bearing.bpfi, 12_000, 1800, 1);
    const whole = extract(counts, 12_000, 1800, 0.001);
    expect(extract(counts, 12_000, 1800, 0.001 / 1024)).toEqual(whole);
    const other = extract(counts, 12_000, 1800, 7.3e-5);
    for (let index = 0; index < whole.length; index++) expect(other[index]).toBeCloseTo(whole[index]!, 5);
  });

  it("scores a window alike whatever the extractor saw before it", () => {
    const extractor = createWaveformExtractor(bearingFeatureSpec);
    const counts = makeFault(bearing.bpfo, 48_000, 1500, 1);
    const fresh = extract(counts, 48_000, 1500, 0.01);
    const out = new Float32Array(fresh.length);
    extractor.begin({ sampleRateHz: 12_000, bearing, shaftRpm: 700 });
    extractor.push({ counts: makeFault(9, 12_000, 700, 1), from: 0, to: 11_000, scale: 3, shaftRpm: 700 });
    extractor.begin({ sampleRateHz: 48_000, bearing, shaftRpm: 1500 });
    extractor.push({ counts, from: 0, to: counts.length, scale: 0.01, shaftRpm: 1500 });
    extractor.finish(out, 0);
    expect(out).toEqual(fresh);
  });

  it("finds a fault whose order slips by two per cent", () => {
    for (const slip of [0.98, 1.02]) {
      const out = extract(makeFault(bearing.bpfo * slip, 12_000, 1800, 1), 12_000, 1800, 0.001);
      expect(featureOf(out, "bpfo.margin")).toBeGreaterThan(0.5);
    }
  });

  it("does not take a harmonic of the shaft beside a fault's order for the fault", () => {
    // Bursts five times a revolution, 1.7 % from the inner race's 4.915.
    const beside = { bpfo: 3.2, bpfi: 4.915, bsf: 4.4, ftf: 0.4 };
    const at = (order: number): number => {
      const extractor = createWaveformExtractor(bearingFeatureSpec);
      extractor.begin({ sampleRateHz: 12_000, bearing: beside, shaftRpm: 1800 });
      const counts = makeFault(order, 12_000, 1800, 1);
      extractor.push({ counts, from: 0, to: counts.length, scale: 0.001, shaftRpm: 1800 });
      const out = new Float32Array(bearingFeatureSpec.list.length);
      extractor.finish(out, 0);
      return featureOf(out, "bpfi.h1");
    };
    expect(at(5)).toBeLessThan(at(4.915) - 1.5);
  });

  it("follows a speed that changes from block to block", () => {
    const extractor = createWaveformExtractor(bearingFeatureSpec);
    const rateHz = 12_000;
    const speeds = [1700, 1730, 1760, 1790, 1810, 1790, 1760, 1730, 1700, 1680];
    extractor.begin({ sampleRateHz: rateHz, bearing, shaftRpm: speeds[0]! });
    const random = createRandom(3);
    let revolutions = 0;
    let lastBurst = 0;
    let since = 0;
    for (const rpm of speeds) {
      const counts = new Int16Array(1200);
      for (let n = 0; n < counts.length; n++) {
        revolutions += rpm / 60 / rateHz;
        since += 1 / rateHz;
        if (Math.floor(revolutions * bearing.bpfi) > lastBurst) {
          lastBurst = Math.floor(revolutions * bearing.bpfi);
          since = 0;
        }
        const burst = 3000 * Math.exp(-since * 1500) * Math.sin(2 * Math.PI * 3000 * since);
        counts[n] = Math.round(500 * random.normal() + burst);
      }
      extractor.push({ counts, from: 0, to: counts.length, scale: 0.001, shaftRpm: rpm });
    }
    const out = new Float32Array(bearingFeatureSpec.list.length);
    extractor.finish(out, 0);
    // At a constant speed of 1,745 rpm the line would be smeared over 7 % and its third harmonic lost.
    expect(featureOf(out, "bpfi.h3")).toBeGreaterThan(1.5);
    expect(featureOf(out, "bpfi.margin")).toBeGreaterThan(1);
  });

  it("refuses a speed that no shaft has rather than compute without end", () => {
    const extractor = createWaveformExtractor(bearingFeatureSpec);
    for (const rpm of [0, -1, Number.NaN, 1e12]) {
      extractor.begin({ sampleRateHz: 12_000, bearing, shaftRpm: 1800 });
      const run = { counts: new Int16Array(10), from: 0, to: 10, scale: 1, shaftRpm: rpm };
      expect(() => extractor.push(run)).toThrow(RangeError);
    }
  });

  it("gives NaN for a dead signal, never a healthy value", () => {
    const out = extract(new Int16Array(12_000).fill(17), 12_000, 1800, 0.001);
    expect(Number.isNaN(featureOf(out, "bpfo.h1"))).toBe(true);
  });

  it("keeps its resolution for a bearing with high orders by sampling the envelope finer", () => {
    const extractor = createWaveformExtractor(bearingFeatureSpec);
    const large = { bpfo: 17.3, bpfi: 21.7, bsf: 8.1, ftf: 0.44 };
    extractor.begin({ sampleRateHz: 12_000, bearing: large, shaftRpm: 900 });
    const counts = makeFault(large.bpfi, 12_000, 900, 2);
    extractor.push({ counts, from: 0, to: counts.length, scale: 0.001, shaftRpm: 900 });
    const out = new Float32Array(bearingFeatureSpec.list.length);
    extractor.finish(out, 0);
    expect(out.every(Number.isFinite)).toBe(true);
    expect(featureOf(out, "bpfi.h1")).toBeGreaterThan(featureOf(out, "bpfo.h1") + 1);
  });
});

describe("a feature spec", () => {
  const refused = (spec: unknown): void => {
    let error: unknown;
    try {
      createWaveformExtractor(spec as FeatureSpec);
    } catch (caught) {
      error = caught;
    }
    expect(hasErrorCode(error, "BUNDLE_INCOMPATIBLE")).toBe(true);
  };
  const chain = bearingFeatureSpec.chains[0]!;
  const feature = bearingFeatureSpec.list[0]!;

  it("for another catalogue version is refused", () => {
    refused({ ...bearingFeatureSpec, catalogueVersion: 2 });
  });

  it("with an unknown operator, chain kind or parameter is refused", () => {
    refused({ ...bearingFeatureSpec, list: [{ ...feature, operator: "oracle" }] });
    refused({ ...bearingFeatureSpec, chains: [{ ...chain, kind: "toString" }] });
    refused({ ...bearingFeatureSpec, list: [{ ...feature, params: { ...feature.params, extra: 1 } }] });
    refused({ ...bearingFeatureSpec, list: [{ ...feature, chain: "none" }] });
  });

  it("with a parameter out of range, missing or of the wrong type is refused", () => {
    for (const params of [
      { ...feature.params, harmonic: 0 },
      { ...feature.params, harmonic: 1.5 },
      { ...feature.params, harmonic: "1" },
      { ...feature.params, order: "bpf" },
      { ...feature.params, tolerance: Number.NaN },
      { order: "bpfo" },
    ]) {
      refused({ ...bearingFeatureSpec, list: [{ ...feature, params }] });
    }
    refused({ ...bearingFeatureSpec, chains: [{ ...chain, params: { ...chain.params, fftSize: 2047 } }] });
    refused({ ...bearingFeatureSpec, chains: [{ ...chain, params: { ...chain.params, revolutions: 60 } }] });
  });

  it("refuses a window that is longer than its chains hold", () => {
    const counts = makeFault(3.58, 12_000, 1800, 2);
    expect(() => extract(counts, 12_000, 1800, 1)).toThrow(/longer than/);
  });
});

describe("where lines stand", () => {
  /** Noise, and a tone whose amplitude follows `hertz`. */
  function makeHum(hertz: number, rateHz: number, seconds: number): Int16Array {
    const random = createRandom(5);
    return Int16Array.from({ length: Math.round(seconds * rateHz) }, (_, n) => {
      const depth = 1 + 0.8 * Math.cos((2 * Math.PI * hertz * n) / rateHz);
      return Math.round(300 * random.normal() + 500 * depth * Math.cos((2 * Math.PI * 3100 * n) / rateHz));
    });
  }

  /** Noise, and a ringing so many times a second; 1.2 s. */
  function makeKnocks(hertz: number): Int16Array {
    const random = createRandom(5);
    return Int16Array.from({ length: 14_400 }, (_, n) => {
      const since = (((n * hertz) / 12_000) % 1) * (12_000 / hertz);
      return Math.round(300 * random.normal() + 3000 * Math.exp(-since / 20) * Math.sin(1.6 * since));
    });
  }

  const locate = (counts: Int16Array, shaftRpm: number): { out: Float32Array; lines: Float32Array } => {
    const extractor = createWaveformExtractor(bearingFeatureSpec);
    extractor.begin({ sampleRateHz: 12_000, bearing, shaftRpm });
    extractor.push({ counts, from: 0, to: counts.length, scale: 0.001, shaftRpm });
    const out = new Float32Array(bearingFeatureSpec.list.length);
    const lines = new Float32Array(out.length);
    extractor.finish(out, 0, lines);
    return { out, lines };
  };

  it("is told to a small part of a bin, whatever the line's order is said to be", () => {
    for (const rpm of [1650, 1667, 1690]) {
      const counts = makeHum(100, 12_000, (30 * 60) / rpm);
      const { out, lines } = locate(counts, rpm);
      // Bins lie 48 / 2048 = 0.023 orders apart; bpfo is searched within ± 0.072.
      expect(featureOf(lines, "bpfo.h1")).toBeCloseTo((100 * 60) / rpm, 2);
      expect([...out]).toEqual([...extract(counts, 12_000, rpm, 0.001)]);
    }
  });

  it("is told of single lines of a fault or of the shaft that stand out, and within their search", () => {
    const { out, lines } = locate(makeHum(100, 12_000, 1.2), 1500);
    const told = lines.filter(Number.isFinite).length;
    expect(told).toBeGreaterThan(0);
    for (const [index, { name, operator, params }] of bearingFeatureSpec.list.entries()) {
      const order = ({ ...bearing, shaft: 1 } as Readonly<Record<string, number>>)[String(params.order)];
      if (operator !== "order-log-snr" || order === undefined) {
        expect([name, lines[index]]).toEqual([name, Number.NaN]);
        continue;
      }
      // 9 dB above the neighbours.
      const standsOut = (20 * out[index]!) / Math.LN10 >= 9;
      expect([name, Number.isFinite(lines[index]!)]).toEqual([name, standsOut]);
      if (!standsOut) continue;
      const centre = order * Number(params.harmonic);
      // The shaft's own are looked for further than they are measured.
      const share = params.order === "shaft" ? 0.015 : Number(params.tolerance);
      expect(Math.abs(Math.abs(lines[index]!) - centre), name).toBeLessThan(centre * share + 2 * (48 / 2048));
    }
  });

  it("is told with a sign where it is no line but the flank of a higher one", () => {
    // Knocks at order 3.69, beyond where bpfo is looked for (3.51 to 3.65): their skirt is what is highest there.
    const { lines } = locate(makeKnocks(3.69 * 25), 1500);
    expect(featureOf(lines, "bpfo.h1")).toBeCloseTo(-3.656, 2);
    const { lines: own } = locate(makeKnocks(3.6 * 25), 1500);
    expect(featureOf(own, "bpfo.h1")).toBeCloseTo(3.6, 2);
  });

  it("is told of the shaft's first two lines as far as one per cent from where they should stand", () => {
    for (const share of [0.99, 1, 1.01]) {
      const { lines } = locate(makeKnocks(25 * share), 1500);
      expect(Math.abs(featureOf(lines, "shaft.h1") - share)).toBeLessThan(0.006);
      expect(Math.abs(featureOf(lines, "shaft.h2") - 2 * share)).toBeLessThan(0.006);
    }
  });
});
