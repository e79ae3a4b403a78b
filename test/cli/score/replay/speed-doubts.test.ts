import { expect, it } from "vitest";
import {
  listSpeedDoubts,
  listStandbyDoubts,
  measureSpeedShare,
} from "../../../../src/cli/score/replay/speed-doubts.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import type { SampleFile } from "../../../../src/training/dataset/samples/samples.ts";

const stated = { rateHz: 20_000, shaftRpm: 2000 };
const bearing = { bpfo: 7.092, bpfi: 8.908, bsf: 8.395, ftf: 0.4433 };

/** Recordings of a second in which a shaft of `shaftRpm` turns; `loudness` of its harmonics in noise of 1. */
function recordShaft(shaftRpm: number, loudness: number, recordings = 24): SampleFile[] {
  const random = createRandom(11);
  return Array.from({ length: recordings }, () => {
    const phases = Array.from({ length: 12 }, () => 2 * Math.PI * random.uniform());
    const samples = Float64Array.from({ length: 20_480 }, (_, index) => {
      const turns = ((index / stated.rateHz) * shaftRpm) / 60;
      return phases.reduce(
        (sum, phase, harmonic) => sum + loudness * Math.cos(2 * Math.PI * (harmonic + 1) * turns + phase),
        random.normal(),
      );
    });
    return {
      path: "a",
      isCounts: false,
      pieces: async function* () {
        yield samples;
      },
    };
  });
}

const plan = (files: readonly SampleFile[]) =>
  files.map((file) => ({
    point: "b1",
    description: { sidecar: { ...stated, bearing, scale: null }, channel: null },
    open: () => Promise.resolve(file),
  }));

it.each([1953, 1973, 2000, 2031])(
  "finds a shaft that turns at %d rpm where 2,000 are stated",
  async (rpm) => {
    const share = await measureSpeedShare(recordShaft(rpm, 0.05), stated);
    expect(share! * 2000).toBeGreaterThan(rpm - 3);
    expect(share! * 2000).toBeLessThan(rpm + 3);
  },
);

it("says nothing where no shaft is heard, where it turns far otherwise, or where there is little to hear", async () => {
  expect(await measureSpeedShare(recordShaft(2000, 0), stated)).toBeNull();
  expect(await measureSpeedShare(recordShaft(1620, 0.05), stated)).toBeNull();
  expect(await measureSpeedShare(recordShaft(2000, 0.05, 4), stated)).toBeNull();
  expect(await measureSpeedShare(recordShaft(2000, 0.05), { ...stated, shaftRpm: 300 })).toBeNull();
});

it("doubts a speed whose lines stand elsewhere, with both numbers", async () => {
  expect(await listSpeedDoubts(plan(recordShaft(1953, 0.05)))).toEqual([
    expect.stringMatching(
      /^b1: lines of a shaft stand at 195[234] rpm, 2\.[34] % below the stated 2000 rpm: check --shaft-rpm and --rate-hz \(20000\)/,
    ),
  ]);
});

it("doubts no speed within the slip that is searched, and none of what cannot be read", async () => {
  expect(await listSpeedDoubts(plan(recordShaft(2010, 0.05)))).toEqual([]);
  const broken = plan(recordShaft(1953, 0.05)).map((each) => {
    return { ...each, open: () => Promise.reject(new Error("gone")) };
  });
  expect(await listSpeedDoubts(broken)).toEqual([]);
});

it("asks whether a speed at which a gateway would stand by is in hertz", () => {
  const at = (point: string, shaftRpm: number) => ({
    point,
    description: { sidecar: { rateHz: 12_000, shaftRpm, bearing, scale: null }, channel: null },
  });
  expect(listStandbyDoubts([at("a", 25), at("a", 24.9), at("b", 1500)])).toEqual([
    expect.stringMatching(/^a: at 25 rpm .* is that the speed in Hz \(1500 rpm\)\?/),
  ]);
});

it("states a speed to a tenth, or to three digits where the shaft is slow", async () => {
  const slow = { rateHz: 12_000, shaftRpm: 2.991666666666667, bearing, scale: null };
  expect(listStandbyDoubts([{ point: "b1", description: { sidecar: slow, channel: null } }])[0]).toContain(
    "at 2.99 rpm a gateway",
  );
  const computed = plan(recordShaft(1953, 0.05)).map((each) => ({
    ...each,
    description: {
      sidecar: { ...stated, shaftRpm: 1999.9950000000001, bearing, scale: null },
      channel: null,
    },
  }));
  expect((await listSpeedDoubts(computed))[0]).toContain("the stated 2000 rpm:");
});
