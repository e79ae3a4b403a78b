import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBearing } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { hasErrorCode } from "../../../../src/core/contract/aurora-error.ts";
import { openSampleFile, readStatedRate } from "../../../../src/training/dataset/samples/sample-file.ts";
import { encodeNpy } from "../../../cli/score/recordings.ts";
import { column, encodeMat, type MatValue } from "../../../support/mat-file.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(createTemporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

async function readAll(path: string, channel: string | null): Promise<number[]> {
  const values: number[] = [];
  for await (const piece of (await openSampleFile(path, channel)).pieces()) {
    expect(piece.length).toBeLessThanOrEqual(32_768);
    for (const value of piece) values.push(value);
  }
  return values;
}

describe("a file of samples", () => {
  it.each([Int16Array, Float32Array, Float64Array])(
    "is read in bounded pieces, whichever row is asked for (%o)",
    async (Elements) => {
      const samples = 70_001;
      const data = new Elements(3 * samples).map((_: number, index: number) => (index % 30_011) - 15_000);
      const path = write("a.npy", encodeNpy(data, [3, samples]));
      for (const row of [0, 2]) {
        const expected = Array.from(data.subarray(row * samples, (row + 1) * samples));
        expect(await readAll(path, `${row}`)).toEqual(expected);
        expect((await openSampleFile(path, `${row}`)).isCounts).toBe(Elements === Int16Array);
      }
    },
  );

  it("is read as text whatever its name, where it holds lines of numbers", async () => {
    for (const name of ["2004.02.12.10.32.39", "record", "a.dat"]) {
      expect(await readAll(write(name, "-0.049\t1e-3\n 0.5\t2.25\n"), "1")).toEqual([1e-3, 2.25]);
    }
    for (const content of ["", "\n", "time\nnone\n", Uint8Array.of(0, 1, 49, 50, 255)]) {
      await expect(openSampleFile(write("a.dat", content), null)).rejects.toMatchObject({
        code: "DATA_FORMAT",
      });
    }
  });

  it("holds numbers as Fortran writes them, and none where Windows writes that there is none", async () => {
    expect(await readAll(write("a.dat", "1.2D-02\n-0.5d+1\n.25D0\n"), null)).toEqual([0.012, -5, 0.25]);
    const windows = ["-1.#IND", "1.#QNAN0", "1.#INF", "-1.#INF00", "1.#J", "1.#QO"];
    const rounded = ["1.#QNB", "-1.#QNBe+000", "1.#R", "1.#SNB", "1.#SO", "1.#T", "1.#IO"];
    for (const none of [...windows, "1.#INF00e+000", "-1.#IND00E+000", ...rounded]) {
      const missing = `acc\n1.5\n${none}\n2.5\n`;
      expect(await readAll(write("a.csv", missing), null)).toEqual([1.5, Number.NaN, 2.5]);
      const german = `acc;b\n1,5;0\n${none.replace(".", ",")};0\n`;
      expect(await readAll(write("a.csv", german), "acc")).toEqual([1.5, Number.NaN]);
    }
    for (const word of ["1D2", "1.#REF"]) {
      await expect(readAll(write("a.csv", `acc\n1.5\n${word}\n`), null)).rejects.toMatchObject({
        code: "DATA_FORMAT",
      });
    }
  });

  it("of another format says what helps", async () => {
    for (const [magic, hint] of [
      ["TDSm", /TDMS.*npTDMS/],
      ["\x89HDF\r\n", /HDF5.*h5py/],
      ["\x1f\x8b", /gunzip/],
      ["fLaC", /\.wav/],
      ["ARROW1\0\0", /\.parquet/],
      ["MDF     4.10", /asammdf/],
      ["\0\x01", /numpy\.fromfile/],
    ] as const) {
      const bytes = Buffer.concat([Buffer.from(magic, "latin1"), Buffer.alloc(300)]);
      await expect(openSampleFile(write("a.dat", bytes), null)).rejects.toMatchObject({
        code: "DATA_FORMAT",
        hint: expect.stringMatching(hint),
      });
    }
  });

  it("of a workbook is to be saved as text, packed or not", async () => {
    for (const [name, magic] of [
      ["a.xlsx", "PK"],
      ["a.XLS", "\xd0\xcf\x11\xe0"],
    ] as const) {
      const bytes = Buffer.concat([Buffer.from(magic, "latin1"), Buffer.alloc(300)]);
      await expect(openSampleFile(write(name, bytes), null)).rejects.toMatchObject({
        hint: expect.stringContaining("save the sheet as CSV"),
      });
    }
  });

  it("of MATLAB gives a short array to whoever names it, and to nobody else", async () => {
    const variables = {
      x: column(Float64Array.from({ length: 300 }, (_, at) => at)),
      tach: column(Float64Array.of(0.5, 1, 2)),
    };
    const path = write("a.mat", encodeMat(variables, { packed: false }));
    expect(await readAll(path, "tach")).toEqual([0.5, 1, 2]);
    expect((await readAll(path, null)).length).toBe(300);
  });

  describe("of MATLAB states its rate", () => {
    const samples = column(Float64Array.from({ length: 300 }, (_, index) => index));
    const one = (value: number): MatValue => column(Float64Array.of(value));
    const rateOf = (variables: Readonly<Record<string, MatValue>>, packed = false) =>
      readStatedRate(write("a.mat", encodeMat(variables, { packed })));

    it("as single numbers call it, in a struct as well, packed or not", async () => {
      for (const packed of [false, true]) {
        expect(await rateOf({ x: samples, Fs: one(25_600) }, packed)).toBe(25_600);
        expect(await rateOf({ sampling_rate_Hz: one(12_000), x: samples }, packed)).toBe(12_000);
      }
      const bearing = { kind: "struct", fields: { sr: one(97_656), rate: one(25), gs: samples } } as const;
      expect(await rateOf({ bearing })).toBe(97_656);
      expect(await rateOf({ fs: one(48_000), bearing: { ...bearing, fields: { sr: one(48_000) } } })).toBe(
        48_000,
      );
    });

    it("not where it is no rate, where two differ, or where it is no single number", async () => {
      expect(await rateOf({ x: samples, rate: one(25), X097RPM: one(1797) })).toBeUndefined();
      expect(await rateOf({ x: samples, fs: one(48_000), sr: one(12_000) })).toBeUndefined();
      expect(await rateOf({ x: samples, fs: samples })).toBeUndefined();
      for (const wrong of [0, -12_000, Number.NaN, Number.POSITIVE_INFINITY, 1e12]) {
        expect(await rateOf({ x: samples, fs: one(wrong) })).toBeUndefined();
      }
    });

    it("of what is there now, and fails as reading its samples does", async () => {
      const path = write("a.mat", encodeMat({ fs: one(12_000), x: samples }));
      expect(await readStatedRate(path)).toBe(12_000);
      expect(await readAll(path, null)).toHaveLength(300);
      writeFileSync(path, encodeMat({ fs: one(25_600), x: samples, y: samples }));
      expect(await readStatedRate(path)).toBe(25_600);
      writeFileSync(path, "no MATLAB");
      await expect(readStatedRate(path)).rejects.toMatchObject({ code: "DATA_FORMAT" });
      await expect(readStatedRate(`${path}.mat`)).rejects.toMatchObject({ code: "DATA_MISSING" });
    });
  });

  it("is read in either order of axes, of memory and of bytes", async () => {
    const samples = 30_000;
    const expected = Array.from({ length: samples }, (_, index) => (index % 30_011) - 15_000);
    const swapped = Int32Array.from(expected);
    Buffer.from(swapped.buffer).swap32();
    expect(await readAll(write("a.npy", encodeNpy(swapped, [samples], { descr: ">i4" })), null)).toEqual(
      expected,
    );
    const interleaved = Float32Array.from({ length: 3 * samples }, (_, at) =>
      at % 3 === 1 ? expected[Math.floor(at / 3)]! : 7,
    );
    for (const [shape, fortran] of [
      [[samples, 3], false],
      [[3, samples], true],
    ] as const) {
      expect(await readAll(write("a.npy", encodeNpy(interleaved, shape, { fortran })), "1")).toEqual(
        expected,
      );
    }
    const runs = Float64Array.from([...new Array<number>(samples).fill(7), ...expected]);
    for (const [shape, fortran] of [
      [[2, samples], false],
      [[samples, 2], true],
    ] as const) {
      expect(await readAll(write("a.npy", encodeNpy(runs, shape, { fortran })), "1")).toEqual(expected);
    }
  });

  it.each([
    ["time;accel\n0;1,5\n1;-2e3\n", null, [1.5, -2000]],
    ["9,39,39,65664,0.552,-0.146\n9,39,39,65703,0.501,-0.48\n", "4", [0.552, 0.501]],
    ["0.1\t0.2\n0.3\t0.4\n", "1", [0.2, 0.4]],
    ["  1.0   2.0\n3.0  4.0\n", "0", [1, 3]],
    ["Vibration of the bearing [g]\n1\n2\n", null, [1, 2]],
    ["Time (s),Accel\n0,5\n", "ACCEL", [5]],
  ])("is read as text however its columns are parted: %j", async (text, channel, expected) => {
    expect(await readAll(write("a.csv", text), channel)).toEqual(expected);
  });

  it("gives back every number that was written as CSV", async () => {
    const path = write("a.csv", "");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        async (values, lineEnd, hasHeader) => {
          const lines = values.map((value, index) => `${index},${value}`);
          writeFileSync(path, [...(hasHeader ? ['\ufefft,"x"'] : []), ...lines].join(lineEnd));
          // A text has no negative zero to give.
          expect(await readAll(path, hasHeader ? "x" : "1")).toEqual(values.map((value) => value + 0));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reads an empty field as a missing value", async () => {
    expect(await readAll(write("a.csv", "a,b\n1,2\n,3\nnan,4\n"), "a")).toEqual([1, Number.NaN, Number.NaN]);
  });

  it("takes blank lines among the rows for missing values, and those around them for nothing", async () => {
    const text = `\n\nx\n\n1\n\n2${"\n".repeat(10_001)}3\n\n\n`;
    const missing = new Array<number>(10_000).fill(Number.NaN);
    expect(await readAll(write("a.csv", text), null)).toEqual([1, Number.NaN, 2, ...missing, 3]);
  });

  const good = encodeNpy(Int16Array.of(1, 2, 3, 4), [2, 2]);
  it.each([
    ["a.npy", good.subarray(0, good.length - 1), "0", "DATA_FORMAT", /expected 8 bytes of data .*, got 7/],
    ["a.npy", Buffer.concat([good, good]), "0", "DATA_FORMAT", /expected 8 bytes/],
    ["a.npy", good.subarray(0, 40), "0", "DATA_FORMAT", /a header of 118 bytes, got 30/],
    ["a.npy", "x", "0", "DATA_FORMAT", /expected a \.npy file/],
    ["a.npy", "", "0", "DATA_FORMAT", /is empty: it has 0 bytes$/],
    ["a.csv", "", "0", "DATA_FORMAT", /is empty: it has 0 bytes$/],
    ["a.mat", "", "0", "DATA_FORMAT", /is empty: it has 0 bytes$/],
    ["a.wav", "", "0", "DATA_FORMAT", /is empty: it has 0 bytes$/],
    ["a.parquet", "", "0", "DATA_FORMAT", /is empty: it has 0 bytes$/],
    ["a.npy", encodeNpy(new Int16Array(0), [0]), null, "DATA_FORMAT", /expected samples, got none/],
    ["a.npy", encodeNpy(new Int16Array(0), [3, 0]), "0", "DATA_FORMAT", /expected samples, got none/],
    ["a.npy", encodeNpy(Int16Array.of(1), [1], { descr: "|O" }), null, "DATA_FORMAT", /got \|O/],
    ["a.npy", encodeNpy(Int16Array.of(1), [1], { descr: "<f2" }), null, "DATA_FORMAT", /got <f2/],
    ["a.npy", encodeNpy(Int16Array.of(1), [1, 1, 1]), null, "DATA_FORMAT", /shape \(1, 1, 1\)/],
    ["a.npy", encodeNpy(new Int16Array(70 * 70), [70, 70]), "0", "DATA_FORMAT", /1 to 64 channels/],
    ["a.npy", good, null, "USAGE", /2 channels and no --channel/],
    ["a.npy", good, "2", "USAGE", /no channel "2"/],
    ["a.csv", "a,b\n1,2\n", null, "USAGE", /2 channels and no --channel/],
    ["a.csv", "a,b\n1,2\n", "c", "USAGE", /no channel "c"/],
    ["a.csv", "a,b\n1,2\n3\n", "a", "DATA_FORMAT", /line 3: 1 fields, expected 2/],
    ["a.csv", "1\n\n2 g\n", null, "DATA_FORMAT", /line 3: "2 g" is not a number/],
    ["a.csv", "\n \n", null, "DATA_FORMAT", /the table is empty/],
    ["a.csv", "1".repeat(200_000), null, "DATA_FORMAT", /line 1: a line of more than/],
    ["a.wav", "RIFF", null, "DATA_FORMAT", /expected a whole header, got 4 bytes/],
    [
      "a.rec",
      "RIFF",
      null,
      "DATA_FORMAT",
      /neither \.npy, \.csv, \.mat, \.parquet, \.wav nor a text of numbers/,
    ],
  ])("is refused when it is wrong: %s %#", async (name, bytes, channel, code, message) => {
    const path = write(name, bytes);
    const error: unknown = await readAll(path, channel).then(
      () => null,
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), subject: path });
  });

  it("that is damaged gives a user's error or numbers, never anything else", async () => {
    const npy = encodeNpy(
      Float32Array.from({ length: 60 }, (_, index) => index / 7),
      [2, 30],
    );
    const csv = Buffer.from(
      `t,x\n${Array.from({ length: 20 }, (_, index) => `${index},${index / 3}`).join("\n")}\n`,
    );
    const paths = { npy: write("a.npy", npy), csv: write("a.csv", csv) };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("npy" as const, "csv" as const),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
        fc.option(fc.nat()),
        async (format, changes, cut) => {
          const broken = Buffer.from(format === "npy" ? npy : csv);
          for (const [at, value] of changes) broken[at % broken.length] = value;
          writeFileSync(paths[format], cut === null ? broken : broken.subarray(0, cut % broken.length));
          const error: unknown = await readAll(paths[format], "1").then(
            () => null,
            (caught: unknown) => caught,
          );
          if (error !== null && !hasErrorCode(error, "DATA_FORMAT") && !hasErrorCode(error, "USAGE"))
            throw error;
        },
      ),
      { numRuns: 400 },
    );
  });

  it("is told from a folder, whose files can be named, and from a pipe, which is none", async () => {
    const folder = createTemporaryFolder();
    await expect(openSampleFile(folder, null)).rejects.toMatchObject({
      hint: expect.stringContaining(`${folder}/*.npy`),
    });
    const pipe = join(folder, "pipe.npy");
    execFileSync("mkfifo", [pipe]);
    await expect(openSampleFile(pipe, null)).rejects.toMatchObject({
      code: "DATA_MISSING",
      hint: expect.stringContaining("it is a pipe"),
    });
  });

  it("is missed by name", async () => {
    const folder = createTemporaryFolder();
    await expect(openSampleFile(join(folder, "no.npy"), null)).rejects.toMatchObject({
      code: "DATA_MISSING",
    });
    await expect(openSampleFile(folder, null)).rejects.toMatchObject({ code: "DATA_MISSING" });
  });
});

describe("bearing orders on the command line", () => {
  it("are taken in any sequence", () => {
    const expected = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
    expect(readBearing("ftf=0.39828, bpfi=5.4152,bpfo=3.5848,bsf=4.7135")).toEqual(expected);
    const { ftf } = readBearing("bpfi=5.4152,bpfo=3.5848,bsf=4.7135") as typeof expected;
    expect(ftf).toBeCloseTo(expected.ftf, 4);
    // SKF 6205, whose orders the rig's tables give.
    const geometry = readBearing("balls=9,ball_diameter=7.94,pitch_diameter=39.04") as typeof expected;
    for (const [name, value] of Object.entries(expected)) {
      expect(geometry[name as "ftf"]).toBeCloseTo(value, 2);
    }
    expect(readBearing("bearings.yaml#6205")).toBe("bearings.yaml#6205");
  });

  it.each([
    "",
    "bpfo=3",
    "balls=9,ball_diameter=50,pitch_diameter=39",
    "bpfo=3,bpfi=5,bsf=4,ftf=",
    "bpfo=3,bpfi=5,bsf=4,ftf=4",
    "bpfo=3,bpfi=5,bsf=4,ftf=0.4,x=1",
    "bpfo=3,bpfi=5,bsf=4,ftf=0.4,ftf=0.3",
  ])("are refused as wrong usage: %j", (text) => {
    expect(() => readBearing(text)).toThrow(/Write each once/);
  });
});
