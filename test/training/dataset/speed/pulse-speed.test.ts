import { expect, it } from "vitest";
import { createRandom } from "../../../../src/core/maths/random.ts";
import type { SampleFile } from "../../../../src/training/dataset/samples/samples.ts";
import { measurePulseRate } from "../../../../src/training/dataset/speed/pulse-speed.ts";

const rateHz = 10_000;
const run = 512;

/** In pieces, as a file is read. */
function fileOf(samples: Float64Array): SampleFile {
  return {
    path: "tacho",
    isCounts: false,
    pieces: async function* () {
      for (let at = 0; at < samples.length; at += 1000) yield samples.subarray(at, at + 1000);
    },
  };
}

/** A shaft that speeds up evenly, with `pulses` a revolution; high for a fifth of each. */
function recordTacho({
  seconds,
  fromHz,
  toHz,
  pulses,
}: Record<"seconds" | "fromHz" | "toHz" | "pulses", number>) {
  const random = createRandom(3);
  const turnsAt = (timeS: number): number =>
    fromHz * timeS + ((toHz - fromHz) * timeS * timeS) / (2 * seconds);
  const samples = Float64Array.from({ length: seconds * rateHz }, (_, at) => {
    const phase = (turnsAt(at / rateHz) * pulses) % 1;
    return -3 + (phase > 0.4 && phase < 0.6 ? 5 : 0) + 0.3 * random.normal();
  });
  return { samples, turnsAt };
}

it.each([1, 16])(
  "follows a shaft that doubles its speed within seconds, with %i pulses a revolution",
  async (pulses) => {
    const { samples, turnsAt } = recordTacho({ seconds: 6, fromHz: 12, toHz: 24, pulses });
    const rates = await measurePulseRate(fileOf(samples), { run, rateHz });
    expect(rates.length).toBe(Math.ceil(samples.length / run));
    let turns = 0;
    for (const [at, rate] of rates.entries()) {
      const lasts = Math.min(run, samples.length - at * run) / rateHz;
      const trueHz = (turnsAt(at * (run / rateHz) + lasts) - turnsAt(at * (run / rateHz))) / lasts;
      expect(Math.abs(rate / 60 / pulses / trueHz - 1)).toBeLessThan(pulses === 1 ? 0.06 : 0.02);
      turns += (rate / 60 / pulses) * lasts;
    }
    // What windows are cut by: it does not drift.
    expect(Math.abs(turns - turnsAt(6))).toBeLessThan(0.1);
  },
);

it("says nothing of the speed where samples are missing, and goes on behind them", async () => {
  const { samples } = recordTacho({ seconds: 4, fromHz: 20, toHz: 20, pulses: 1 });
  samples.fill(Number.NaN, 10_000, 15_000);
  const rates = [...(await measurePulseRate(fileOf(samples), { run, rateHz }))];
  const lost = rates.flatMap((rate, at) => (rate === 0 ? [at * run] : []));
  expect(Math.min(...lost)).toBeGreaterThan(9000);
  expect(Math.max(...lost)).toBeLessThan(16_000);
  expect(lost.length).toBeGreaterThan(8);
  for (const rate of rates) expect(rate === 0 || Math.abs(rate / 1200 - 1) < 0.01).toBe(true);
});

it("does not take pulses that are lost within a run for a slower shaft", async () => {
  const { samples } = recordTacho({ seconds: 4, fromHz: 20, toHz: 20, pulses: 64 });
  for (let at = 100; at < samples.length; at += 6 * run) samples.fill(Number.NaN, at, at + 100);
  const rates = await measurePulseRate(fileOf(samples), { run, rateHz });
  for (const [at, rate] of rates.subarray(0, -1).entries()) {
    if (at % 6 === 0) expect(rate).toBe(0);
    else expect(Math.abs(rate / 64 / 1200 - 1)).toBeLessThan(0.02);
  }
});

it("knows no speed where a tachometer has not begun or has died, but for two pulses' time", async () => {
  const { samples } = recordTacho({ seconds: 6, fromHz: 10, toHz: 10, pulses: 1 });
  samples.fill(-3, 0, 20_000);
  samples.fill(-3, 40_000);
  const rates = await measurePulseRate(fileOf(samples), { run, rateHz });
  const heard = [...rates.entries()].filter(([, rate]) => rate > 0).map(([at]) => at * run);
  expect(Math.min(...heard)).toBeGreaterThan(17_500);
  expect(Math.min(...heard)).toBeLessThan(20_000);
  expect(Math.max(...heard)).toBeGreaterThan(40_000);
  expect(Math.max(...heard)).toBeLessThan(42_500);
});

it("takes numbers that only grow for the times of pulses, and refuses what are none", async () => {
  // A revolution every 40 ms, then every 20 ms.
  const seconds = Float64Array.from({ length: 150 }, (_, at) => (at < 50 ? 0.04 * at : 2 + 0.02 * (at - 50)));
  const rates = await measurePulseRate(fileOf(seconds), { run: 400, rateHz });
  expect(rates.length).toBe(Math.ceil((3.98 + (2 * 3.98) / 149) * (rateHz / 400)));
  for (const [at, rate] of rates.entries())
    expect(rate).toBeCloseTo(at < 50 ? 1500 : at < 100 ? 3000 : rate > 0 ? 3000 : 0, 6);
  for (const none of [
    seconds.map((each) => 1_700_000_000 + each),
    seconds.map((each) => each - 1),
    seconds.map((each) => each * 1e6),
  ])
    await expect(measurePulseRate(fileOf(none), { run, rateHz })).rejects.toThrow(/no times of pulses/);
  // They are exact, however many there are of them.
  const encoder = Float64Array.from({ length: 10_000 }, (_, at) => at / 25_600);
  expect(Math.max(...(await measurePulseRate(fileOf(encoder), { run, rateHz: 51_200 })))).toBeCloseTo(
    60 * 25_600,
    3,
  );
  const clock = Float64Array.from({ length: 5000 }, (_, at) => at / rateHz);
  await expect(measurePulseRate(fileOf(clock), { run, rateHz })).rejects.toThrow(/as a clock does/);
});

it("refuses pulses that come too fast to be counted, and those that bounce", async () => {
  const phaseOf = (at: number, hertz: number): number => ((at * hertz) / rateHz) % 1;
  const fast = Float64Array.from({ length: 20_000 }, (_, at) => (phaseOf(at, 3900) < 0.4 ? 5 : 0));
  await expect(measurePulseRate(fileOf(fast), { run, rateHz })).rejects.toThrow(/too fast to be counted/);
  const bouncing = Float64Array.from({ length: 20_000 }, (_, at) => {
    const phase = phaseOf(at, 25);
    return phase < 0.1 || (phase > 0.12 && phase < 0.2) ? 5 : 0;
  });
  await expect(measurePulseRate(fileOf(bouncing), { run, rateHz })).rejects.toThrow(/does not rise evenly/);
});

it("finds no speed in a signal that does not rise twice", async () => {
  for (const samples of [
    new Float64Array(0),
    new Float64Array(5000),
    new Float64Array(5000).fill(Number.NaN),
    Float64Array.from({ length: 5000 }, (_, at) => (at < 2000 ? 0 : 1)),
  ])
    expect(await measurePulseRate(fileOf(samples), { run, rateHz })).toEqual(new Float32Array(0));
});
