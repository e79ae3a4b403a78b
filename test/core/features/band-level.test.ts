import fc from "fast-check";
import { expect, test } from "vitest";
import { bearingFeatureSpec } from "../../../scripts/bearing-feature-spec.ts";
import type { FeatureSpec } from "../../../src/core/contract/bundle/feature-spec.ts";
import { bearingLevelSpec } from "../../../src/core/features/bearing-level-spec.ts";
import { createWaveformExtractor } from "../../../src/core/features/waveform-extractor.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const bearing = { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 };
const scale = 1e-3;

function measure(
  counts: Int16Array,
  sampleRateHz: number,
  { splits = [], spec = bearingLevelSpec }: { splits?: readonly number[]; spec?: FeatureSpec } = {},
): Float32Array {
  const extractor = createWaveformExtractor(spec);
  extractor.begin({ sampleRateHz, bearing, shaftRpm: 1800 });
  let from = 0;
  for (const to of [...splits, counts.length]) {
    extractor.push({ counts, from, to, scale, shaftRpm: 1800 });
    from = to;
  }
  const out = new Float32Array(spec.list.length);
  extractor.finish(out, 0);
  return out;
}

const tone = (frequencyHz: number, peak: number, sampleRateHz: number, seconds: number): Int16Array =>
  Int16Array.from({ length: Math.round(sampleRateHz * seconds) }, (_, index) =>
    Math.round((peak / scale) * Math.sin((2 * Math.PI * frequencyHz * index) / sampleRateHz) + 500),
  );
const level = (levels: Float32Array, name: string): number =>
  levels[bearingLevelSpec.list.findIndex((feature) => feature.name === name)]!;

test("a tone in the middle of a band has the level of its rms, whatever the sampling rate and the offset", () => {
  for (const sampleRateHz of [12_000, 25_600, 48_000]) {
    const levels = measure(tone(2600, 2, sampleRateHz, 1), sampleRateHz);
    // 2 g peak are 3.01 dB; the skirts of both filters take a little.
    expect(level(levels, "high.rms")).toBeGreaterThan(2);
    expect(level(levels, "high.rms")).toBeLessThan(3.1);
    expect(level(levels, "low.rms")).toBeLessThan(-15);
  }
});

test("the highest band says nothing at a rate that does not hold it", () => {
  expect(level(measure(tone(3000, 1, 12_000, 0.5), 12_000), "top.rms")).toBeNaN();
  expect(level(measure(tone(7000, 1, 25_600, 0.5), 25_600), "top.rms")).toBeGreaterThan(-6);
});

test("a twentieth of a second says what a second says, to 1.5 dB", () => {
  const random = createRandom(7);
  const noise = Int16Array.from({ length: 25_600 }, () => Math.round(400 * random.normal()));
  const whole = measure(noise, 25_600);
  const part = measure(noise.subarray(0, 1280), 25_600);
  for (const name of ["middle.rms", "high.rms", "top.rms"]) {
    expect(Math.abs(level(whole, name) - level(part, name))).toBeLessThan(1.5);
  }
});

test("a dead signal has no level", () => {
  expect([...measure(new Int16Array(6000).fill(17), 12_000)].every(Number.isNaN)).toBe(true);
});

test("levels depend on the samples alone, not on how they were split", () => {
  const random = createRandom(3);
  const counts = Int16Array.from({ length: 3000 }, () => Math.round(300 * random.normal()));
  const whole = measure(counts, 25_600);
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 3000 }), { maxLength: 8 }), (cuts) => {
      expect(measure(counts, 25_600, { splits: cuts.sort((a, b) => a - b) })).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

test("a band has the same level alone as beside others that share its edges", () => {
  const random = createRandom(9);
  const noise = Int16Array.from({ length: 4000 }, () => Math.round(300 * random.normal()));
  for (const sampleRateHz of [12_000, 25_600]) {
    const together = measure(noise, sampleRateHz);
    const alone = bearingLevelSpec.list.map((feature) => {
      const chains = bearingLevelSpec.chains.filter(({ name }) => name === feature.chain);
      return measure(noise, sampleRateHz, { spec: { ...bearingLevelSpec, chains, list: [feature] } })[0];
    });
    expect(alone).toEqual([...together]);
  }
});

test("ten times the signal is 20 dB more in every band", () => {
  const random = createRandom(5);
  const small = Int16Array.from({ length: 5000 }, () => Math.round(100 * random.normal()));
  const large = small.map((count) => 10 * count);
  const [before, after] = [measure(small, 25_600), measure(large, 25_600)];
  for (const [index, value] of after.entries()) expect(value - before[index]!).toBeCloseTo(20, 3);
});

test("no level is among the student's features", () => {
  const kinds = new Set(bearingFeatureSpec.chains.map((chain) => chain.kind));
  expect(kinds.has("band-level")).toBe(false);
});
