import { expect, test } from "vitest";
import { findUnfit } from "../../../src/core/contract/device/device-diagnosis.ts";
import { untold } from "../../../src/gateway/diagnosis/device-facts.ts";
import { createSpeedDoubt } from "../../../src/gateway/diagnosis/speed-doubt.ts";
import { openSloppyRig, type SloppyRig } from "../sloppy-rig.ts";

/** A device without a tachometer whose machine runs, while SCADA says this of it. */
async function listen(told: { readonly toldRpm: number; readonly toldKw?: number }) {
  const rig = await openSloppyRig();
  rig.boot();
  rig.tell({ mappedSpeed: "", ...told });
  return rig;
}

/** Is nothing known of its machine by what was found? */
const isUnfit = ({ watch: { diagnoses } }: SloppyRig): boolean =>
  findUnfit([{ device: "mcu-1", diagnoses }], "mcu-1") !== null;

const unsaid = { shaftRpm: Number.NaN };
const still = (counts: Int16Array): void => counts.set(counts.map((count) => count / 50));

test("a machine that runs at a mapped speed in Hz, or of its rotor, is asked about that within four minutes", async () => {
  const rig = await listen({ toldRpm: 25 });
  rig.stream(180, unsaid);
  expect(rig.said).toEqual([]);
  rig.stream(50, unsaid);
  expect(rig.said).toEqual([
    "speed: SCADA says 25 rpm, at which its turbine stands by, and it vibrates as one that runs: is the speed in Hz (25 Hz are 1,500 rpm), or is it another shaft's?",
  ]);
  expect(rig.watch.diagnoses[0]?.cure).toMatch(/the generator's, not the rotor's/);
  rig.tell({ mappedSpeed: "", toldRpm: -1_500 });
  rig.stream(100, unsaid);
  expect(rig.said).toEqual([]);
});

test("a machine that runs at a mapped speed of 0 is asked about it after ten minutes, though values come late now and then", async () => {
  const rig = await listen({ toldRpm: 0 });
  for (let minute = 0; minute < 12; minute++) {
    rig.tell({ mappedSpeed: "", toldRpm: 0 });
    rig.stream(50, unsaid);
    if (minute < 8) expect(rig.said).toEqual([]);
    rig.tell({ mappedSpeed: "" });
    rig.stream(10, unsaid);
  }
  expect(rig.said).toEqual([expect.stringMatching(/^speed: SCADA says 0 rpm, .* for ten minutes and more/)]);
  rig.tell({ mappedSpeed: "" });
  rig.stream(300, unsaid);
  expect(rig.said).toEqual([]);
});

test("power contradicts a standstill that a sensor cannot, whoever tells the speed", async () => {
  const rig = await listen({ toldRpm: 15, toldKw: 910 });
  rig.stream(700, { ...unsaid, fill: still });
  expect(rig.said).toEqual([
    "speed: SCADA says 15 rpm, at which its turbine stands by, while it makes 910 kW, for ten minutes and more: is the shaft still heard, or is it another shaft's?",
  ]);
  const own = await listen({ toldRpm: 1_500, toldKw: 910 });
  own.stream(700, { shaftRpm: 0, fill: still });
  expect(own.said).toEqual([expect.stringMatching(/^speed: says 0 rpm, .* while it makes 910 kW/)]);
});

test("a turbine that stands, takes power for itself, or made it until just now is asked nothing", async () => {
  for (const toldKw of [-30, 0, 30, Number.NaN]) {
    const rig = await listen({ toldRpm: 0, toldKw });
    rig.stream(700, { ...unsaid, fill: still });
    expect(rig.said).toEqual([]);
  }
  const rig = await listen({ toldRpm: 0, toldKw: 910 });
  rig.stream(500, { ...unsaid, fill: still });
  rig.tell({ mappedSpeed: "", toldRpm: 0, toldKw: -20 });
  rig.stream(700, { ...unsaid, fill: still });
  expect(rig.said).toEqual([]);
});

test("a machine at rest beside one that runs is asked about, and stands by; with power nothing is known of it", async () => {
  for (const told of [{}, { toldKw: 0 }, { toldKw: 49 }, { toldKw: 55 }]) {
    const rig = await listen({ toldRpm: 0, ...told });
    rig.stream(700, unsaid);
    expect(rig.said).toEqual([
      expect.stringMatching(/^speed: SCADA says 0 rpm, .* for ten minutes and more/),
    ]);
    expect(isUnfit(rig)).toBe(told.toldKw === 55);
    expect(rig.watch.diagnoses[0]?.cure).toMatch(
      told.toldKw === 55 ? /its meter counts what it takes as positive/ : /a machine beside it/,
    );
  }
  const own = await listen({ toldRpm: 0, toldKw: 0 });
  own.stream(700, { shaftRpm: 0 });
  expect([own.said.length, isUnfit(own)]).toEqual([1, false]);
});

test("a speed that would be one of operation in Hz says nothing of its machine, but where its turbine makes no power", async () => {
  for (const toldKw of [0, 910, Number.NaN]) {
    const rig = await listen({ toldRpm: 25, toldKw });
    rig.stream(250, unsaid);
    expect(rig.said).toEqual([expect.stringMatching(/is the speed in Hz/)]);
    expect(isUnfit(rig)).toBe(toldKw !== 0);
  }
});

test("a speed that were beyond any generator's in Hz is asked about as one in rad/s", async () => {
  const rig = await listen({ toldRpm: 157 });
  rig.stream(250, unsaid);
  expect(rig.said).toEqual([expect.stringMatching(/is the speed in rad\/s \(157 rad\/s are 1,499 rpm\)/)]);
});

test("a machine that starts, slows down or idles is asked nothing, though its speed is told late", async () => {
  const rig = await listen({ toldRpm: 150, toldKw: 0 });
  rig.stream(120, { ...unsaid, fill: still });
  rig.stream(55, unsaid);
  rig.tell({ mappedSpeed: "", toldRpm: 1_500, toldKw: 500 });
  rig.stream(60, unsaid);
  for (let told = 290; told > 0; told -= 10) {
    rig.tell({ mappedSpeed: "", toldRpm: told, toldKw: 0 });
    rig.stream(5, unsaid);
    expect(rig.said).toEqual([]);
  }
  // 150 Hz were six times as fast as it ever ran.
  rig.tell({ mappedSpeed: "", toldRpm: 150, toldKw: Number.NaN });
  rig.stream(400, unsaid);
  expect(rig.said).toEqual([]);
});

test("where values count for ten minutes a standstill is contradicted by none of before it began", () => {
  const counts = Int16Array.from({ length: 1_000 }, (_, index) => [1_000, -1_000][index % 2]!);
  const channel = { name: "accel-de", unit: "g", sampleRateHz: 1_000, scale: 0.001 };
  const doubt = createSpeedDoubt({ standbyBelowRpm: 300, dataTimeoutSeconds: 600 });
  const told = { ...untold, toldRpm: 25 };
  let askedS = 0;
  let lastingS = 0;
  for (let second = 1; second < 2_000; second++) {
    const heard = { counts, shaftRpm: Number.NaN, told, channel, rmsCounts: 1_000 };
    const isHertz = doubt.note({ ...heard, arrivedMonotonicMs: second * 1_000 });
    if (isHertz) askedS ||= second;
    if (doubt.isLasting) lastingS ||= second;
  }
  expect([askedS, lastingS]).toEqual([1_801, 1_801]);
});

test("a speed that is told to be right by now is not asked about, nor is what says nothing any more doubted by it", async () => {
  const rig = await listen({ toldRpm: 25 });
  rig.stream(230, unsaid);
  expect(isUnfit(rig)).toBe(true);
  rig.tell({ mappedSpeed: "", toldRpm: 1_500 });
  for (let second = 0; second < 60; second++) {
    rig.stream(1, unsaid);
    expect(rig.said.join()).not.toMatch(/1500 rpm/);
  }
  const quiet = await listen({ toldRpm: 25 });
  quiet.stream(230, unsaid);
  quiet.wait(20 * 60);
  expect(quiet.said.join()).toMatch(/speed: .*25 rpm/);
  expect(isUnfit(quiet)).toBe(false);
});

test("a shaft that never turned faster than standby allows is asked about after an hour, by a speed that stays, and stands by", async () => {
  for (const isOwn of [true, false]) {
    const rig = await listen({ toldRpm: isOwn ? Number.NaN : 14.2 });
    let upMs = 0;
    for (let minute = 0; minute < 70; minute += 5) {
      if (minute < 55) expect(rig.said).toEqual([]);
      rig.stream(6, { shaftRpm: isOwn ? 14.2 + minute / 100 : Number.NaN, fill: still });
      for (let step = 0; step < 60; step++) {
        rig.wait(5);
        upMs += 5_000;
        rig.send({ type: "health", uptimeMs: upMs, droppedSamples: 0, discardedBytes: 0, badFrames: 0 });
      }
    }
    rig.stream(6, { shaftRpm: isOwn ? 14.3 : Number.NaN, fill: still });
    expect(rig.said).toEqual([
      `speed: ${isOwn ? "says" : "SCADA says"} 14.2 rpm, for an hour and more and none faster since the gateway started, and below 300 rpm its turbine stands by: is the shaft as slow as that?`,
    ]);
    expect(isUnfit(rig)).toBe(false);
    expect(rig.watch.diagnoses.find(({ code }) => code === "speed")?.cure).toMatch(
      /^Nothing is decided\. If the shaft is as slow as that, write a lower operation\.standbyBelowRpm/,
    );
  }
});
