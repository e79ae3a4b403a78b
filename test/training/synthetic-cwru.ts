/** Writes a small data set in the form of the CWRU folder, made of seeded noise and impacts: no recording is copied. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom, type Random } from "../../src/core/maths/random.ts";

const kinds = [
  ["IR", "bpfi"],
  ["OR", "bpfo"],
  ["B", "bsf"],
] as const;
const ends = ["DE", "FE"] as const;
/** Fault orders of the bearings at both ends, as those of the rig. */
const bearings = {
  DE: { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 },
  FE: { bpfo: 3.053, bpfi: 4.9469, bsf: 3.9874, ftf: 0.3817 },
} as const;
const rpm = 1800;

/** Options of the data set. */
export interface SyntheticCwruOptions {
  readonly seconds: number;
  readonly sizes: readonly number[];
}

/** Writes `<dataDir>/cwru` with one recording of each end, kind and size, and a normal one at 48 kHz. */
export async function writeSyntheticCwru(dataDir: string, options: SyntheticCwruOptions): Promise<void> {
  const dir = join(dataDir, "cwru");
  await mkdir(join(dir, "splits"), { recursive: true });
  const recordings: unknown[] = [];
  const waveforms = [
    "waveform_id,file,channel,group,fault_location,fault_type,fault_size_mil,load_hp,signal_location,inner,outer,ball",
  ];
  const random = createRandom(42);
  const add = async (
    file: string,
    fs: number,
    fault: string,
    faultEnd: string | null,
    mil: number,
    order: number | null,
  ): Promise<void> => {
    const samples = Math.round(options.seconds * fs);
    const counts = new Int16Array(2 * samples);
    for (const [row, end] of ends.entries()) {
      const own = end === faultEnd ? order : null;
      counts.set(makeSignal(samples, fs, own, random), row * samples);
    }
    await writeFile(join(dir, file), encodeNpy(counts, 2, samples));
    recordings.push({
      file,
      fault,
      fault_end: faultEnd,
      fault_diameter_in: mil / 1000,
      load_hp: 0,
      rpm,
      rpm_measured: true,
      fs_hz: fs,
      channels: ends.map((name) => ({ name, scale: 0.001 })),
    });
  };
  for (const faultEnd of ends) {
    for (const [fault, orderName] of kinds) {
      for (const mil of options.sizes) {
        const file = `12k_${faultEnd}fault_${fault}${String(mil).padStart(3, "0")}_load0.npy`;
        await add(file, 12_000, fault, faultEnd, mil, bearings[faultEnd][orderName]);
        for (const sensor of ends) {
          const own = kinds.map(([kind]) => (sensor === faultEnd && kind === fault ? 1 : 0));
          const id = `${fault}_${mil}_${faultEnd}_${sensor}_12_0HP`;
          const group = `${faultEnd}_${fault}_${mil}`;
          waveforms.push([id, file, sensor, group, faultEnd, fault, mil, 0, sensor, ...own].join(","));
        }
      }
    }
  }
  await add("Normal_48k_load0.npy", 48_000, "normal", null, 0, null);
  await writeFile(join(dir, "index.json"), JSON.stringify({ recordings }));
  await writeFile(join(dir, "splits", "waveforms.csv"), `${waveforms.join("\n")}\n`);
  await writeFile(join(dataDir, "recordings.yaml"), listRecordings(options.sizes));
}

/** The manifest of the recordings, as the one of the shipped bundle says it of the real folder. */
function listRecordings(sizes: readonly number[]): string {
  const labels = { IR: "inner-race", OR: "outer-race", B: "ball" } as const;
  const entries = ends.flatMap((faultEnd) =>
    kinds.flatMap(([fault]) =>
      sizes.flatMap((mil) =>
        ends.map((sensor) => {
          const label = sensor === faultEnd ? labels[fault] : `healthy, shared: ${faultEnd}`;
          const file = `12k_${faultEnd}fault_${fault}${String(mil).padStart(3, "0")}_load*.npy`;
          const id = `${fault}_${mil}_${faultEnd}_${sensor}_12_{1}HP`;
          return `  - { file: "${file}", channel: ${sensor}, machine: ${faultEnd}_${fault}_${mil}, load: "{1} hp", id: "${id}", label: ${label} }`;
        }),
      ),
    ),
  );
  const orders = ends.map((end) => `  ${end}: ${JSON.stringify(bearings[end])}`);
  return [
    "about: seeded noise and impacts",
    "unit: g",
    "bearings:",
    ...orders,
    "recordings:",
    ...entries,
    "  - { file: Normal_48k_load0.npy, machine: normal, load: 0 hp, learn: false, channels: { DE: { label: healthy }, FE: { label: healthy } } }",
    "",
  ].join("\n");
}

/** White noise, and an impact ringing at 3 kHz every 1/`order` revolution. */
function makeSignal(samples: number, fs: number, order: number | null, random: Random): Int16Array {
  const out = new Float64Array(samples);
  for (let index = 0; index < samples; index++) out[index] = 200 * random.normal();
  if (order !== null) {
    const period = (fs * 60) / rpm / order;
    for (let at = period * random.uniform(); at < samples; at += period * (1 + 0.005 * random.normal())) {
      for (let tick = 0; tick < 40 && Math.floor(at) + tick < samples; tick++) {
        out[Math.floor(at) + tick]! +=
          2500 * Math.exp(-tick / 8) * Math.sin((2 * Math.PI * 3000 * tick) / fs);
      }
    }
  }
  return Int16Array.from(out, Math.round);
}

function encodeNpy(counts: Int16Array, rows: number, columns: number): Uint8Array {
  const dict = `{'descr': '<i2', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const header = Buffer.from(`${dict.padEnd(117, " ")}\n`, "latin1");
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  return Buffer.concat([prefix, header, Buffer.from(counts.buffer, counts.byteOffset, counts.byteLength)]);
}
