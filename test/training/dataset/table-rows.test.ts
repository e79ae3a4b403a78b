import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openTableRows, type TableLayout } from "../../../src/training/dataset/table-rows.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

async function readRows(bytes: string | Buffer, layout: TableLayout & { readonly maxRows?: number } = {}) {
  const path = join(createTemporaryFolder(), "table.csv");
  writeFileSync(path, bytes);
  const table = await openTableRows(path, layout);
  const rows: (readonly unknown[])[] = [];
  const places: number[] = [];
  await table.read(
    table.columns.map((_, column) => column),
    (cells, place) => {
      rows.push([...cells]);
      places.push(place);
    },
  );
  return { columns: table.columns, decimal: table.decimal, rows, places };
}

it("a text of several pieces gives every row once, each with its own line, quoted line ends included", async () => {
  const note = `"two\nlines, ${"x".repeat(200)}"`;
  const text = `time,note\n${Array.from({ length: 12_000 }, (_, row) => `${row},${note}\n`).join("")}`;
  expect(text.length).toBeGreaterThan(2_500_000);
  const { rows, places } = await readRows(text);
  expect(rows).toHaveLength(12_000);
  expect(rows.every(([time], row) => time === `${row}`)).toBe(true);
  expect(places[11_999]).toBe(2 + 2 * 11_999);
});

it("what is wrong far down in a text is named by its own line", async () => {
  const good = Array.from({ length: 200_000 }, (_, row) => `${row},1.5\n`).join("");
  await expect(readRows(`time,power\n${good}7\n`)).rejects.toMatchObject({
    code: "DATA_FORMAT",
    message: expect.stringMatching(/line 200002: 1 fields, expected 2/),
  });
});

it("lines above the names, tabs, decimal commas and other encodings are told or found", async () => {
  const exported = await readRows("# Export\n# of 2025\nZeit\tÖltemp\n1\t2,5\n", {
    headerLine: 3,
    decimal: ",",
  });
  expect(exported).toMatchObject({ columns: ["Zeit", "Öltemp"], rows: [["1", "2,5"]], places: [4] });
  const western = await readRows(Buffer.from("Zeit;Temp [°C]\n1;2,5\n", "latin1"), {
    encoding: "windows-1252",
  });
  expect(western).toMatchObject({ columns: ["Zeit", "Temp [°C]"], decimal: "," });
});

it("no more rows than were asked for are read, and a single row of many megabytes is none", async () => {
  await expect(readRows("a,b\n1,2\n3,4\n", { maxRows: 1 })).rejects.toThrow(/more than 1 rows/);
  await expect(readRows(`a,b\n"${"x".repeat(20_000_000)}`)).rejects.toThrow(/quote is not closed/);
});
