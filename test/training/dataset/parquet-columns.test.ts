import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import {
  openParquetTable,
  readParquetColumn,
  withParquetBytes,
} from "../../../src/training/dataset/parquet-columns.ts";
import { dataFolder } from "../../support/data-folder.ts";
import { encodeParquet } from "../../support/parquet-file.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

function write(bytes: Uint8Array): string {
  const path = join(createTemporaryFolder(), "a.parquet");
  writeFileSync(path, bytes);
  return path;
}

async function readColumn(path: string, column: string): Promise<number[]> {
  const values: number[] = [];
  for await (const piece of readParquetColumn(await openParquetTable(path), column)) {
    expect(piece.length).toBeLessThanOrEqual(8192);
    for (const value of piece) values.push(value);
  }
  return values;
}

const table = {
  time: Float64Array.from({ length: 25_000 }, (_, index) => index / 7),
  accel: Float64Array.from({ length: 25_000 }, (_, index) => Math.sin(index)),
  counts: Int16Array.from({ length: 25_000 }, (_, index) => index - 12_000),
  whole: Int32Array.from({ length: 25_000 }, (_, index) => index * 5),
};

describe("a Parquet file", () => {
  it("that is packed with gzip is read, and refused where a page's sum is wrong", async () => {
    expect(await readColumn(write(encodeParquet(table, 10_000, gzipSync)), "accel")).toEqual([
      ...table.accel,
    ]);
    const damaged = write(
      encodeParquet(table, 10_000, (page) => {
        const packed = gzipSync(page);
        // The last eight bytes are sum and length.
        packed[packed.length - 8]! ^= 1;
        return packed;
      }),
    );
    await expect(readColumn(damaged, "accel")).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringMatching(/cannot be read as Parquet: incorrect data check/),
    });
  });

  it.each([25_000, 10_000, 77])("gives back every column, in row groups of %d", async (groupRows) => {
    const path = write(encodeParquet(table, groupRows));
    const { columns } = await openParquetTable(path);
    expect(columns).toEqual([
      { name: "time", isInt16: false, isWhole: false },
      { name: "accel", isInt16: false, isWhole: false },
      { name: "counts", isInt16: true, isWhole: true },
      { name: "whole", isInt16: false, isWhole: true },
    ]);
    for (const [name, values] of Object.entries(table)) {
      expect(await readColumn(path, name)).toEqual(Array.from<number>(values));
    }
  });

  it("that is damaged gives an error or numbers, never anything else", async () => {
    const small = encodeParquet({ a: table.accel.slice(0, 50), b: table.counts.slice(0, 50) }, 20);
    const path = write(small);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
        fc.option(fc.nat()),
        async (changes, cut) => {
          const broken = Buffer.from(small);
          for (const [at, value] of changes) broken[at % broken.length] = value;
          writeFileSync(path, cut === null ? broken : broken.subarray(0, cut % broken.length));
          const error: unknown = await openParquetTable(path)
            .then(async (found) => {
              for (const { name } of found.columns) for await (const _ of readParquetColumn(found, name));
            })
            .then(
              () => null,
              (caught: unknown) => caught,
            );
          if (error !== null && !hasErrorCode(error, "DATA_FORMAT")) throw error;
        },
      ),
      { numRuns: 400 },
    );
  });

  it("whose reading ends while a part of it is still on its way ends nothing else", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    try {
      let part: unknown;
      const reading = withParquetBytes(write(whole), async (file) => {
        part = file.slice(2 ** 40);
        throw new Error("the reading ends first");
      });
      await expect(reading).rejects.toThrow("the reading ends first");
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
      await expect(part).rejects.toThrow(RangeError);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  it.each([
    ["more often than the table", "first", /has a row group with a wrong column first/],
    ["that the table does not have", "third", /has a row group with a wrong column third/],
  ])("is refused where a row group has a column %s", async (_, name, message) => {
    const bytes = encodeParquet({ first: table.accel, other: table.accel }, 25_000);
    // The last place is the row group's, the first the schema's.
    bytes.write(name, bytes.lastIndexOf("other"), "latin1");
    await expect(openParquetTable(write(bytes))).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  it("in which two columns have one name is read but for these, which are named", async () => {
    const bytes = encodeParquet({ first: table.accel, other: table.accel, time: table.time }, 25_000);
    for (let at = bytes.indexOf("other"); at >= 0; at = bytes.indexOf("other"))
      bytes.write("first", at, "latin1");
    const path = write(bytes);
    expect(await readColumn(path, "time")).toEqual([...table.time]);
    await expect(readColumn(path, "first")).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: `${path} has 2 columns first`,
      hint: "give each column a name of its own",
    });
  });

  const whole = encodeParquet(table, 25_000);
  it.each([
    ["cut off", whole.subarray(0, 9000), /is no complete Parquet file/],
    ["empty", Buffer.alloc(0), /is no complete Parquet file/],
    [
      "with a footer that is a lie",
      withFooterLength(whole, 0x7fffffff),
      /states a footer of 2147483655 bytes/,
    ],
  ])("is refused: %s", async (_, bytes, message) => {
    await expect(openParquetTable(write(bytes))).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  const measured = join(dataFolder, "edp", "T01_test.parquet");
  it.skipIf(!existsSync(measured))("is read as others write it, packed (needs the data folder)", async () => {
    const values = await readColumn(measured, "Gen_RPM_Avg");
    expect(values).toHaveLength(30_816);
    expect(Math.max(...values)).toBeLessThan(1700);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    const { columns } = await openParquetTable(measured);
    expect(columns).toHaveLength(49);
  });
});

function withFooterLength(bytes: Buffer, length: number): Buffer {
  const out = Buffer.from(bytes);
  out.writeUInt32LE(length, out.length - 8);
  return out;
}
