import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { listSameTimeDoubts } from "../../../../src/cli/score/replay/same-times.ts";
import { openSampleFile, openSampleRows } from "../../../../src/training/dataset/samples/sample-file.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy } from "../recordings.ts";

const timeMs = Date.UTC(2024, 1, 26, 2, 10);

it("names the first two files of other content that begin at the same time, and counts such files", async () => {
  const folder = createTemporaryFolder();
  const long = Buffer.alloc(200_000, 7);
  const other = Buffer.from(long);
  other[199_999] = 8;
  const plan = (name: string, content: Uint8Array, more: object = {}) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return { file, point: "b1", timeMs, open: () => openSampleFile(file, null), ...more };
  };
  const first = plan("a", long);
  const copies = [first, plan("copy", long), first, { ...first, file: join(folder, "not there") }];
  const elsewhere = [plan("c", other, { point: "b2" }), plan("d", other, { timeMs: timeMs + 1 })];
  expect(await listSameTimeDoubts([...copies, ...elsewhere])).toEqual([]);
  const others = [plan("e", other), plan("f", long.subarray(1))];
  expect(await listSameTimeDoubts([...copies, ...others])).toEqual([
    `b1: 2 recordings begin at the same time as another that holds something else, and only the first of them counts: ${folder}/a and ${folder}/e, both 2024-02-26T02:10:00Z; does the time lack its zone, or half of the day?`,
  ]);
});

it("names the file of whose rows two of other content begin at the same time", async () => {
  const file = join(createTemporaryFolder(), "rows.npy");
  writeFileSync(file, encodeNpy(Int16Array.of(1, 2, 3, 4, 1, 2), [3, 2]));
  const { row } = await openSampleRows(file);
  const [first, other, copy] = [0, 1, 2].map((at) => ({
    file,
    point: "b1",
    timeMs,
    open: () => Promise.resolve(row(at)),
  }));
  expect(await listSameTimeDoubts([first!, copy!])).toEqual([]);
  expect(await listSameTimeDoubts([first!, copy!, other!])).toEqual([
    `b1: 1 recording begins at the same time as another that holds something else, and only the first of them counts: rows of ${file}, both 2024-02-26T02:10:00Z; does the time lack its zone, or half of the day?`,
  ]);
});
