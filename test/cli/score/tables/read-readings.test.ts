import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { readReadings, usualColumns } from "../../../../src/cli/score/tables/read-readings.ts";
import { encodeParquet } from "../../../support/parquet-file.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const table = {
  time: Float64Array.from({ length: 300 }, (_, row) => Date.UTC(2020, 0, 1) + row * 600_000),
  power: Float64Array.from({ length: 300 }, (_, row) => row / 7),
};

async function readPower(pack: (page: Buffer) => Buffer): Promise<number[]> {
  const path = join(createTemporaryFolder(), "T1.parquet");
  writeFileSync(path, encodeParquet(table, 100, pack));
  const { readings } = await readReadings(path, {
    ...usualColumns,
    channels: new Map([["power", [{ name: "power", unit: "kW", convert: null }]]]),
  });
  return [...readings.get("power")!];
}

it("a table packed with gzip is read, and refused where a page's sum is wrong", async () => {
  expect(await readPower(gzipSync)).toEqual([...table.power]);
  const damage = (page: Buffer): Buffer => {
    const packed = gzipSync(page);
    // The last eight bytes are sum and length.
    packed[packed.length - 8]! ^= 1;
    return packed;
  };
  await expect(readPower(damage)).rejects.toMatchObject({
    code: "DATA_FORMAT",
    message: expect.stringMatching(/is no Parquet table that can be read/),
  });
});
