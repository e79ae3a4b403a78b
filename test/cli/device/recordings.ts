/** A folder in the shape of the CWRU data with invented samples; no recorded value stands in it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

interface Invented {
  readonly file: string;
  readonly fault: "normal" | "IR" | "OR" | "B";
  readonly end: "DE" | "FE" | null;
  readonly mil: number;
  readonly sampleRateHz?: number;
}

/** The default set: one normal recording and two bearings of every kind. */
export const invented: readonly Invented[] = [
  { file: "Normal_48k_load0.npy", fault: "normal", end: null, mil: 0, sampleRateHz: 48_000 },
  { file: "a.npy", fault: "IR", end: "DE", mil: 7 },
  { file: "b.npy", fault: "IR", end: "FE", mil: 14 },
  { file: "c.npy", fault: "OR", end: "DE", mil: 7 },
  { file: "d.npy", fault: "OR", end: "DE", mil: 14 },
  { file: "e.npy", fault: "B", end: "DE", mil: 7 },
  { file: "f.npy", fault: "B", end: "DE", mil: 14 },
];

/** Samples of a channel in every invented recording. */
export const inventedSamples = 1000;

/** Writes the folder and returns the data folder above it; sample `i` of channel `c` is `1000 c + i`. */
export function writeInventedData(): string {
  const dataDir = createTemporaryFolder();
  const dir = join(dataDir, "cwru");
  mkdirSync(dir);
  const recordings = invented.map(({ file, fault, end, mil, sampleRateHz = 12_000 }) => ({
    file,
    fault,
    fault_end: end,
    fault_diameter_in: mil / 1000,
    load_hp: 0,
    rpm: 1797,
    rpm_measured: true,
    fs_hz: sampleRateHz,
    channels: [
      { name: "DE", scale: 0.0002 },
      { name: "FE", scale: 0.0003 },
    ],
  }));
  writeFileSync(join(dir, "index.json"), JSON.stringify({ recordings }));
  for (const { file } of invented) writeFileSync(join(dir, file), npy());
  return dataDir;
}

function npy(): Buffer {
  const header =
    `{'descr': '<i2', 'fortran_order': False, 'shape': (2, ${inventedSamples}), }`.padEnd(117) + "\n";
  const start = Buffer.alloc(10);
  start.write("\x93NUMPY\x01\x00", "latin1");
  start.writeUInt16LE(header.length, 8);
  const counts = Int16Array.from({ length: 2 * inventedSamples }, (_, index) => index);
  return Buffer.concat([start, Buffer.from(header, "latin1"), Buffer.from(counts.buffer)]);
}
