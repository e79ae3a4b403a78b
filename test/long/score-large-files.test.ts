import { once } from "node:events";
import { createWriteStream, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { scoreFiles } from "../../src/cli/score/recordings/score-files.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import { shippedBundle } from "../cli/score/recordings.ts";
import { encodeMat } from "../support/mat-file.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

/** What the process may grow by, whatever the size of the file. */
const mostGrowthBytes = 160 * 2 ** 20;
const pieceSamples = 1 << 20;

let bundle: LoadedBundle;
beforeAll(async () => {
  bundle = await serveBundle(shippedBundle, await readBundle(shippedBundle), {
    engine: "auto",
    logger: silentLogger,
  });
});
afterAll(() => bundle.retire());

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

/** The most memory that this process has had since {@link forgetPeak}, bytes: other tests ran in it before. */
function readPeakBytes(): number {
  return 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]);
}

function forgetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}

async function scoreWithin(folder: string, name: string): Promise<void> {
  const file = join(folder, name);
  forgetPeak();
  const before = readPeakBytes();
  const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
  const [summary] = await scoreFiles(bundle, {
    files: [file],
    out: join(folder, "out.csv"),
    baseline: null,
    progress: () => {},
    describe: () =>
      Promise.resolve({ sidecar: { rateHz: 51_200, shaftRpm: 3000, bearing, scale: null }, channel: null }),
  });
  expect(summary).toMatchObject({ setAside: { windows: 0 } });
  expect(summary!.windows).toBeGreaterThan(1000);
  const growth = readPeakBytes() - before;
  expect(growth, `${statSync(file).size} bytes`).toBeLessThan(mostGrowthBytes);
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
