import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addCombs, bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import type {
  ChainSpec,
  FeatureDeclaration,
  FeatureSpec,
} from "../../../src/core/contract/bundle/feature-spec.ts";
import { createScalarExtractor } from "../../../src/core/features/scalar-extractor.ts";
import { standardise } from "../../../src/core/features/standardise.ts";
import { createWaveformExtractor } from "../../../src/core/features/waveform-extractor.ts";
import { extractInPieces } from "./extract-in-pieces.ts";
import { makeFaultCounts } from "./make-fault.ts";

/** Made by scripts/vectors/signal_features.py. */
const vectors = JSON.parse(
  readFileSync(new URL("../../vectors/signal-features.json", import.meta.url), "utf8"),
);
const bearing = vectors.bearing;

function makeSpec(chain: ChainSpec, list: readonly Partial<FeatureDeclaration>[]): FeatureSpec {
  return {
    catalogueVersion: 1,
    chains: [chain],
    list: list.map((feature, index) => ({
      name: `${feature.operator}-${index}`,
      operator: "",
      chain: chain.name,
      params: {},
      group: "all",
      ...feature,
    })),
  };
}

function extract(
  spec: FeatureSpec,
  counts: Int16Array,
  rateHz: number,
  rpm: number,
  scale: number,
  splits: readonly number[] = [],
): Float32Array {
  return extractInPieces({ spec, bearing, counts, sampleRateHz: rateHz, shaftRpm: rpm, scale, splits });
}

/** The bearing's features, combs among them, with other parameters of their chain. */
function changeChain(changes: ChainSpec["params"]): FeatureSpec {
  const [chain] = bearingFeatureSpec.chains;
  return { ...combSpec, chains: [{ ...chain!, params: { ...chain!.params, ...changes } }] };
}

const combSpec = addCombs(bearingFeatureSpec);

const band: ChainSpec = { name: "band", kind: "band-level", params: { fromHz: 500, toHz: 1500 } };
const levelSpec = makeSpec(band, [{ operator: "rms-db" }, { operator: "peak-db" }]);
const { waveform } = vectors;
const counts = makeFaultCounts(waveform.count, waveform.rate, waveform.rpm, waveform.order, waveform.seed);

describe("chain envelope-order", () => {
  it("agrees with a NumPy implementation of its definition at two rates and three speeds", () => {
    for (const { rate, rpm, order, seed, count, scale, checksum, features } of vectors.envelopeOrder) {
      const signal = makeFaultCounts(count, rate, rpm, order, seed);
      expect(signal.reduce((sum, value) => sum + value, 0)).toBe(checksum);
      const out = extract(combSpec, signal, rate, rpm, scale);
      for (const [index, { name }] of combSpec.list.entries()) {
        expect(out[index], `${name} at ${rate} Hz, ${rpm} rpm`).toBeCloseTo(features[name], 4);
      }
    }
  });

  it("of energies agrees with it too", () => {
    const spec = changeChain({ envelope: "energy", whiteningMemory: 0.97 });
    for (const { rate, rpm, order, seed, count, scale, energyFeatures } of vectors.envelopeOrder) {
      const out = extract(spec, makeFaultCounts(count, rate, rpm, order, seed), rate, rpm, scale);
      for (const [index, { name }] of spec.list.entries()) {
        expect(out[index], `${name} at ${rate} Hz, ${rpm} rpm`).toBeCloseTo(energyFeatures[name], 4);
      }
    }
  });

  it("of energies that are held to twice their mean agrees with it too, and is another", () => {
    const spec = changeChain({ envelope: "energy", whiteningMemory: 0.97, envelopeLimit: 2 });
    for (const {
      rate,
      rpm,
      order,
      seed,
      count,
      scale,
      limitedFeatures,
      energyFeatures,
    } of vectors.envelopeOrder) {
      const out = extract(spec, makeFaultCounts(count, rate, rpm, order, seed), rate, rpm, scale);
      for (const [index, { name }] of spec.list.entries()) {
        expect(out[index], `${name} at ${rate} Hz, ${rpm} rpm`).toBeCloseTo(limitedFeatures[name], 4);
      }
      expect(limitedFeatures["bpfo.h1"]).not.toBeCloseTo(energyFeatures["bpfo.h1"], 3);
    }
  });

  it("integrates magnitudes unless it is told otherwise, and nothing but what it knows", () => {
    const signal = makeFaultCounts(6000, 12_000, 1800, bearing.bpfi, 3);
    const hear = (spec: FeatureSpec) => extract(spec, signal, 12_000, 1800, 1);
    expect(hear(changeChain({ envelope: "magnitude" }))).toEqual(hear(combSpec));
    expect(() => hear(changeChain({ envelope: "cube" }))).toThrow(
      /"envelope" must be one of magnitude, energy/,
    );
    for (const envelopeLimit of [0, 1, 2.5, 256, "4"]) {
      expect(() => hear(changeChain({ envelopeLimit })), String(envelopeLimit)).toThrow(/"envelopeLimit"/);
    }
  });
});

describe("every chain", () => {
  it("gives the same bits however the samples are split into pushes", () => {
    for (const spec of [combSpec, levelSpec]) {
      const whole = extract(spec, counts, 12_000, 1800, 0.001);
      fc.assert(
        fc.property(fc.array(fc.nat(counts.length), { maxLength: 30 }), (splits) => {
          expect(extract(spec, counts, 12_000, 1800, 0.001, splits)).toEqual(whole);
        }),
        { numRuns: 20 },
      );
    }
  });

  it("refuses operators of another chain and parameters that it does not know", () => {
    const specs = [
      makeSpec(band, [{ operator: "order-log-snr" }]),
      makeSpec(band, [{ operator: "constructor" }]),
      makeSpec(band, [{ operator: "rms-db", params: { x: 1 } }]),
      makeSpec({ ...band, params: { ...band.params, x: 1 } }, [{ operator: "rms-db" }]),
      makeSpec({ ...band, kind: "readings" }, [{ operator: "mean" }]),
    ];
    for (const spec of specs) {
      let error: unknown;
      try {
        createWaveformExtractor(spec);
      } catch (caught) {
        error = caught;
      }
      expect(hasErrorCode(error, "BUNDLE_INCOMPATIBLE")).toBe(true);
    }
  });
});

it("refuses an operator or a chain kind that is gone, and names those that there are", () => {
  const [envelope] = bearingFeatureSpec.chains;
  const gone: readonly (readonly [ChainSpec, string, string])[] = [
    [
      envelope!,
      "envelope-kurtosis",
      "there are order-log-snr, side-band-log-snr, order-margin, comb-log-snr",
    ],
    [band, "kurtosis-db", "there are rms-db, peak-db"],
    [{ name: "raw", kind: "time", params: {} }, "rms", "there are envelope-order, band-level"],
  ];
  for (const [chain, operator, known] of gone) {
    const error = expect.objectContaining({ message: expect.stringContaining(known) });
    expect(() => createWaveformExtractor(makeSpec(chain, [{ operator }]))).toThrow(error);
  }
  const power: ChainSpec = { name: "power", kind: "readings", params: { channel: "power" } };
  for (const operator of ["std", "range", "change", "min", "max", "last"]) {
    expect(() => createScalarExtractor(makeSpec(power, [{ operator }]))).toThrow(
      `chain kind readings has no operator "${operator}"; there are mean, recent-mean`,
    );
  }
});

describe("ten-minute statistics", () => {
  const spec: FeatureSpec = {
    catalogueVersion: 1,
    chains: ["power", "oil"].map((channel) => ({ name: channel, kind: "readings", params: { channel } })),
    list: ["power", "oil"].map((chain) => ({
      name: `${chain}.mean`,
      operator: "mean",
      chain,
      params: {},
      group: chain,
    })),
  };

  it("are the mean of the readings pushed since begin, by channel", () => {
    const extractor = createScalarExtractor(spec);
    const out = new Float32Array(2);
    extractor.begin();
    extractor.push("power", 1e6);
    extractor.begin();
    for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) extractor.push("power", value + 1000);
    extractor.push("wind", 3);
    extractor.finish(out, 0);
    expect([...out]).toEqual([1005, Number.NaN]);
    expect(extractor.channels).toEqual(["power", "oil"]);
  });

  it("have an exponential average over windows that outlives the window and weighs the time between them", () => {
    const recent = {
      ...spec,
      list: [
        { name: "oil.recent", operator: "recent-mean", chain: "oil", params: { tauHours: 2 }, group: "oil" },
      ],
    };
    const memory = new Map();
    const out = new Float32Array(1);
    const take = (value: number, hour: number): number => {
      const extractor = createScalarExtractor(recent, memory);
      extractor.begin();
      extractor.push("oil", value - 1);
      extractor.push("oil", value + 1);
      extractor.finish(out, 0, hour * 3_600_000);
      return out[0]!;
    };
    expect(take(10, 0)).toBe(10);
    expect(take(20, 2)).toBeCloseTo(20 - 10 * Math.exp(-1), 5);
    expect(take(1000, 2)).toBeCloseTo(20 - 10 * Math.exp(-1), 5);
    expect(take(40, 1e6)).toBe(40);
    const wrong = { ...recent, list: [{ ...recent.list[0]!, params: { tauHours: 0 } }] };
    expect(() => createScalarExtractor(wrong)).toThrow();
  });

  it("are refused with a waveform chain, another catalogue version or an unknown operator", () => {
    const refused = [
      { ...spec, catalogueVersion: 2 },
      { ...spec, chains: [{ ...band, name: "power" }, spec.chains[1]!] },
      { ...spec, list: [{ ...spec.list[0]!, operator: "median" }] },
      { ...spec, chains: [spec.chains[1]!] },
    ];
    for (const wrong of refused) expect(() => createScalarExtractor(wrong)).toThrow();
  });
});

describe("standardise", () => {
  it("rounds each step to float32, clamps, and leaves NaN to the caller", () => {
    const scaler = { mean: [0.1, -3], inverseStd: [1 / 3, 2], clamp: 4 };
    const out = new Float32Array(6);
    standardise(Float32Array.of(0.7, -2.5, 100, -100, Number.NaN, -3), 3, scaler, out);
    const f = Math.fround;
    expect(out[0]).toBe(f(f(f(0.7) - f(0.1)) * f(1 / 3)));
    expect([...out.subarray(1, 4)]).toEqual([1, 4, -4]);
    expect(out[4]).toBeNaN();
    expect(out[5]).toBe(0);
  });

  it("refuses buffers that do not fit", () => {
    const scaler = { mean: [0], inverseStd: [1], clamp: 4 };
    expect(() => standardise(new Float32Array(1), 2, scaler, new Float32Array(2))).toThrow(RangeError);
    expect(() =>
      standardise(new Float32Array(1), 1, { ...scaler, inverseStd: [] }, new Float32Array(1)),
    ).toThrow(RangeError);
  });
});
