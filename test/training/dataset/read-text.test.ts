import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readText } from "../../../src/training/dataset/read-text.ts";
import { openSampleFile } from "../../../src/training/dataset/samples/sample-file.ts";
import { readTimeColumn } from "../../../src/training/dataset/samples/time-column.ts";
import { openTableRows } from "../../../src/training/dataset/table-rows.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

function write(name: string, bytes: string | Uint8Array): string {
  const path = join(createTemporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

async function readAll(path: string): Promise<string> {
  let all = "";
  for await (const piece of readText(path)) all += piece;
  return all;
}

async function readSamples(path: string): Promise<number[]> {
  const all: number[] = [];
  for await (const piece of (await openSampleFile(path, "accel")).pieces()) all.push(...piece);
  return all;
}

async function readTable(path: string) {
  const table = await openTableRows(path);
  const rows: unknown[][] = [];
  const places: number[] = [];
  await table.read(
    table.columns.map((_, column) => column),
    (cells, place) => {
      rows.push([...cells]);
      places.push(place);
    },
  );
  return { columns: table.columns, rows, places };
}

/** More than is taken at once. */
const count = 20_000;
const text = `time [s],accel\n${Array.from({ length: count }, (_, at) => `${(at / 1000).toFixed(3)},${at}\n`).join("")}`;
/** In the text's second half lines end in another way. */
function endOtherwise(first: string, second: string): string {
  const half = text.indexOf("\n", text.length / 2);
  return text.slice(0, half).replaceAll("\n", first) + text.slice(half).replaceAll("\n", second);
}
const swapped = Buffer.from(`\ufeff${text}`, "utf16le").swap16();

it.each<readonly [string, string | Uint8Array]>([
  ["lines that end with CR alone", text.replaceAll("\n", "\r")],
  ["lines that end with CR and LF", text.replaceAll("\n", "\r\n")],
  ["lines that end with LF and CR", text.replaceAll("\n", "\n\r")],
  ["lines that end with two CR and LF", text.replaceAll("\n", "\r\r\n")],
  ["lines that end with CR alone, and later with LF too", endOtherwise("\r", "\r\n")],
  ["lines that end with LF, and later with CR alone", endOtherwise("\n", "\r")],
  ["UTF-8 with its mark", `\ufeff${text}`],
  ["UTF-16", Buffer.from(`\ufeff${text}`, "utf16le")],
  ["UTF-16 of the other byte order", swapped],
])("of recordings and of tables is read: %s", async (_, bytes) => {
  expect(await readSamples(write("a.csv", bytes))).toEqual(Array.from({ length: count }, (__, at) => at));
  expect(await readSamples(write("a.001", bytes))).toHaveLength(count);
  expect(await readTimeColumn(write("a.csv", bytes))).toMatchObject({ kind: "steady", rateHz: 1000 });
  const { columns, rows, places } = await readTable(write("a.csv", bytes));
  expect(columns).toEqual(["time [s]", "accel"]);
  expect(rows.at(-1)).toEqual(["19.999", "19999"]);
  expect([rows.length, places.at(-1)]).toEqual([count, count + 1]);
});

it("has the same ends of lines wherever it is parted", async () => {
  const ends = fc.array(fc.constantFrom("\n", "\r", "a"), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(ends, fc.nat(8), async (signs, before) => {
      // Bytes are taken by 65,536.
      const above = "x".repeat(65_536 - before);
      const [whole, parted] = await Promise.all([
        readAll(write("a.txt", signs.join(""))),
        readAll(write("a.txt", above + signs.join(""))),
      ]);
      expect(parted.slice(above.length)).toBe(whole);
    }),
  );
});

it.each([
  ["PK\x03\x04\x14\0\x06\0", "a.csv"],
  ["PK\x03\x04\x14\0\x06\0", "a.txt"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.csv"],
])("is no workbook, whatever its name: %j as %s", async (bytes, name) => {
  const path = write(name, Buffer.from(`${bytes}${"\0xl/".repeat(200)}`, "latin1"));
  const refused = {
    code: "DATA_FORMAT",
    message: expect.stringContaining("is no text, but a workbook"),
    hint: expect.stringContaining("save the sheet as CSV"),
  };
  await expect(readSamples(path)).rejects.toMatchObject(refused);
  await expect(readTable(path)).rejects.toMatchObject(refused);
});
