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

const labels = { normal: "healthy", IR: "inner-race", OR: "outer-race", B: "ball" } as const;

/** Orders of the bearings at the two ends. */
export const inventedBearings = {
  DE: { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135 },
  FE: { bpfo: 3.053, bpfi: 4.9469, bsf: 3.9874 },
} as const;

/** Samples of a channel in every invented recording. */
export const inventedSamples = 1000;

/** Writes the folder, and the manifest `recordings.yaml` above it; returns the data folder that holds both. Sample `i` of channel `c` is `1000 c + i`. */
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
  writeFileSync(join(dataDir, "recordings.yaml"), listRecordings());
  return dataDir;
}

/** As the shipped bundle's manifest lists the real ones. */
function listRecordings(): string {
  const entries = invented.map(({ file, fault, end, mil }) => {
    const labelAt = (at: string): string => (at === end ? labels[fault] : "healthy");
    const machine = end === null ? "normal" : `${end}_${fault}_${mil}`;
    return { file, machine, channels: { DE: { label: labelAt("DE") }, FE: { label: labelAt("FE") } } };
  });
  return JSON.stringify({ unit: "g", bearings: inventedBearings, recordings: entries });
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
