import { expect, it } from "vitest";
import { createBeginning } from "../../../../src/cli/score/recordings/beginning.ts";
import { measureSpeedShare } from "../../../../src/cli/score/recordings/measure-speed.ts";
import { listSpeedDoubts } from "../../../../src/cli/score/recordings/speed-doubts.ts";
import { listStandbyDoubts } from "../../../../src/cli/score/recordings/standby-doubts.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import type { SampleFile } from "../../../../src/training/dataset/samples/samples.ts";

const stated = { rateHz: 20_000, shaftRpm: 2000 };
const bearing = { bpfo: 7.092, bpfi: 8.908, bsf: 8.395, ftf: 0.4433 };

/** A cosine; the noise's deviation is 1. */
interface Tone {
  readonly hertz: number;
  readonly loudness: number;
}

/** Recordings of tones in noise of 1, of `seconds` each. */
function recordTones(
  tones: readonly Tone[],
  { seconds, recordings }: { seconds: number; recordings: number },
) {
  return recordEach(
    Array.from({ length: recordings }, () => tones),
    seconds,
  );
}

/** A recording of each list of tones. */
function recordEach(lists: readonly (readonly Tone[])[], seconds: number) {
  const random = createRandom(7);
  return lists.map((tones): SampleFile => {
    const samples = Float64Array.from({ length: seconds * stated.rateHz }, () => random.normal());
    for (const { hertz, loudness } of tones) {
      const phase = 2 * Math.PI * random.uniform();
      const turn = (2 * Math.PI * hertz) / stated.rateHz;
      for (let at = 0; at < samples.length; at++) samples[at]! += loudness * Math.cos(turn * at + phase);
    }
    return {
      path: "a",
      isCounts: false,
      pieces: async function* () {
        yield samples;
      },
    };
  });
}

const shaftOf = (rpm: number, ...orders: readonly number[]): Tone[] =>
  orders.map((order) => ({ hertz: (rpm / 60) * order, loudness: 0.3 }));
const mainsOf = (hertz: number): Tone[] =>
  [1, 2, 3, 4, 5, 6, 8, 10, 12].map((multiple) => ({ hertz: hertz * multiple, loudness: 0.5 }));

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

const hourMs = (index: number): number => Date.UTC(2026, 0, 1) + index * 3_600_000;

const plan = (files: readonly SampleFile[], shaftRpm: number | readonly number[] = stated.shaftRpm) =>
  files.map((file, index) => ({
    point: "b1",
    timeMs: hourMs(index),
    description: {
      sidecar: {
        ...stated,
        shaftRpm: typeof shaftRpm === "number" ? shaftRpm : shaftRpm[index]!,
        bearing,
        scale: null,
      },
      channel: null,
    },
    open: () => Promise.resolve(file),
  }));

const listDoubts = (recordings: ReturnType<typeof plan>, ...alarms: readonly number[]) =>
  listSpeedDoubts(recordings, () => alarms.map(hourMs));

const listen = (files: readonly SampleFile[], shaftRpm = stated.shaftRpm) =>
  measureSpeedShare(
    files.map((file) => ({ beginning: createBeginning(file), shaftRpm })),
    stated.rateHz,
  );

it.each([1953, 1973, 2000, 2031])(
  "finds a shaft that turns at %d rpm where 2,000 are stated",
  async (rpm) => {
    const share = await listen(recordShaft(rpm, 0.05));
    expect(share! * 2000).toBeGreaterThan(rpm - 3);
    expect(share! * 2000).toBeLessThan(rpm + 3);
  },
);

it("says nothing where no shaft is heard, where it turns far otherwise, or where there is little to hear", async () => {
  expect(await listen(recordShaft(2000, 0))).toBeNull();
  expect(await listen(recordShaft(1200, 0.05))).toBeNull();
  expect(await listen(recordShaft(2000, 0.05, 4))).toBeNull();
  expect(await listen(recordShaft(2000, 0.05), 300)).toBeNull();
});

it("doubts a speed whose lines stand elsewhere, with both numbers", async () => {
  expect(await listDoubts(plan(recordShaft(1953, 0.05)))).toEqual([
    expect.stringMatching(
      /^b1: lines of a shaft stand at 195[234] rpm, 2\.[34] % below the stated 2000 rpm: check --shaft-rpm and --rate-hz \(20000\)/,
    ),
  ]);
});

it("doubts no speed within the slip that is searched, and none of what cannot be read", async () => {
  expect(await listDoubts(plan(recordShaft(2010, 0.05)))).toEqual([]);
  const broken = plan(recordShaft(1953, 0.05)).map((each) => {
    return { ...each, open: () => Promise.reject(new Error("gone")) };
  });
  expect(await listDoubts(broken)).toEqual([]);
});

it("asks whether a speed at which a gateway would stand by is in hertz", () => {
  const at = (point: string, shaftRpm: number) => ({
    point,
    description: { sidecar: { rateHz: 12_000, shaftRpm, bearing, scale: null }, channel: null },
  });
  expect(listStandbyDoubts([at("a", 25), at("a", 24.9), at("b", 1500)])).toEqual([
    expect.stringMatching(/^a: at 25 rpm .* is that the speed in Hz \(1500 rpm\)\?/),
  ]);
  const { sidecar } = at("a", 25).description;
  const toldAs = (isFromHz: boolean) => {
    const speed = { everySamples: 1, rpm: Float32Array.of(25), isFromHz };
    return { point: "a", description: { sidecar: { ...sidecar, speed }, channel: null } };
  };
  expect(listStandbyDoubts([toldAs(true), toldAs(false)])[0]).toContain("in Hz");
  expect(listStandbyDoubts([toldAs(true)])).toEqual([
    "a: at 25 rpm a gateway with its defaults takes the turbine to stand by and decides nothing; a shaft that is as slow needs a lower operation.standbyBelowRpm",
  ]);
});

const fewLong = { seconds: 3, recordings: 8 };

it.each([
  ["two poles on 50 Hz", 2950, 50],
  ["four poles on 50 Hz", 1475, 50],
  ["two poles on 60 Hz", 3540, 60],
  ["four poles on 60 Hz", 1770, 60],
])("takes no hum for a shaft: %s", async (_, rpm, hertz) => {
  const files = recordTones([...shaftOf(rpm, 1, 2, 3, 4, 5), ...mainsOf(hertz)], fewLong);
  expect(await listDoubts(plan(files, rpm))).toEqual([]);
  const silent = recordTones(mainsOf(hertz), fewLong);
  expect(await listDoubts(plan(silent, rpm))).toEqual([]);
  const wrong = await listDoubts(plan(files, rpm * 1.03));
  expect(wrong).toHaveLength(1);
  expect(Math.abs(Number(/stand at (\d+) rpm/.exec(wrong[0]!)![1]) - rpm)).toBeLessThan(4);
});

it("takes side bands of a gear, and lines of a bearing, for no shaft, and hears the shaft beside them", async () => {
  const gear = [26.63, 27, 27.37, 53.63, 54, 54.37].flatMap((order) => shaftOf(1765, order));
  const outer = [3.05, 6.1, 9.15, 12.2, 15.25].flatMap((order) => shaftOf(1765, order));
  const alone = recordTones([...gear, ...outer], fewLong);
  expect(await listDoubts(plan(alone, 1765))).toEqual([]);
  const beside = recordTones([...shaftOf(1765, 1, 2), ...gear, ...outer], fewLong);
  expect(await listDoubts(plan(beside, 1765))).toEqual([]);
  expect(await listDoubts(plan(beside, 1712))).toEqual([expect.stringMatching(/stand at 176[456] rpm/)]);
  expect(await listDoubts(plan(beside, 1818))).toEqual([expect.stringMatching(/stand at 176[456] rpm/)]);
});

it("says nothing where a second machine turns at another speed nearby", async () => {
  const both = recordTones([...shaftOf(1765, 1, 2), ...shaftOf(1812, 1, 2, 3)], fewLong);
  expect(await listDoubts(plan(both, 1765))).toEqual([]);
  expect(await listDoubts(plan(both, 1790))).toEqual([]);
});

it("hears one long recording as well as many", async () => {
  const long = recordTones(shaftOf(1765, 1, 2, 3), { seconds: 12, recordings: 1 });
  expect(await listDoubts(plan(long, 1812))).toEqual([expect.stringMatching(/stand at 176[456] rpm/)]);
  expect(await listDoubts(plan(long, 1765))).toEqual([]);
  const short = recordTones(shaftOf(1765, 1, 2, 3), { seconds: 1, recordings: 1 });
  expect(await listDoubts(plan(short, 1812))).toEqual([]);
});

it("states a speed to a tenth, or to three digits where the shaft is slow", async () => {
  const slow = { rateHz: 12_000, shaftRpm: 2.991666666666667, bearing, scale: null };
  expect(listStandbyDoubts([{ point: "b1", description: { sidecar: slow, channel: null } }])[0]).toContain(
    "at 2.99 rpm a gateway",
  );
  const long = recordTones(shaftOf(1953, 1, 2, 3), { seconds: 12, recordings: 1 });
  expect((await listDoubts(plan(long, 1999.9950000000001)))[0]).toContain("the stated 2000 rpm:");
});

it.each([1200, 1350, 1750, 1900])(
  "doubts %d rpm where the harmonics of 1,500 rpm stand, and none at it",
  async (rpm) => {
    const [doubt, ...more] = await listDoubts(plan(recordTones(shaftOf(1500, 1, 2, 3, 4), fewLong), rpm));
    expect(more).toEqual([]);
    const share = (1500 / rpm).toFixed(3);
    expect(doubt).toContain(
      `lines of a shaft stand at 1500 rpm, ${share} times the stated ${rpm} rpm, where none stands`,
    );
  },
);

it.each<[string, readonly Tone[], number]>([
  ["lines stand at the stated speed as well", [...shaftOf(1500, 1, 2, 3, 4), ...shaftOf(1750, 1)], 1750],
  ["a harmonic of the stated speed alone stands", [...shaftOf(1500, 1, 2, 3, 4), ...shaftOf(1750, 2)], 1750],
  [
    "a motor drives by a belt: two of its harmonics, and the belt's",
    [...shaftOf(1776, 0.25, 1, 2), ...mainsOf(60)],
    2000,
  ],
  ["there is nothing but hum", mainsOf(50), 2600],
  ["there is a gear's mesh with side bands", [22.1, 23, 23.9].flatMap((order) => shaftOf(1500, order)), 1700],
  ["there are two other shafts", [...shaftOf(1500, 1, 2, 3), ...shaftOf(2100, 1, 2, 3)], 1750],
  ["another thing is louder", [...shaftOf(1500, 1, 2, 3, 4), { hertz: 41, loudness: 1 }], 1750],
])("doubts no speed far off where %s", async (_, tones, rpm) => {
  expect(await listDoubts(plan(recordTones(tones, fewLong), rpm))).toEqual([]);
});

/** Speeds from recording to recording, between 1,600 and 2,000 rpm. */
const wandering = Array.from({ length: 24 }, (_, index) => 1800 + 200 * Math.sin(1.3 * index));
const loudShaftOf = (rpm: number): Tone[] =>
  [1, 2, 3, 4].map((order) => ({ hertz: (rpm / 60) * order, loudness: 1 }));

it("doubts speeds that are stated of each recording, by the share by which all are off, whatever the mains hum", async () => {
  const files = recordEach(
    wandering.map((rpm) => [...shaftOf(rpm, 1, 2, 3), ...mainsOf(50)]),
    2,
  );
  expect(await listDoubts(plan(files, wandering))).toEqual([]);
  const wrong = wandering.map((rpm) => rpm * 1.03);
  expect(await listDoubts(plan(files, wrong))).toEqual([
    expect.stringMatching(
      /^b1: lines of a shaft stand at 0\.97[01] times the stated speed \(1800 for 1854 rpm, for one\): check the speed of each and --rate-hz \(20000\)/,
    ),
  ]);
});

it("doubts the speed of the last recordings, and of those from an alarm on, once", async () => {
  const speeds = (...lengths: readonly [number, number][]) =>
    lengths.flatMap(([rpm, length]) => Array.from({ length }, () => shaftOf(rpm, 1, 2, 3)));
  const changed = recordEach(speeds([2000, 24], [1950, 60]), 1);
  const last = "2026-01-03T12:00:00Z";
  expect(await listDoubts(plan(changed))).toEqual([
    expect.stringMatching(`^b1: from ${last} on lines of a shaft stand at 19[45]\\d rpm, 2.\\d % below`),
  ]);
  expect(await listDoubts(plan(changed), 30, 40)).toEqual([
    expect.stringMatching("^b1: from 2026-01-02T06:00:00Z on lines of a shaft stand at 19[45]\\d rpm"),
  ]);
  const back = recordEach(speeds([2000, 24], [1950, 24], [2000, 24]), 1);
  expect(await listDoubts(plan(back))).toEqual([]);
  expect(await listDoubts(plan(back), 24)).toHaveLength(1);
});

it("says that a speed varies that is stated once for all", async () => {
  const files = recordEach(wandering.map(loudShaftOf), 2);
  expect(await listDoubts(plan(files, 1800))).toEqual([
    expect.stringMatching(
      /^b1: the shaft turns at 16[0-4]\d to 19[5-9]\d rpm from recording to recording, though 1800 rpm is stated for all: give the speed of each \(shaftRpm in the entry, --speed\)/,
    ),
  ]);
  expect(await listDoubts(plan(files, wandering))).toEqual([]);
  const short = recordEach([[]], 0.01);
  expect(await listDoubts(plan([...short, ...files.slice(1)], 1800))).toHaveLength(1);
});

it("takes a second machine whose speed varies for no shaft of the first", async () => {
  for (const orders of [[1, 2, 3], [1]]) {
    const beside = recordEach(
      wandering.map((rpm) => [...loudShaftOf(rpm), ...shaftOf(1750, ...orders)]),
      2,
    );
    expect(await listDoubts(plan(beside, 1750))).toEqual([]);
  }
});
