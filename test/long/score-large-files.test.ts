import { execFile } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, statSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createRandom } from "../../src/core/maths/random.ts";
import { encodeMat } from "../support/mat-file.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import type { LargeScore } from "./score-large-process.ts";

/** What the process may grow by, whatever the size of the file. */
const mostGrowthBytes = 160 * 2 ** 20;
const pieceSamples = 1 << 20;

const random = createRandom(3);
const noise = Float32Array.from({ length: pieceSamples }, () => random.normal());

/** Writes `pieces` times the noise after `head`, which never stands in memory whole. */
async function writeLarge(path: string, head: Buffer, pieces: number): Promise<void> {
  const stream = createWriteStream(path);
  stream.write(head);
  const bytes = Buffer.from(noise.buffer);
  for (let piece = 0; piece < pieces; piece++) {
    if (!stream.write(bytes)) await once(stream, "drain");
  }
  stream.end();
  await finished(stream);
}

function npyHead(samples: number): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${samples},), }`.padEnd(117);
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(118, 8);
  return Buffer.concat([head, Buffer.from(`${header}\n`)]);
}

/** A file with one column vector of single precision, whose numbers are to follow. */
function matHead(samples: number): Buffer {
  const whole = encodeMat({ accel: { kind: "numeric", data: new Float32Array(4), dimensions: [4, 1] } });
  const head = Buffer.from(whole.subarray(0, whole.length - 16));
  head.writeUInt32LE(4 * samples, head.length - 4);
  head.writeUInt32LE(head.length - 136 + 4 * samples, 132);
  head.writeInt32LE(samples, 128 + 8 + 16 + 8);
  return head;
}

async function scoreWithin(folder: string, name: string): Promise<void> {
  const file = join(folder, name);
  const program = join(import.meta.dirname, "score-large-process.ts");
  const args = ["--import", "tsx", program, file, join(folder, "out.csv")];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const told = JSON.parse(stdout) as LargeScore;
  expect(told.setAside).toBe(0);
  expect(told.windows).toBeGreaterThan(1000);
  expect(told.growthBytes, `${statSync(file).size} bytes`).toBeLessThan(mostGrowthBytes);
}

it.each([
  ["a.npy", npyHead],
  ["a.mat", matHead],
] as const)("scores %s of 256 MiB without holding it", { timeout: 600_000 }, async (name, head) => {
  const folder = createTemporaryFolder();
  const pieces = 64;
  await writeLarge(join(folder, name), head(pieces * pieceSamples), pieces);
  await scoreWithin(folder, name);
});
