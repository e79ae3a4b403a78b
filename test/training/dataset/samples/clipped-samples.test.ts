import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { createClippingMeter } from "../../../../src/training/dataset/samples/clipped-samples.ts";

const random = createRandom(5);
const noise = Float64Array.from({ length: 100_000 }, () => random.normal());
const sine = noise.map((_, at) => Math.sin(0.0137 * at));
const impacts = noise.map((each, at) => 0.2 * each + 6 * Math.exp(-(at % 300) / 30) * Math.sin(at / 2));

function countClipped(samples: Float64Array, pieceSamples = samples.length): number {
  const meter = createClippingMeter();
  for (let at = 0; at < samples.length; at += pieceSamples) {
    meter.update(samples.subarray(at, at + pieceSamples));
  }
  return meter.finish();
}

function cut(samples: Float64Array, low: number, high: number): Float64Array {
  return samples.map((each) => Math.max(low, Math.min(high, each)));
}

describe("clipped samples", () => {
  it.each([1, 2, 2.9])("are those of noise at %d deviations, at both ends or at one", (limit) => {
    const high = noise.filter((each) => each >= limit).length;
    const low = noise.filter((each) => each <= -limit).length;
    expect(countClipped(cut(noise, -limit, limit))).toBe(low + high);
    expect(countClipped(cut(noise, -limit, 99))).toBe(low);
    expect(countClipped(cut(noise, -99, limit))).toBe(high);
  });

  it("are those of impacts that are driven twelve times beyond the range, beside which hardly one lies", () => {
    const driven = new Float64Array(8192);
    for (let from = 0; from < driven.length; from += 213 * (1 + 0.02 * random.normal())) {
      const height = 12 * (1 + 0.33 * random.normal());
      for (let at = 0; at < 200 && from + at < driven.length; at++)
        driven[Math.floor(from) + at]! += height * Math.exp(-at / 25) * Math.sin(0.49 * at);
    }
    const counts = driven.map((each) => Math.round(32_767 * (each + 0.05 * random.normal())));
    expect(countClipped(cut(counts, -32_768, 32_767))).toBeGreaterThan(800);
  });

  it.each([
    ["a tone", sine, 0.9],
    ["impacts", impacts, 3],
  ])("are those of %s, as numbers and as counts", (_, samples, limit) => {
    const fewest = samples.filter((each) => Math.abs(each) >= limit).length;
    for (const steps of [200, 5000]) {
      const counts = cut(samples, -limit, limit).map((each) => Math.round((each / limit) * steps));
      expect(countClipped(counts)).toBeGreaterThanOrEqual(fewest);
    }
    expect(countClipped(cut(samples, -limit, limit))).toBe(fewest);
  });

  it("are found in any part of a long recording, however it comes in pieces, and beside what is missing", () => {
    const long = new Float64Array(700_000).map((_, at) => noise[(at * 7) % 99_991]!);
    const late = long.map((each, at) => (at % 1000 === 0 ? Number.NaN : at < 500_000 ? each : limit(each)));
    const whole = countClipped(late);
    expect(whole).toBeGreaterThan(3000);
    expect(countClipped(late, 8191)).toBe(whole);
  });

  it.each([
    ["noise", noise, 5],
    ["slow noise", slow(noise), 3],
    ["a tone", sine, 1],
    [
      "a tone of twelve samples",
      noise.map((each, at) => Math.sin((Math.PI * at) / 6 + 0.1) + each / 1000),
      1,
    ],
    ["a hum with a flat crest", sine.map((each, at) => each + Math.sin(0.0411 * at) / 9), 1],
    ["impacts", impacts, 6],
    ["impacts upwards", impacts.map(Math.abs), 6],
    ["silence with a knock", noise.map((each, at) => (at < 200 ? each : 0)), 3],
    ["a mark for what is missing", noise.map((each, at) => (at % 300 === 0 ? -900 : each)), 3],
  ])("are none of %s, however coarse its counts", (_, samples, peak) => {
    expect(countClipped(samples)).toBe(0);
    for (let steps = 1; steps < 32_000; steps *= 1.1) {
      expect([steps, countClipped(samples.map((each) => Math.round((each * steps) / peak)))]).toEqual([
        steps,
        0,
      ]);
    }
  });

  it("are none of one value, or of nothing", () => {
    for (const samples of [new Float64Array(5000).fill(1), new Float64Array(0), sine.map(() => Number.NaN)]) {
      expect(countClipped(samples)).toBe(0);
    }
  });
});

function limit(each: number): number {
  return Math.max(-2, Math.min(2, each));
}

/** Stays at a count for several samples. */
function slow(samples: Float64Array): Float64Array {
  let last = 0;
  return samples.map((each) => {
    last = 0.95 * last + 0.31 * each;
    return last;
  });
}
