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

const timeOperators = [
  "mean",
  "rms",
  "std",
  "peak",
  "peak-to-peak",
  "absolute-mean",
  "crest-factor",
  "kurtosis",
  "skewness",
  "shape-factor",
  "impulse-factor",
  "clearance-factor",
];
const timeSpec = makeSpec(
  { name: "raw", kind: "time", params: {} },
  timeOperators.map((operator) => ({ operator })),
);
const { waveform } = vectors;
const counts = makeFaultCounts(waveform.count, waveform.rate, waveform.rpm, waveform.order, waveform.seed);
const spectrumSpec = makeSpec({ name: "welch", kind: "spectrum", params: { fftSize: 512 } }, [
  ...waveform.bands.map(([fromHz, toHz]: [number, number]) => ({
    operator: "band-energy",
    params: { fromHz, toHz },
  })),
  ...waveform.bands.map(([fromHz, toHz]: [number, number]) => ({
    operator: "band-energy-share",
    params: { fromHz, toHz },
  })),
  { operator: "spectral-centroid" },
]);

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

describe("chain time", () => {
  it("agrees with SciPy", () => {
    const out = extract(timeSpec, counts, waveform.rate, waveform.rpm, waveform.scale);
    for (const [index, operator] of timeOperators.entries()) {
      expect(out[index]! / waveform.time[operator], operator).toBeCloseTo(1, 5);
    }
  });

  it("of a sine gives its closed forms", () => {
    const sine = Int16Array.from({ length: 12_000 }, (_, n) =>
      Math.round(20_000 * Math.sin((2 * Math.PI * 50 * n) / 12_000)),
    );
    const out = extract(timeSpec, sine, 12_000, 1800, 1e-4);
    const value = (operator: string): number => out[timeOperators.indexOf(operator)]!;
    expect(value("rms")).toBeCloseTo(2 / Math.SQRT2, 4);
    expect(value("crest-factor")).toBeCloseTo(Math.SQRT2, 4);
    expect(value("kurtosis")).toBeCloseTo(1.5, 4);
    expect(value("skewness")).toBeCloseTo(0, 4);
    expect(value("shape-factor")).toBeCloseTo(Math.PI / (2 * Math.SQRT2), 3);
    expect(value("peak-to-peak")).toBeCloseTo(4, 4);
  });
});

describe("chain spectrum", () => {
  it("agrees with SciPy's Welch", () => {
    const out = extract(spectrumSpec, counts, waveform.rate, waveform.rpm, waveform.scale);
    const expected = [...waveform.energies, ...waveform.shares, waveform.centroid];
    for (const [index, value] of expected.entries()) expect(out[index]! / value).toBeCloseTo(1, 5);
  });

  it("has nothing to say of a band above the Nyquist frequency or of too short a window", () => {
    const spec = makeSpec({ name: "welch", kind: "spectrum", params: { fftSize: 512 } }, [
      { operator: "band-energy", params: { fromHz: 7000, toHz: 8000 } },
      { operator: "band-energy", params: { fromHz: 10, toHz: 8000 } },
    ]);
    expect([...extract(spec, counts, 12_000, 1800, 1)].map(Number.isNaN)).toEqual([true, false]);
    expect([...extract(spec, counts.slice(0, 500), 12_000, 1800, 1)].map(Number.isNaN)).toEqual([true, true]);
  });
});

describe("every chain", () => {
  it("gives the same bits however the samples are split into pushes", () => {
    for (const spec of [timeSpec, spectrumSpec]) {
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
    const time: ChainSpec = { name: "raw", kind: "time", params: {} };
    const welch: ChainSpec = { name: "welch", kind: "spectrum", params: { fftSize: 512 } };
    const specs = [
      makeSpec(time, [{ operator: "band-energy" }]),
      makeSpec(time, [{ operator: "constructor" }]),
      makeSpec(time, [{ operator: "rms", params: { x: 1 } }]),
      makeSpec({ ...time, params: { x: 1 } }, [{ operator: "rms" }]),
      makeSpec(welch, [{ operator: "rms" }]),
      makeSpec(welch, [{ operator: "band-energy", params: { fromHz: 10, toHz: 10 } }]),
      makeSpec({ ...welch, params: { fftSize: 500 } }, [{ operator: "spectral-centroid" }]),
      makeSpec({ ...time, kind: "readings" }, [{ operator: "mean" }]),
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

describe("ten-minute statistics", () => {
  const spec: FeatureSpec = {
    catalogueVersion: 1,
    chains: ["power", "oil"].map((channel) => ({ name: channel, kind: "readings", params: { channel } })),
    list: ["power", "oil"].flatMap((chain) =>
      ["mean", "min", "max", "std", "range", "change", "last"].map((operator) => ({
        name: `${chain}.${operator}`,
        operator,
        chain,
        params: {},
        group: chain,
      })),
    ),
  };

  it("are those of the readings pushed since begin, by channel", () => {
    const extractor = createScalarExtractor(spec);
    const out = new Float32Array(14);
    extractor.begin();
    extractor.push("power", 1e6);
    extractor.begin();
    for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) extractor.push("power", value + 1000);
    extractor.push("wind", 3);
    extractor.finish(out, 0);
    expect([...out.subarray(0, 7)]).toEqual([1005, 1002, 1009, 2, 7, 7, 1009]);
    expect([...out.subarray(7)].every(Number.isNaN)).toBe(true);
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
      { ...spec, chains: [{ name: "power", kind: "time", params: {} }, spec.chains[1]!] },
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
