import { closeSync, existsSync, fsyncSync, openSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readDiskWrites } from "../../../src/gateway/status/disk-writes.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const counters =
  "rchar: 9\nwchar: 7000000\nsyscr: 1\nsyscw: 2\nread_bytes: 5\nwrite_bytes: 4096000\ncancelled_write_bytes: 3\n";

test("says what was written, and at which pace a day once that can be told", () => {
  const path = join(createTemporaryFolder(), "io");
  writeFileSync(path, counters);
  expect(readDiskWrites(599, path)).toEqual({ writtenBytes: 4_096_000, writtenPerDayBytes: null });
  expect(readDiskWrites(43_200, path)).toEqual({ writtenBytes: 4_096_000, writtenPerDayBytes: 8_192_000 });
});

test("says nothing where the system does not count", () => {
  const path = join(createTemporaryFolder(), "io");
  expect(readDiskWrites(1_000, path)).toBeNull();
  writeFileSync(path, "rchar: 9\n");
  expect(readDiskWrites(1_000, path)).toBeNull();
});

test("counts what this process brings to a disk", ({ skip }) => {
  const folder = createTemporaryFolder();
  const tmpfs = 0x01021994;
  if (!existsSync("/proc/self/io") || statfsSync(folder).type === tmpfs)
    skip("no counter, or no disk under /tmp");
  const before = readDiskWrites()!;
  const file = openSync(join(folder, "file"), "w");
  writeSync(file, new Uint8Array(1_048_576).fill(7));
  fsyncSync(file);
  closeSync(file);
  expect(readDiskWrites()!.writtenBytes).toBeGreaterThanOrEqual(before.writtenBytes + 1_048_576);
});
