import { expect, it } from "vitest";
import {
  type EvidenceAbout,
  evidenceAboutSchema,
  maxAboutBytes,
} from "../../../src/core/contract/evidence.ts";
import { createRecordingRun } from "../../../src/gateway/devices/recording.ts";
import { type EvidenceOccasion, makeEvidence } from "../../../src/gateway/evidence/make-evidence.ts";

const rateHz = 1_000;

/** Of a shaft that turns as fast as said at each second, stated ten times a second; so many seconds of it. */
function record(seconds: number, rpmAt: (second: number) => number) {
  const run = createRecordingRun(seconds * rateHz);
  const counts = new Int16Array(rateHz / 10);
  for (let tenth = 0; tenth < 10 * seconds; tenth++)
    run.accept({
      deviceId: "d",
      channel: "c",
      unit: "g",
      counts,
      firstSample: tenth * counts.length,
      timestampMs: 100 * tenth,
      sampleRateHz: rateHz,
      scale: 1,
      shaftRpm: rpmAt(tenth / 10),
    });
  return run.longest!;
}

async function describe(recording: ReturnType<typeof record>, more: Partial<EvidenceOccasion> = {}) {
  const { about } = await makeEvidence(recording, {
    kind: "alarm",
    gateway: "gw-1",
    site: "north",
    turbine: "WT01",
    component: "bearing",
    model: { name: "m", version: "1.0.0", digest: "ab".repeat(32) },
    said: { verdict: "alarm", failureModes: ["outer-race"], probability: 0.9 },
    point: { bearing: { bpfo: 3.58, bpfi: 5.41, bsf: 2.36, ftf: 0.4 }, shaftRpm: null },
    ...more,
  });
  expect(about.length).toBeLessThanOrEqual(maxAboutBytes);
  const { evidence, ...rest } = evidenceAboutSchema().parse(JSON.parse(about)) as EvidenceAbout;
  return { ...rest, speed: evidence.speed };
}

it("tells twice a second how a speed that changes goes, and its end", async () => {
  const { speed, shaftRpm } = await describe(record(2, (second) => 1_000 + 100 * second));
  expect(speed).toEqual({ everySamples: 500, rpm: [1_000, 1_050, 1_100, 1_150, 1_190] });
  expect(shaftRpm).toBeCloseTo(1_095, 6);
});

it("tells the last speed at the end, where that is between two halves of a second or before the first one", async () => {
  const rpmAt = (second: number) => 1_000 + 100 * second;
  const short = await describe(record(0.2, rpmAt));
  expect(short.speed).toEqual({ everySamples: 200, rpm: [1_000, 1_010] });
  const { speed } = await describe(record(1.2, rpmAt));
  // At 0, 0.4, 0.8 and 1.2 s, of what was stated at 0, 0.5 and 1 s and in the last block.
  expect(speed).toEqual({ everySamples: 400, rpm: [1_000, 1_040, 1_080, 1_110] });
});

it("tells no speed but the mean where it stays, or where no block knows it", async () => {
  expect((await describe(record(2, () => 1_000))).speed).toBeUndefined();
  expect((await describe(record(2, (second) => (second < 1 ? 1_000 : Number.NaN)))).speed).toBeUndefined();
});

it("tells a hundred values of the longest recording, of a shaft that turns backwards as well", async () => {
  const { speed } = await describe(record(120, (second) => -1_000.123 - second));
  expect(speed!.everySamples).toBe(1_200);
  expect(speed!.rpm).toHaveLength(101);
  expect(speed!.rpm[0]).toBe(1_000.1);
});

it("tells the lines that are no fault's as the point states them, and of a point that states none nothing", async () => {
  const machine = { bearing: { bpfo: 3.58, bpfi: 5.41, bsf: 2.36, ftf: 0.4 }, shaftRpm: null };
  const stated = { polePairs: 2, gearedShafts: [4.765, 0.21] };
  const recording = record(2, () => 1_000);
  expect(await describe(recording, { point: { ...machine, ...stated } })).toMatchObject(stated);
  expect(Object.keys(await describe(recording, { point: machine }))).not.toContain("polePairs");
  expect(Object.keys(await describe(recording, { point: machine }))).not.toContain("gearedShafts");
});

it("leaves the speed out where long names take its room", async () => {
  const long = (name: string): string => name.padEnd(256, name);
  const failureModes = Array.from({ length: 11 }, (_, index) => long(`m${index}-`));
  const changing = record(60, (second) => 1_000 + second);
  const { speed, shaftRpm } = await describe(changing, {
    said: { verdict: "alarm", failureModes, probability: 0.9 },
  });
  expect([speed, shaftRpm === undefined]).toEqual([undefined, false]);
});

it("tells the speed of the bearing's own shaft behind a gearbox, and a configured one as it is", async () => {
  const bearing = { bpfo: 3.58, bpfi: 5.41, bsf: 2.36, ftf: 0.4 };
  const point = { bearing, speedRatio: 0.1, shaftRpm: 120 };
  const told = await describe(
    record(2, (second) => 1_000 + 100 * second),
    { point },
  );
  expect(told.shaftRpm).toBeCloseTo(109.5, 6);
  expect(told.shaftRpmRange).toEqual([expect.closeTo(100), expect.closeTo(119)]);
  expect(told.speed?.rpm).toEqual([100, 105, 110, 115, 119]);
  expect(
    (
      await describe(
        record(2, () => Number.NaN),
        { point },
      )
    ).shaftRpm,
  ).toBe(120);
});
