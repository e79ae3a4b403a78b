import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, expect, test } from "vitest";
import { fingerprintBytes, fingerprintFiles } from "../../../src/training/dataset/fingerprint.ts";
import { readDataFile, readDataText } from "../../../src/training/dataset/read-data-file.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

let dir = "";
beforeEach(() => {
  dir = createTemporaryFolder();
});

test("a gzip file is unpacked, and its unpacked size is bounded", async () => {
  await writeFile(join(dir, "a.csv.gz"), gzipSync(Buffer.alloc(5000, "x")));
  expect((await readDataFile(join(dir, "a.csv.gz"), 5000)).length).toBe(5000);
  await expect(readDataFile(join(dir, "a.csv.gz"), 4999)).rejects.toMatchObject({ code: "DATA_FORMAT" });
});

test("a damaged gzip file and text that is not UTF-8 are DATA_FORMAT, a missing file is DATA_MISSING", async () => {
  await writeFile(join(dir, "bad.gz"), gzipSync(Buffer.alloc(5000, "x")).subarray(0, 20));
  await writeFile(join(dir, "latin1.csv"), Buffer.from([0x61, 0xe9, 0x0a]));
  await expect(readDataFile(join(dir, "bad.gz"), 5000)).rejects.toMatchObject({ code: "DATA_FORMAT" });
  await expect(readDataText(join(dir, "latin1.csv"), 5000)).rejects.toMatchObject({ code: "DATA_FORMAT" });
  await expect(readDataFile(join(dir, "none.csv"), 5000)).rejects.toMatchObject({ code: "DATA_MISSING" });
  await expect(readDataFile(dir, 5000)).rejects.toMatchObject({ code: "DATA_MISSING" });
});

test("a fingerprint depends on names and bytes, not on order or repetition", async () => {
  await writeFile(join(dir, "one"), "1");
  await writeFile(join(dir, "two"), "2");
  const expected = await fingerprintFiles(dir, ["one", "two"]);
  expect(await fingerprintFiles(dir, ["two", "one", "two"])).toBe(expected);
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  expect(
    fingerprintBytes([
      { name: "one", bytes: bytes("1") },
      { name: "two", bytes: bytes("2") },
    ]),
  ).toBe(expected);
  // Neither moving a byte from a name to the content nor between files keeps it.
  expect(
    fingerprintBytes([
      { name: "on", bytes: bytes("e1") },
      { name: "two", bytes: bytes("2") },
    ]),
  ).not.toBe(expected);
});
