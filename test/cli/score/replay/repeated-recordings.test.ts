import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  createRepeatedRecordings,
  digestWhenRead,
} from "../../../../src/cli/score/replay/repeated-recordings.ts";
import { chooseQuantisation } from "../../../../src/training/dataset/samples/quantise-samples.ts";
import { openSampleFile } from "../../../../src/training/dataset/samples/sample-file.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy } from "../recordings.ts";

/** A file of its own on the disk, and how often it was begun to be read. */
async function open(samples: Float64Array) {
  const path = join(createTemporaryFolder(), "a.npy");
  writeFileSync(path, encodeNpy(samples, [samples.length]));
  const file = await openSampleFile(path, null);
  let reads = 0;
  const counted = {
    ...file,
    pieces: () => {
      reads++;
      return file.pieces();
    },
  };
  return { file: digestWhenRead(counted), countReads: () => reads };
}

const samples = Float64Array.from({ length: 20_000 }, (_, at) => Math.sin(at));

it("takes the digest from whoever reads the recording to its end", async () => {
  const { file, countReads } = await open(samples);
  await chooseQuantisation(file, 1, { min: -5, max: 5 });
  const repeated = createRepeatedRecordings();
  expect(await repeated.isRepeated(file)).toBe(false);
  expect(countReads()).toBe(1);
  const unread = await open(samples);
  expect(await repeated.isRepeated(unread.file)).toBe(true);
  expect(unread.countReads()).toBe(1);
});

it("takes no digest of what was read in part", async () => {
  const repeated = createRepeatedRecordings();
  await repeated.isRepeated((await open(samples)).file);
  const other = await open(samples.map((value, at) => (at < 15_000 ? value : -value)));
  for await (const _ of other.file.pieces()) break;
  expect(await repeated.isRepeated(other.file)).toBe(false);
});

it("calls no constant recording a repetition", async () => {
  const repeated = createRepeatedRecordings();
  for (let time = 0; time < 2; time++)
    expect(await repeated.isRepeated((await open(new Float64Array(100).fill(3))).file)).toBe(false);
});
