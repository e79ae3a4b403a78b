import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { findTableForm, nameColumns } from "../../../../src/cli/score/tables/column-names.ts";
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

it("tables in local time, another layout and other units are read as the bundle's own were, and others as usual", async () => {
  const dataset = {
    kind: "scada-table",
    name: "own",
    site: "Hill",
    description: "",
    heldOutRule: "",
    period: { test: "2025-10-26", end: "2025-10-27" },
    turbines: ["WEA 1"],
    tables: [{ files: "*.csv" }],
    layout: { headerLine: 2, encoding: "windows-1252" },
    time: { column: "Zeit", form: "dd.MM.yyyy HH:mm", zone: "Europe/Berlin" },
    turbineColumn: "Anlage",
    columns: { air: { column: "Außen", unit: "degF" } },
  };
  const bundle = { files: new Map([["train.yaml", new TextEncoder().encode(JSON.stringify({ dataset }))]]) };
  const channels = [{ name: "air", unit: "degC" }];
  const known = dataset.columns;
  const own = { known, channels, form: findTableForm(bundle) };
  const folder = createTemporaryFolder();
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), Buffer.from(text, "latin1"));
    return join(folder, name);
  };
  // The hour that the clocks show twice, and a line above the names.
  const table = write(
    "own.csv",
    "Farm Hill\nAnlage;Zeit;Außen\nWEA 1;26.10.2025 02:00;50,0\nWEA 1;26.10.2025 02:50;68,0\nWEA 1;26.10.2025 02:00;32,0\nWEA 1;26.10.2025 03:00;14,0\n",
  );
  const { timeMs, turbines, readings } = await readReadings(
    table,
    await nameColumns(["air"], own, undefined),
  );
  expect(Array.from(timeMs, (time) => new Date(time).toISOString().slice(11, 16))).toEqual([
    "00:00",
    "00:50",
    "01:00",
    "02:00",
  ]);
  expect(turbines).toEqual(["WEA 1", "WEA 1", "WEA 1", "WEA 1"]);
  expect(Array.from(readings.get("air")!, Math.round)).toEqual([10, 20, 0, -10]);
  const usual = write("usual.csv", "time,air\n2025-10-26T00:00:00Z,7\n");
  const other = await readReadings(usual, await nameColumns(["air"], own, undefined));
  expect([other.turbines, ...other.readings.get("air")!]).toEqual([null, 7]);
  const names = join(folder, "columns.yaml");
  writeFileSync(names, "{ time: Zeit }");
  // Whoever names the column of times speaks of tables that are written in another way.
  await expect(readReadings(table, await nameColumns(["air"], own, names))).rejects.toMatchObject({
    code: "DATA_FORMAT",
  });
  const plain = { ...dataset, layout: undefined, time: { column: "Zeit", zone: "UTC" } };
  const usualBundle = new TextEncoder().encode(JSON.stringify({ dataset: plain }));
  expect(findTableForm({ files: new Map([["train.yaml", usualBundle]]) })).toBeUndefined();
});
