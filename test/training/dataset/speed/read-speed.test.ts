import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSpeed } from "../../../../src/training/dataset/speed/read-speed.ts";
import { meanSpeed } from "../../../../src/training/dataset/speed/recorded-speed.ts";
import { parseSpeedSource } from "../../../../src/training/dataset/speed/speed-source.ts";
import { encodeNpy } from "../../../cli/score/recordings.ts";
import { column, encodeMat } from "../../../support/mat-file.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeWav } from "../samples/encode-wav.ts";

const rateHz = 1000;

/** Two seconds of vibration and a speed under `name`. */
function write(name: string, speed: number): string {
  const root = createTemporaryFolder();
  const rows = Array.from({ length: 2000 }, (_, at) => `${Math.sin(at)},${speed}`);
  writeFileSync(join(root, "a.csv"), `acc [g],${name}\n${rows.join("\n")}\n`);
  return root;
}

async function read(root: string, source: unknown, file = "a.csv") {
  const parsed = parseSpeedSource(source, (detail) => {
    throw new Error(detail);
  })!;
  return readSpeed(parsed, { root, file, channel: "acc", rateHz });
}

it("has the unit that is said, else the one that the channel itself states", async () => {
  expect((await read(write("speed", 1500), "speed")).rpm[3]).toBe(1500);
  expect((await read(write("speed [Hz]", 25), "speed")).rpm[3]).toBe(1500);
  expect((await read(write("speed [1/min]", 1500), "speed")).rpm[3]).toBe(1500);
  for (const [name, value] of [
    ["speed_hz", 25],
    ["shaft_RPS", 25],
    ["speed_rpm", 1500],
    ["rpm", 1500],
    ["speed_m", 1500],
    ["Rpm_hz", 1500],
  ] as const) {
    expect((await read(write(name, value), name)).rpm[3]).toBe(1500);
    const samples = column(new Float64Array(2000).fill(value));
    const root = createTemporaryFolder();
    writeFileSync(join(root, "a.mat"), encodeMat({ acc: samples, [name]: samples }, { packed: false }));
    expect((await read(root, name, "a.mat")).rpm[3]).toBe(1500);
  }
  const inHz = new Float64Array(2000).fill(25);
  const root = createTemporaryFolder();
  writeFileSync(
    join(root, "a.mat"),
    encodeMat({ acc: column(inHz), shaft_speed_hz: column(inHz) }, { packed: false }),
  );
  expect((await read(root, "shaft*", "a.mat")).rpm[3]).toBe(1500);
  expect((await read(write("speed [V]", 25), { channel: "speed", unit: "hz", scale: 2 })).rpm[3]).toBe(3000);
  await expect(read(write("speed [V]", 25), "speed")).rejects.toThrow(/states its speed in V/);
});

it("says that it was told in hertz, or by pulses, and is no speed in hertz that was taken for rpm", async () => {
  const told = async (name: string, source: unknown) => (await read(write(name, 25), source)).isFromHz;
  expect(await told("speed", "speed")).toBe(false);
  expect(await told("speed_rpm", "speed_rpm")).toBe(false);
  expect(await told("speed", { channel: "speed", unit: "hz" })).toBe(true);
  expect(await told("speed [1/s]", "speed")).toBe(true);
  expect(await told("speed_hz", "speed_hz")).toBe(true);
  const root = createTemporaryFolder();
  writeFileSync(join(root, "t.csv"), `tacho\n${pulsesAt(rateHz).join("\n")}\n`);
  expect((await read(root, { file: "t.csv", rateHz, pulses: 8 })).isFromHz).toBe(true);
});

it("has the unit in the scale that is said, where its name alone speaks of another", async () => {
  expect((await read(write("speed_hz", 25), { channel: "speed_hz", scale: 60 })).rpm[3]).toBe(1500);
  expect((await read(write("speed_hz", 25), { channel: "speed_hz", unit: "hz" })).rpm[3]).toBe(1500);
});

it("is told in runs of 40 ms, or a value a run where there are fewer", async () => {
  const root = write("speed", 1500);
  expect(await read(root, "speed")).toMatchObject({ everySamples: 40, rpm: { length: 50 } });
  writeFileSync(join(root, "s.csv"), "rpm\n1500\n1600\n");
  expect(await read(root, { file: "s.csv", rateHz: 1 })).toEqual({
    everySamples: 1000,
    rpm: Float32Array.of(1500, 1600),
    isAtBegin: true,
    isFromHz: false,
  });
});

it("is not the vibration itself", async () => {
  const root = write("speed", 1500);
  await expect(read(root, "acc")).rejects.toThrow(/holds the vibration under "acc", and no speed/);
  writeFileSync(join(root, "b.npy"), encodeNpy(Float64Array.of(1, 2, 3), [3]));
  await expect(read(root, "rpm", "b.npy")).rejects.toThrow(/holds the vibration under "rpm", and no speed/);
});

it("is 0 where the shaft stands all the time, and a sensor wired the other way round is no standstill", async () => {
  for (const reading of [0, -0.2])
    expect((await read(write("speed", reading), "speed")).rpm).toEqual(new Float32Array(50));
  await expect(read(write("speed", -5), "speed")).rejects.toThrow(/holds no speed above 0 in "speed"/);
  await expect(read(write("speed", Number.NaN), "speed")).rejects.toThrow(/holds no speed above 0/);
  await expect(read(write("tacho", 5), { channel: "tacho", pulses: 1 })).rejects.toThrow(
    /holds no two pulses/,
  );
});

it("has as many values as the vibration, or a rate of its own", async () => {
  const root = createTemporaryFolder();
  const write = (values: number): void => {
    const variables = {
      acc: column(Float64Array.from({ length: 2000 }, (_, at) => Math.sin(at))),
      speed: column(new Float64Array(values).fill(1500)),
    };
    writeFileSync(join(root, "a.mat"), encodeMat(variables, { packed: false }));
  };
  for (const [values, ownHz] of [
    [500, 250],
    [4000, 2000],
    [1200, 600],
  ] as const) {
    write(values);
    await expect(read(root, "speed", "a.mat")).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringContaining(`holds ${values} values of speed in "speed" and 2000 of vibration`),
      hint: expect.stringContaining(`channel=speed,rate_hz=${ownHz} `),
    });
    const stated = await read(root, { channel: "speed", rate_hz: ownHz }, "a.mat");
    expect(stated.everySamples * stated.rpm.length).toBeGreaterThanOrEqual(2000);
  }
  write(1400);
  expect((await read(root, "speed", "a.mat")).rpm).toHaveLength(35);
});

/** A shaft at 600 rpm, eight pulses a revolution, for two seconds. */
function pulsesAt(ownHz: number, seconds = 2): Float64Array {
  return Float64Array.from({ length: seconds * ownHz }, (_, at) => (((at * 80) / ownHz) % 1 < 0.4 ? 5 : 0));
}

const acc = Float64Array.from({ length: 2000 }, (_, at) => Math.sin(at));
const tacho = { channel: "tacho", pulses: 8 };

it("is told by pulses of another rate only where that is said", async () => {
  const root = createTemporaryFolder();
  const write = (signal: Float64Array): void =>
    writeFileSync(
      join(root, "a.mat"),
      encodeMat({ acc: column(acc), tacho: column(signal) }, { packed: false }),
    );
  for (const ownHz of [16_000, 800, 1050]) {
    write(pulsesAt(ownHz));
    await expect(read(root, tacho, "a.mat")).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringContaining(`holds ${2 * ownHz} values of a tachometer in "tacho" and 2000 of`),
      hint: expect.stringMatching(
        `channel=tacho,pulses=8,rate_hz=${ownHz} .*pulses: 8, rateHz: ${ownHz}.*; ${rateHz} if they`,
      ),
    });
    const stated = await read(root, { ...tacho, rate_hz: ownHz }, "a.mat");
    expect(meanSpeed(stated)).toBeCloseTo(600, -1);
  }
  write(pulsesAt(rateHz).subarray(0, 1990));
  expect(meanSpeed(await read(root, tacho, "a.mat"))).toBeCloseTo(600, -1);
  // Times of pulses have no rate.
  write(Float64Array.from({ length: 160 }, (_, at) => at / 80));
  expect(meanSpeed(await read(root, tacho, "a.mat"))).toBeCloseTo(600, -1);
});

it("is refused where a table's column of a tachometer, or of the vibration, ends before the other", async () => {
  const root = createTemporaryFolder();
  const write = (vibration: Float64Array, speed: Float64Array): void => {
    const rows = Array.from(
      { length: Math.max(vibration.length, speed.length) },
      (_, at) => `${vibration[at] ?? ""},${speed[at] ?? ""}`,
    );
    writeFileSync(join(root, "a.csv"), `acc,tacho\n${rows.join("\n")}\n`);
  };
  write(acc, pulsesAt(800));
  await expect(read(root, tacho)).rejects.toMatchObject({
    message: expect.stringMatching(/holds 1600 values of a tachometer .* and 2000 of vibration/),
    hint: expect.stringMatching(/rate_hz=1000 .* if they were sampled together.*; 800 if both last equally/),
  });
  write(acc, pulsesAt(4000));
  await expect(read(root, tacho)).rejects.toThrow(
    /holds 8000 values of a tachometer .* and 2000 of vibration/,
  );
  // Of a speed whose sensor falls silent counts what is there.
  write(acc, new Float64Array(1200).fill(1500));
  const untilSilent = await read(root, "tacho");
  expect([...untilSilent.rpm]).toEqual([...Array(30).fill(1500), ...Array(20).fill(0)]);
  expect(meanSpeed(untilSilent)).toBe(1500);
  // Times of pulses are fewer than samples.
  write(
    acc,
    Float64Array.from({ length: 160 }, (_, at) => at / 80),
  );
  const speed = await read(root, tacho);
  expect(speed.rpm).toHaveLength(51);
  expect(meanSpeed(speed)).toBeCloseTo(600, -1);
});

it("asks for more pulses where there are the times of one or two, and for no rate", async () => {
  const root = createTemporaryFolder();
  const times = (count: number): number[] => Array.from({ length: count }, (_, at) => 0.1 * (at + 1));
  const refusal = (count: string) => ({
    code: "DATA_FORMAT",
    message: expect.stringContaining(`has ${count} and no more`),
    hint: expect.not.stringContaining("rate"),
  });
  for (const [count, words] of [
    [1, "one value"],
    [2, "2 values"],
  ] as const) {
    writeFileSync(join(root, "t.csv"), `tacho\n${times(count).join("\n")}\n`);
    await expect(read(root, { file: "t.csv", pulses: 1 })).rejects.toMatchObject(refusal(words));
    const rows = Array.from(acc, (value, at) => `${value},${times(count)[at] ?? ""}`);
    writeFileSync(join(root, "a.csv"), `acc,tacho\n${rows.join("\n")}\n`);
    await expect(read(root, tacho)).rejects.toMatchObject(refusal(words));
  }
  writeFileSync(join(root, "t.csv"), `tacho\n${times(3).join("\n")}\n`);
  expect(meanSpeed(await read(root, { file: "t.csv", pulses: 1 }))).toBeCloseTo(600, 6);
});

it("has the rate that is said, else the one that its own file states", async () => {
  const root = createTemporaryFolder();
  const signal = pulsesAt(4000);
  const counts = Int16Array.from(signal, (value) => 1000 * value);
  writeFileSync(join(root, "t.wav"), encodeWav({ kind: "pcm16", rateHz: 4000, channels: [[...counts]] }));
  const rows = Array.from(signal, (value, at) => `${(at / 4).toFixed(2)},${value}`);
  writeFileSync(join(root, "t.csv"), `time [ms],tacho\n${rows.join("\n")}\n`);
  writeFileSync(join(root, "t.npy"), encodeNpy(signal, [signal.length]));
  for (const file of ["t.wav", "t.csv"]) {
    const source = { file, pulses: 8 };
    const said = file === "t.csv" ? { ...source, channel: "tacho" } : source;
    for (const rate of [{}, { rateHz: 4000 }]) {
      const speed = await read(root, { ...said, ...rate });
      expect(speed.rpm[20]).toBeCloseTo(600, 3);
      expect(speed.everySamples * speed.rpm.length).toBeCloseTo(2000, 6);
    }
    expect((await read(root, { ...said, rateHz: 1000 })).rpm[20]).toBeCloseTo(150, 3);
  }
  await expect(read(root, { file: "t.npy", pulses: 8 })).rejects.toMatchObject({
    code: "DATA_FORMAT",
    message: expect.stringContaining("nothing says the rate of the speed in"),
    hint: expect.stringContaining("file=t.npy,rate_hz="),
  });
  // A number in a .mat may be the rate of another channel.
  const variables = { fs: column(Float64Array.of(12_800)), rpm: column(new Float64Array(20).fill(1500)) };
  writeFileSync(join(root, "s.mat"), encodeMat(variables, { packed: false }));
  const inMat = { file: "s.mat", channel: "rpm" };
  await expect(read(root, inMat)).rejects.toMatchObject({
    message: expect.stringContaining("nothing says the rate of the speed in"),
    hint: expect.stringContaining("file=s.mat,rate_hz="),
  });
  expect(await read(root, { ...inMat, rateHz: 10 })).toMatchObject({
    everySamples: 100,
    rpm: { length: 20 },
  });
  // A speed that grows evenly in a column without a name is no clock.
  const ramp = Array.from({ length: 4000 }, (_, at) => 25 + at / 4000);
  writeFileSync(join(root, "ramp.txt"), ramp.join("\n"));
  await expect(read(root, { file: "ramp.txt", unit: "hz" })).rejects.toThrow(/nothing says the rate/);
});

it("has the rate that is said, whatever a column of times seems to say", async () => {
  const root = createTemporaryFolder();
  const days = Array.from({ length: 200 }, (_, at) => `${(at / 10 / 86_400).toFixed(12)},1500`);
  for (const head of ["time,rpm", "time [s],rpm"]) {
    writeFileSync(join(root, "s.csv"), `${head}\n${days.join("\n")}\n`);
    const speed = await read(root, { file: "s.csv", channel: "rpm", rateHz: 10 });
    expect(speed).toMatchObject({ everySamples: 100, rpm: { length: 200 } });
  }
});

it("has the rate of a column of times whose unit is known, and of no other", async () => {
  const root = createTemporaryFolder();
  const readTimes = async (head: string, write: (row: number) => string) => {
    const rows = Array.from({ length: 200 }, (_, row) => `${write(row)},1500`);
    writeFileSync(join(root, "s.csv"), `${head}\n${rows.join("\n")}\n`);
    return read(root, { file: "s.csv", channel: "rpm" });
  };
  const tenHertz = { everySamples: 100, rpm: { length: 200 } };
  for (const name of ["time [s]", "seconds", "sec", "t_s"])
    expect(await readTimes(`${name},rpm`, (row) => (row / 10).toFixed(1))).toMatchObject(tenHertz);
  expect(await readTimes("timestamp_ms,rpm", (row) => `${100 * row}`)).toMatchObject(tenHertz);
  const moment = (row: number): string => new Date(Date.UTC(2026, 0, 1) + 100 * row).toISOString();
  expect(await readTimes("timestamp,rpm", moment)).toMatchObject(tenHertz);
  // Seconds, and days that would be a rate of vibration if they were seconds; a gap.
  for (const [head, write] of [
    ["time,rpm", (row: number) => (row / 10).toFixed(1)],
    ["time,rpm", (row: number) => (row / 86_400).toFixed(9)],
    ["time [s],rpm", (row: number) => ((row < 100 ? row : row + 5) / 10).toFixed(1)],
  ] as const) {
    await expect(readTimes(head, write)).rejects.toMatchObject({
      message: expect.stringContaining("nothing says the rate of the speed in"),
      hint: expect.stringContaining('as in "time [s]"'),
    });
  }
});
