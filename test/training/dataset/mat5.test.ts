import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { listMatArrays, readMatNumbers } from "../../../src/training/dataset/mat5.ts";
import { openMatSamples } from "../../../src/training/dataset/samples/mat-samples.ts";
import { column, encodeMat, type MatData, type MatValue } from "../../support/mat-file.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

function write(bytes: Uint8Array): string {
  const path = join(createTemporaryFolder(), "a.mat");
  writeFileSync(path, bytes);
  return path;
}

/** Every array of the file by name, all numbers read. */
async function readAll(
  path: string,
): Promise<Map<string, { dimensions: readonly number[]; values: number[] }>> {
  const found = new Map<string, { dimensions: readonly number[]; values: number[] }>();
  for (const array of await listMatArrays(path)) {
    const values: number[] = [];
    for await (const piece of readMatNumbers(path, array)) values.push(...piece);
    found.set(array.name, { dimensions: array.dimensions, values });
  }
  return found;
}

const ramp = Float64Array.from({ length: 20_000 }, (_, index) => Math.sin(index));
const nested: Record<string, MatValue> = {
  X097_DE_time: column(ramp),
  X097RPM: column(Uint16Array.of(1797)),
  bearing: {
    kind: "struct",
    fields: {
      sr: column(Int32Array.of(48_828)),
      gs: column(Float32Array.of(1, 2, 3)),
      empty: column(new Float64Array(0)),
    },
  },
  runs: {
    kind: "cell",
    items: [column(Int16Array.of(-5, 6)), { kind: "struct", fields: { x: column(Int8Array.of(7)) } }],
  },
};

describe("MAT-files of level 5", () => {
  for (const little of [true, false])
    for (const packed of [true, false])
      it(`are read with structs and cells, ${little ? "little" : "big"} endian, ${packed ? "packed" : "plain"}`, async () => {
        const found = await readAll(write(encodeMat(nested, { little, packed })));
        expect([...found.keys()]).toEqual([
          "X097_DE_time",
          "X097RPM",
          "bearing.sr",
          "bearing.gs",
          "runs{1}",
          "runs{2}.x",
        ]);
        expect(found.get("X097_DE_time")).toEqual({ dimensions: [20_000, 1], values: Array.from(ramp) });
        expect(found.get("X097RPM")!.values).toEqual([1797]);
        expect(found.get("bearing.gs")!.values).toEqual([1, 2, 3]);
        expect(found.get("runs{1}")!.values).toEqual([-5, 6]);
        expect(found.get("runs{2}.x")!.values).toEqual([7]);
      });

  it.each([true, false])("know what a text beside numbers calls them, little endian: %s", async (little) => {
    const named = (text: string, wide: boolean, data: Float64Array) => ({
      kind: "struct" as const,
      fields: {
        Name: { kind: "text" as const, text, wide },
        Raster: { kind: "text" as const, text: "HostService", wide },
        Data: column(data),
      },
    });
    const data = Float64Array.from({ length: 300 }, (_, at) => at);
    const file = write(
      encodeMat(
        {
          Y: {
            kind: "cell",
            items: [
              named("vibration_1", true, data),
              named(
                "rpm",
                false,
                data.map((value) => -value),
              ),
            ],
          },
          plain: named("", true, data),
        },
        { little, packed: little },
      ),
    );
    expect((await listMatArrays(file)).map(({ name, label }) => [name, label])).toEqual([
      ["Y{1}.Data", "vibration_1"],
      ["Y{2}.Data", "rpm"],
      ["plain.Data", undefined],
    ]);
    const twice = write(encodeMat({ a: named("acc", true, data), b: named("acc", true, data) }));
    await expect(openMatSamples(twice, "acc")).rejects.toMatchObject({
      hint: expect.stringContaining("a.Data, b.Data"),
    });
    for (const place of ["Y{1}.Data", "*1}.Data"]) {
      for await (const piece of (await openMatSamples(file, place)).pieces()) expect(piece[7]).toBe(7);
    }
    const { pieces } = await openMatSamples(file, "rpm");
    for await (const piece of pieces()) expect(piece[7]).toBe(-7);
    await expect(openMatSamples(file, null)).rejects.toMatchObject({
      hint: expect.stringContaining("vibration_1, rpm, plain.Data"),
    });
  });

  it("give back every number of every type", async () => {
    const numbers = fc.oneof(
      ...[
        Int8Array,
        Uint8Array,
        Int16Array,
        Uint16Array,
        Int32Array,
        Uint32Array,
        Float32Array,
        Float64Array,
      ].map((Numbers) =>
        fc
          .array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 40 })
          .map((values): MatData => Numbers.from(values)),
      ),
    );
    const path = write(new Uint8Array());
    await fc.assert(
      fc.asyncProperty(
        numbers,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        async (data, little, packed, asDouble) => {
          writeFileSync(path, encodeMat({ v: column(data), w: column(data) }, { little, packed, asDouble }));
          const found = await readAll(path);
          for (const name of ["v", "w"]) expect(found.get(name)!.values).toEqual(Array.from(data));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("that are damaged give an error or numbers, never anything else", async () => {
    const path = write(new Uint8Array());
    const whole = [false, true].map((packed) =>
      encodeMat({ ...nested, X097_DE_time: column(ramp.slice(0, 40)) }, { packed }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...whole),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
        fc.option(fc.nat()),
        async (bytes, changes, cut) => {
          const broken = Buffer.from(bytes);
          for (const [at, value] of changes) broken[at % broken.length] = value;
          writeFileSync(path, cut === null ? broken : broken.subarray(0, cut % broken.length));
          const error: unknown = await readAll(path).then(
            () => null,
            (caught: unknown) => caught,
          );
          if (error !== null && !hasErrorCode(error, "DATA_FORMAT")) throw error;
        },
      ),
      { numRuns: 400 },
    );
  });

  const u32 = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
  const plain = encodeMat({ v: column(ramp) });
  const head = plain.subarray(0, 128);
  // A struct whose one field claims 3.9 GB, packed to nothing.
  const name = [(1 << 16) | 1, 97];
  const field = [14, 0xf0000000, 6, 8, 6, 0, 5, 8, 0x1d000000, 1, ...name, 9, 0xe8000000];
  const claim = u32(
    14,
    0xfffffff0,
    6,
    8,
    2,
    0,
    5,
    8,
    1,
    1,
    ...name,
    (4 << 16) | 5,
    32,
    1,
    32,
    ...new Array<number>(8).fill(120),
    ...field,
  );
  const bomb = deflateSync(Buffer.concat([claim, Buffer.alloc(50_000_000)]));
  it.each([
    ["cut off", plain.subarray(0, 5000), /has an element of \d+ bytes at byte 128/],
    ["of level 7.3", Buffer.concat([Buffer.from("MATLAB 7.3 MAT-file"), Buffer.alloc(600)]), /7\.3 \(HDF5\)/],
    ["no MAT-file", Buffer.from("time,accel\n"), /does not begin like a MAT-file/],
    [
      "with a count that is a lie",
      patch(plain, 128 + 8 + 16 + 8, 70_000_000),
      /holds 160000 bytes of type 9/,
    ],
    ["with a negative size", patch(plain, 128 + 8 + 16 + 8, -5), /an array of the size -5×1/],
    [
      "packed without end",
      Buffer.concat([head, u32(15, bomb.length), bomb]),
      /holds more than 2147483648 bytes/,
    ],
    ["packed nonsense", Buffer.concat([head, u32(15, 8), Buffer.alloc(8, 7)]), /does not unpack/],
  ])("are refused: %s", async (_, bytes, message) => {
    await expect(readAll(write(bytes))).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  const python = ["python3", "/usr/bin/python3"].find(
    (each) => spawnSync(each, ["-c", "import scipy.io"]).status === 0,
  );
  it.skipIf(python === undefined)("are read as SciPy writes them", async () => {
    const folder = createTemporaryFolder();
    const script = [
      "import scipy.io as s, numpy as n",
      "x = n.arange(3000.)",
      "for name, packed in (('a', True), ('b', False)):",
      "    s.savemat(name + '.mat', {'v': x, 'm': x.astype('i2').reshape(2, -1), 't': 'text', 'z': x[:3] + 1j, 'b': {'gs': x[:, None], 'on': True}}, do_compression=packed)",
    ].join("\n");
    execFileSync(python!, ["-c", script], { cwd: folder });
    for (const name of ["a.mat", "b.mat"]) {
      const found = await readAll(join(folder, name));
      expect(found.get("v")!.values).toEqual(Array.from({ length: 3000 }, (_, index) => index));
      expect(found.get("m")).toMatchObject({
        dimensions: [2, 1500],
        values: expect.arrayContaining([0, 1500]),
      });
      expect(found.get("m")!.values.slice(0, 4)).toEqual([0, 1500, 1, 1501]);
      expect(found.get("b.gs")!.dimensions).toEqual([3000, 1]);
      expect(readFileSync(join(folder, name)).length).toBeGreaterThan(100);
    }
  });
});

function patch(bytes: Buffer, at: number, value: number): Buffer {
  const out = Buffer.from(bytes);
  out.writeInt32LE(value, at);
  return out;
}
