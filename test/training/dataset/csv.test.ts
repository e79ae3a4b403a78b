import fc from "fast-check";
import { expect, test } from "vitest";
import { csvColumn, parseCsv } from "../../../src/training/dataset/csv.ts";

const quote = (field: string): string => `"${field.replaceAll('"', '""')}"`;

test("a byte order mark, quoted commas, doubled quotes and CRLF are understood", () => {
  const table = parseCsv('\ufeffname,note\r\nT01,"a, ""b"""\r\nT02,\r\n', "x.csv");
  expect(table).toEqual({
    columns: ["name", "note"],
    lines: [2, 3],
    rows: [
      ["T01", 'a, "b"'],
      ["T02", ""],
    ],
  });
  expect(csvColumn(table, "note", "x.csv")).toBe(1);
});

test("any table of quoted fields comes back as it was written", () => {
  const row = fc.array(fc.string({ maxLength: 8 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
      const text = [["a", "b", "c"], ...rows].map((fields) => fields.map(quote).join(",")).join("\n");
      expect(parseCsv(text, "x.csv").rows).toEqual(rows);
    }),
  );
});

test.each([
  ["", /empty/],
  ["a,b\n1", /line 2: 1 fields, expected 2/],
  ["a,b\n1,2\n1,2,3", /line 3: 3 fields/],
  ["a,a\n1,2", /stands twice/],
  ['a,b\n1,"2', /quote is not closed/],
  ['a,b\n"1"x,2', /follows a closing quote/],
])("%j is refused, saying where", (text, message) => {
  expect(() => parseCsv(text, "x.csv")).toThrow(message);
});

test("a missing column is named together with those that are there", () => {
  expect(() => csvColumn(parseCsv("a\n1", "x.csv"), "b", "x.csv")).toThrow(/no column "b"/);
});
