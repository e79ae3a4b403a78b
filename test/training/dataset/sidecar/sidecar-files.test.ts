import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDescriber } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import {
  chooseChannel,
  chooseUnnamedChannel,
} from "../../../../src/training/dataset/samples/choose-channel.ts";
import { readOwnSidecar } from "../../../../src/training/dataset/sidecar/sidecar-files.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const orders = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
const geometry = { balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04 };

function write(folder: string, name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("what is known of a recording", () => {
  it("says of a motor behind an inverter how many pole pairs it has, a whole number", async () => {
    const folder = createTemporaryFolder();
    const known = { rateHz: 20_000, shaftRpm: 900, bearing: orders };
    write(folder, "a.json", { ...known, pole_pairs: 2 });
    write(folder, "b.json", { ...known, polePairs: 2.5 });
    write(folder, "c.json", known);
    const polePairsOf = async (name: string, flags = {}) =>
      (await (await createDescriber(flags)).describe(join(folder, name))).sidecar.polePairs;
    expect(await polePairsOf("a.npy")).toBe(2);
    expect(await polePairsOf("a.npy", { polePairs: 3 })).toBe(3);
    expect(await polePairsOf("c.npy")).toBeUndefined();
    await expect(polePairsOf("b.npy")).rejects.toThrow("polepairs is 2.5, no whole number");
  });

  it("says of shafts that teeth lock to the bearing's how often each turns, as a list or as a text", async () => {
    const folder = createTemporaryFolder();
    const known = { rateHz: 20_000, shaftRpm: 900, bearing: orders };
    write(folder, "a.json", { ...known, geared_shafts: [4.765, 0.21] });
    write(folder, "b.json", { ...known, gearedShafts: "4.765, 0.21" });
    write(folder, "c.json", { ...known, gearedShafts: "81/17" });
    const shaftsOf = async (name: string) =>
      (await (await createDescriber({})).describe(join(folder, name))).sidecar.gearedShafts;
    expect(await shaftsOf("a.npy")).toEqual([4.765, 0.21]);
    expect(await shaftsOf("b.npy")).toEqual([4.765, 0.21]);
    await expect(shaftsOf("c.npy")).rejects.toThrow(
      /gearedShafts is "81\/17", not 4 numbers at most, each above 0 and up to 1000/,
    );
  });

  it("comes from options, then the file of geometries, then the file beside it", async () => {
    const folder = createTemporaryFolder();
    const recording = join(folder, "rig1_a.npy");
    write(folder, "rig1_a.json", {
      rate_hz: 20_000,
      shaftRpm: 900,
      channel: "x",
      unit: "m/s^2",
      bearing: { ...orders, ftf: 0.3 },
    });
    const file = write(
      folder,
      "g.yaml",
      `"rig1_*": {bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828, rpm: 1200}\n"*": ${JSON.stringify(geometry)}\n`,
    );
    const own = await (await createDescriber({})).describe(recording);
    expect(own).toMatchObject({
      channel: "x",
      sidecar: { rateHz: 20_000, shaftRpm: 900, bearing: { ftf: 0.3 } },
    });
    expect(own.sidecar.scale).toBeCloseTo(1 / 9.80665, 9);
    const withFile = await (await createDescriber({ bearing: file })).describe(recording);
    expect(withFile.sidecar).toMatchObject({ rateHz: 20_000, shaftRpm: 1200, bearing: orders });
    const given = await (
      await createDescriber({ bearings: file, rateHz: 51_200, scale: 2, unit: "g" })
    ).describe(recording);
    expect(given.sidecar).toEqual({
      rateHz: 51_200,
      shaftRpm: 1200,
      bearing: orders,
      scale: 2,
      rateFrom: "--rate-hz",
    });
    const other = await (await createDescriber({ bearing: file, rateHz: 1, shaftRpm: 2 })).describe(
      join(folder, "b.csv"),
    );
    expect(other).toMatchObject({ channel: null, sidecar: { scale: null } });
    expect(other.sidecar.bearing.bpfo).toBeCloseTo(orders.bpfo, 2);
  });

  it("is not guessed where the file beside it is broken, or two files speak of bearings", async () => {
    const folder = createTemporaryFolder();
    write(folder, "a.json", '{"rateHz": 51200, "bearing": {"bpfo": 3.5}');
    write(folder, "b.json", "of something else {");
    const given = { bearing: orders, rateHz: 12_000, shaftRpm: 600 };
    const describer = await createDescriber(given);
    await expect(describer.describe(join(folder, "a.npy"))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/a\.json, which describes a recording, is no JSON/),
    });
    await expect(describer.describe(join(folder, "b.npy"))).resolves.toMatchObject({ channel: null });
    await expect(createDescriber({ bearing: "a.yaml", bearings: "b.yaml" })).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  it.each([
    [
      "g.csv",
      "file,Balls,Ball Diameter (mm),pitch_diameter,rate_hz,bpfo\n*.npy,9,7.94,39.04,48000,\nb.*,8,7.94,39.04,,\n",
    ],
    [
      "g.json",
      [
        { file: "*.npy", ...geometry, fs: 48_000 },
        { file: "b.*", ...geometry },
      ],
    ],
    [
      "g.yaml",
      "bearings:\n  - {file: '*.npy', balls: 9, ball_diameter_mm: 7.94, pitchDiameter: 39.04, rateHz: 48000}\n",
    ],
    ["one.yaml", "balls: 9\nball_diameter: 7.94\npitch_diameter: 39.04\nrate: 48000\n"],
  ])("is read from %s", async (name, content) => {
    const folder = createTemporaryFolder();
    const file = write(folder, name, content);
    const { sidecar } = await (await createDescriber({ bearing: file, shaftRpm: 600 })).describe("/x/a.npy");
    expect(sidecar.rateHz).toBe(48_000);
    expect(sidecar.bearing.bpfi).toBeCloseTo(orders.bpfi, 2);
  });

  it("takes one entry of many by its name", async () => {
    const folder = createTemporaryFolder();
    const file = write(folder, "g.json", { "6205": geometry, "6203": { ...geometry, balls: 8 } });
    const { sidecar } = await (
      await createDescriber({ bearing: `${file}#6203`, shaftRpm: 1, rateHz: 1 })
    ).describe("a");
    expect(sidecar.bearing.bpfo).toBeCloseTo((orders.bpfo * 8) / 9, 2);
    await expect(createDescriber({ bearing: `${file}#6299` })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringMatching(/6203, 6205/),
    });
  });

  it("passes over a JSON file about something else, and refuses one that is wrong", async () => {
    const folder = createTemporaryFolder();
    const recording = join(folder, "a.npy");
    const describer = await createDescriber({ rateHz: 1, shaftRpm: 1, bearing: orders });
    for (const other of ["[1, 2]", "{oops", { title: "a walk" }]) {
      write(folder, "a.json", other);
      expect((await describer.describe(recording)).sidecar.rateHz).toBe(1);
    }
    write(folder, "a.json", { shaftRpm: -5 });
    await expect(describer.describe(recording)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it.each([
    [{ shaftRpm: 1, bearing: orders }, /the sampling rate of .*a\.npy/],
    [{ rateHz: 1, bearing: orders }, /the shaft speed of .*a\.npy/],
    [{ rateHz: 1, shaftRpm: 1 }, /the bearing of .*a\.npy/],
  ])("must be complete", async (flags, message) => {
    const folder = createTemporaryFolder();
    write(folder, "a.npy", "");
    const describer = await createDescriber(flags);
    await expect(describer.describe(join(folder, "a.npy"))).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(message),
    });
    await expect(describer.describe(join(folder, "b.npy"))).rejects.toMatchObject({ code: "DATA_MISSING" });
  });

  it.each([
    ["a.npy", "a.json"],
    ["2004.02.12.10.32.39", "2004.02.12.10.32.39.json"],
  ])("that is missing is asked for in a file beside %s: %s", async (recording, beside) => {
    const folder = createTemporaryFolder();
    write(folder, recording, "");
    const describer = await createDescriber({ shaftRpm: 2000, bearing: orders });
    await expect(describer.describe(join(folder, recording))).rejects.toMatchObject({
      hint: `give --rate-hz, or a ${join(folder, beside)} beside the file`,
    });
  });

  it("is of the second that it is called after, not of all files of that minute", async () => {
    const folder = createTemporaryFolder();
    write(folder, "2004.02.12.10.32.39", "");
    write(folder, "2004.02.12.10.32.json", { rateHz: 1000 });
    const path = join(folder, "2004.02.12.10.32.39");
    expect(await readOwnSidecar(path)).toEqual({});
    write(folder, "2004.02.12.10.32.39.json", { rateHz: 20_480 });
    expect(await readOwnSidecar(path)).toMatchObject({ rateHz: 20_480 });
  });
});

describe("a channel", () => {
  it("is a name, a pattern, or an index, and nothing that may be two", () => {
    const names = ["X097_DE_time", "X097_FE_time", "2"];
    expect(chooseChannel("f", names, "X097_FE_time")).toBe(1);
    expect(chooseChannel("f", names, "*DE*")).toBe(0);
    expect(chooseChannel("f", names, "2")).toBe(2);
    expect(chooseChannel("f", names, "1")).toBe(1);
    expect(chooseChannel("f", ["only"], null)).toBe(0);
    for (const wrong of [null, "*_time", "DE", "9"]) {
      expect(() => chooseChannel("f", names, wrong)).toThrow(expect.objectContaining({ code: "USAGE" }));
    }
  });

  it("without a name is meant by any name where it is the only one", () => {
    expect(chooseUnnamedChannel("f", 1, "accel")).toBe(0);
    expect(chooseUnnamedChannel("f", 2, "1")).toBe(1);
    expect(() => chooseUnnamedChannel("f", 1, "1")).toThrow(/no channel "1"/);
    expect(() => chooseUnnamedChannel("f", 2, "accel")).toThrow(/no channel "accel"/);
  });
});
