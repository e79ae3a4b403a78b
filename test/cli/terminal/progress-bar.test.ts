import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createProgressBar, keepLog } from "../../../src/cli/terminal/progress-bar.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const now = (): Date => new Date("2026-01-02T03:04:05.006Z");

it("keeps every line with its time, after those of earlier runs", () => {
  const path = join(createTemporaryFolder(), "train.log");
  const shown: string[] = [];
  keepLog(path, (line) => shown.push(line), now)("step 1");
  keepLog(path, (line) => shown.push(line), now)("step 2");
  expect(shown).toEqual(["step 1", "step 2"]);
  expect(readFileSync(path, "utf8")).toBe(
    "2026-01-02T03:04:05.006Z step 1\n2026-01-02T03:04:05.006Z step 2\n",
  );
});

it("draws over itself, and by what it names moves no cursor", () => {
  const written: string[] = [];
  const stream = { isTTY: true, write: (text: string) => written.push(text) };
  const bar = createProgressBar(stream as unknown as NodeJS.WriteStream);
  bar.update(1, 2, "a\u001b[2J.wav");
  bar.log("b\u001b]0;x\u0007");
  expect(written).toEqual([
    `\r\u001b[2K[${"#".repeat(15)}${".".repeat(15)}] 1/2 a\ufffd[2J.wav`,
    "\r\u001b[2K",
    "b\ufffd]0;x\ufffd\n",
  ]);
});

it("says its lines where nothing can be written", () => {
  const path = join(createTemporaryFolder(), "train.log");
  mkdirSync(path);
  const shown: string[] = [];
  keepLog(path, (line) => shown.push(line), now)("step 1");
  expect(shown).toEqual(["step 1"]);
});
