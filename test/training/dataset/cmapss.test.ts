import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { cmapssChannels, parseCmapssEngines, readCmapss } from "../../../src/training/dataset/cmapss.ts";
import { dataFolder } from "../../support/data-folder.ts";

const dataDir = join(dataFolder, "cmapss");

/** A row as the files have it, with two spaces at its end. */
function row(engine: number, cycle: number): string {
  return `${[engine, cycle, ...cmapssChannels.map((_, index) => index / 4)].join(" ")}  `;
}

test("rows become engines with their channels in order", () => {
  const text = `${[row(1, 1), row(1, 2), row(2, 1)].join("\n")}\n`;
  const [first, second] = parseCmapssEngines(text, "t", "FD001-test", [112, 98]);
  expect(first).toMatchObject({ id: "FD001-test-1", cycles: 2, remainingCycles: 112 });
  expect(second).toMatchObject({ id: "FD001-test-2", cycles: 1, remainingCycles: 98 });
  expect([...first!.values.subarray(24)]).toEqual(cmapssChannels.map((_, index) => index / 4));
});

test.each([
  ["a missing cycle", [row(1, 1), row(1, 3)], null, "line 2: engine 1, cycle 3 is out of order"],
  ["an engine that begins late", [row(1, 2)], null, "line 1: engine 1, cycle 2 is out of order"],
  ["a skipped engine", [row(1, 1), row(3, 1)], null, "line 2: engine 3, cycle 1 is out of order"],
  ["a short row", [row(1, 1), "1 2 0.5"], null, "line 2: expected 26 numbers, got 3 fields"],
  ["a word", [row(1, 1).replace("0.25", "x")], null, "line 1: expected 26 numbers"],
  ["lives that do not match", [row(1, 1)], [4, 5], "1 engines, but 2 remaining lives"],
])("%s is refused with its line", (_, lines, remaining, message) => {
  expect(() => parseCmapssEngines(lines.join("\n"), "t", "p", remaining)).toThrow(AuroraError);
  expect(() => parseCmapssEngines(lines.join("\n"), "t", "p", remaining)).toThrow(message);
});

test.skipIf(!existsSync(dataDir))("the published sizes of both subsets are read", async () => {
  const rows = (engines: readonly { readonly cycles: number }[]): number =>
    engines.reduce((sum, engine) => sum + engine.cycles, 0);
  const first = await readCmapss(dataDir, "FD001");
  expect([first.train.length, rows(first.train), first.test.length, rows(first.test)]).toEqual([
    100, 20_631, 100, 13_096,
  ]);
  const third = await readCmapss(dataDir, "FD003");
  expect([third.train.length, rows(third.train), third.test.length, rows(third.test)]).toEqual([
    100, 24_720, 100, 16_596,
  ]);
  const left = third.test.map((engine) => engine.remainingCycles);
  expect([Math.min(...left), Math.max(...left)]).toEqual([6, 145]);
  expect(first.train.every((engine) => engine.remainingCycles === 0)).toBe(true);
  expect(first.fingerprint).not.toBe(third.fingerprint);
});
