import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSampleFile } from "../../../src/training/dataset/samples/sample-file.ts";
import { column, encodeMat } from "../../support/mat-file.ts";
import { encodeParquet } from "../../support/parquet-file.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { encodeNpy } from "./recordings.ts";

function write(name: string, bytes: string | Uint8Array): string {
  const path = join(createTemporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

async function readAll(path: string, channel: string | null): Promise<number[]> {
  const all: number[] = [];
  for await (const piece of (await openSampleFile(path, channel)).pieces()) all.push(...piece);
  return all;
}

const rows = ["0.1,1.5", "0.2,2.5", "0.3,3.5", "0.4,4.5"].join("\n");
const own = [1.5, 2.5, 3.5, 4.5];

describe("text as strangers write it", () => {
  it.each([
    ["a name whose unit is left out", `Time [s],Accel [g]\n${rows}\n`, "accel", own],
    ["the same with other brackets", `Time (s),acc_x (m/s^2)\n${rows}\n`, "acc_x", own],
    ["a line of units below the names", `Time,Accel\n[s],[g]\n${rows}\n`, "accel", own],
    ["units without brackets", `Time,Accel\ns,m/s2\n${rows}\n`, "accel", own],
    ["comments above the names", `# rig 7\n# rate 25600\ntime,accel\n${rows}\n`, "accel", own],
    ["names as numpy.savetxt writes them", `# time,accel\n${rows}\n`, "accel", own],
    ["lines about the rig", `Operator: Smith\nRate: 25600 Hz\n\ntime,accel\n${rows}\n`, "accel", own],
    ["lines about the rig of as many fields", `Rig,7\nRate,25600\ntime,accel\n${rows}\n`, "accel", own],
    ["times that are no numbers, and no names", rows.replaceAll(/^/gm, "12:00:0"), "1", own],
    [
      "decimal commas between tabs",
      `t\taccel\n${rows.replaceAll(",", "\t").replaceAll(".", ",")}\n`,
      "accel",
      own,
    ],
    [
      "a single column of decimal commas below its name",
      "accel\n1,5\n-2,25\n0,125\n7,0\n",
      null,
      [1.5, -2.25, 0.125, 7],
    ],
    ["a single column of decimal commas", "1,5\n-2,25\n0,025\n7,0\n", null, [1.5, -2.25, 0.025, 7]],
    ["two columns of whole numbers", "1,5\n2,25\n0,125\n7,0\n", "0", [1, 2, 0, 7]],
    ["infinities as NumPy writes them", "inf\n-inf\n1\nnan\n", null, [Infinity, -Infinity, 1, Number.NaN]],
  ])("is read: %s", async (_, text, channel, expected) => {
    expect(await readAll(write("a.csv", text), channel)).toEqual(expected);
  });

  it.each([
    [
      "a first line of fewer numbers",
      `1\n${rows}\n`,
      "0",
      /line 2: 2 fields, expected 1|line 2: .* not a number/,
    ],
    ["names alone", "time,accel\n", "accel", /line 1: no number follows/],
    ["comments alone", "# nothing\n", null, /no number follows/],
    ["UTF-16", Buffer.from("accel\n1\n2\n", "utf16le"), null, /no text in UTF-8/],
    ["bytes of another format", encodeNpy(Float32Array.of(1, 2, 3), [3]), null, /no text in UTF-8/],
  ])("is refused: %s", async (_, bytes, channel, message) => {
    await expect(readAll(write("a.csv", bytes), channel)).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  it("asks for a channel by its index where columns have no names", async () => {
    await expect(readAll(write("a.csv", rows), null)).rejects.toMatchObject({
      code: "USAGE",
      hint: "give --channel with an index from 0: 0, 1",
    });
  });
});

describe("a file of another name", () => {
  const samples = Float32Array.from({ length: 400 }, (_, index) => index / 8);
  it.each([
    ["npy", encodeNpy(samples, [400])],
    ["mat", encodeMat({ accel: column(samples) }, { packed: false })],
    ["parquet", encodeParquet({ accel: Int16Array.from(samples, (value) => 8 * value) }, 100)],
    ["text below a name", `accel\n${samples.join("\n")}\n`],
  ])("is known by what is in it: %s", async (_, bytes) => {
    expect(await readAll(write("recording", bytes), null)).toHaveLength(400);
  });

  it("that is packed is said to be so", async () => {
    await expect(readAll(write("a.csv.gz", Uint8Array.of(0x1f, 0x8b, 8, 0)), null)).rejects.toMatchObject({
      code: "DATA_FORMAT",
      hint: expect.stringMatching(/unpack it first/),
    });
  });
});
