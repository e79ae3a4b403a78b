import { expect, it } from "vitest";
import { listTimeDoubts } from "../../../../src/cli/score/files/time-doubts.ts";
import { parseTime } from "../../../../src/training/dataset/parse-time.ts";

const nowMs = Date.UTC(2026, 0, 1);
const at = (file: string, statedTime: string) => ({ file, statedTime, timeMs: parseTime(statedTime) });

it("finds nothing odd in times of one kind, whether they name a zone or not", () => {
  const bare = [at("a", "2004-02-12T10:32:39"), at("b", "2004-02-12 11:32")];
  const zoned = [at("a", "2004-02-12T10:32:39Z"), at("b", "1076581959000")];
  const named = [{ file: "20040212_103239.csv", statedTime: null, timeMs: Date.UTC(2004, 1, 12) }];
  for (const recordings of [bare, zoned, named, []]) expect(listTimeDoubts(recordings, nowMs)).toEqual([]);
});

it("says which times name no zone where others do; what --from overruled does not count", () => {
  const zoned = at("a.npy", "2004-02-12T10:32:39+02:00");
  const bare = at("b.npy", "2004-02-12T11:32");
  expect(listTimeDoubts([zoned, bare], nowMs)).toEqual([
    '1 of 2 times name no zone and are taken for UTC, the first "2004-02-12T11:32" (b.npy)',
  ]);
  expect(listTimeDoubts([zoned, { ...bare, timeMs: bare.timeMs + 600_000 }], nowMs)).toEqual([]);
});

it("says what begins in the future, but for a clock that is a little ahead", () => {
  const later = { file: "b.npy", statedTime: null, timeMs: Date.UTC(2031, 1, 12) };
  const [doubt] = listTimeDoubts([at("a.npy", "2026-01-01T12:00:00Z"), later], nowMs);
  expect(doubt).toMatch(/^1 recording begins in the future, the first 2031-02-12T00:00:00Z \(b\.npy\)/);
  expect(listTimeDoubts([at("a.npy", "2026-01-01T12:00:00Z")], nowMs)).toEqual([]);
});

it("says where years lie between two recordings, and others follow one another soon", () => {
  const seconds = (from: string) =>
    Array.from({ length: 9 }, (_, index) => {
      const timeMs = Date.parse(from) + 600_000 * index;
      return { file: `${from.slice(0, 4)}-${index}.npy`, statedTime: null, timeMs };
    });
  const reset = [...seconds("2025-03-01T00:00:00Z"), ...seconds("2000-01-01T00:00:00Z")];
  expect(listTimeDoubts(reset, nowMs)).toEqual([
    expect.stringMatching(
      /^25\.2 years lie between 2000-01-01T01:20:00Z \(2000-8\.npy\) and 2025-03-01T00:00:00Z \(2025-0\.npy\): if a clock was reset/,
    ),
  ]);
  expect(listTimeDoubts(seconds("2025-03-01T00:00:00Z"), nowMs)).toEqual([]);
  // Once a year is once a year.
  const yearly = [2001, 2002, 2004, 2005].map((year) => at(`${year}.npy`, `${year}-01-01T00:00:00Z`));
  expect(listTimeDoubts(yearly, nowMs)).toEqual([]);
});
