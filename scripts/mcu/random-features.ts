/** Feature sections and windows at random, to the corners of what the firmware takes: lengths of blocks, orders and taps, rates, speeds that move. */
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { mcuNeverRaises } from "../../src/core/inference/mcu-layout.ts";
import type { Random } from "../../src/core/maths/random.ts";
import type { CheckWindow, WindowPiece } from "./check-commands.ts";
import { createRandomStudent } from "./random-student.ts";

/** A model file and windows for it. */
export interface RandomFeatures {
  readonly file: Uint8Array;
  readonly inputs: number;
  readonly outputs: number;
  readonly windows: readonly CheckWindow[];
}

const bearing = { bpfo: 1.58, bpfi: 2.42, bsf: 1.99, ftf: 0.4 };
const filterFactors = [2, 3, 4];
const outputs = 3;
/** Numbers of the operators that there are. */
const operatorNumbers = [0, 1, 2, 5, 6, 7, 8];

/** What is drawn: the number of the chain's kind, of how many operators, from the first that there is on, and the FFT's size, where it is not drawn too. */
export interface DrawnFeatures {
  readonly chain: number;
  readonly operators: number;
  readonly fftSize?: number;
}

/** Creates a model and so many windows. */
export function createRandomFeatures(
  random: Random,
  windows: number,
  { chain, operators, fftSize: givenSize }: DrawnFeatures,
): RandomFeatures {
  const inputs = 4 + random.integer(17);
  const perRevolution = 24 + 4 * random.integer(9);
  const fftSize = givenSize ?? 64 << random.integer(6);
  const section = createSection(random, { chain, operators, inputs, perRevolution, fftSize });
  const student = createRandomStudent(random, [inputs, 8, outputs]);
  // Energies of tens of thousands of g have a power that float32 does not hold.
  const scales = [1 / 1024, chain === 1 ? 1 : 1 / 32, 3e-5];
  const raiseAt = new Array<number>(outputs).fill(mcuNeverRaises);
  return {
    file: encodeMcuModel({ name: "random", version: "1.0.0", student, raiseAt, features: section }),
    inputs,
    outputs,
    windows: Array.from({ length: windows }, () => createWindow(random, fftSize / perRevolution, scales)),
  };
}

interface SectionShape extends Required<DrawnFeatures> {
  readonly inputs: number;
  readonly perRevolution: number;
}

/** As MODEL_FORMAT.md has it. */
function createSection(
  random: Random,
  { chain, operators, inputs, perRevolution, fftSize }: SectionShape,
): Uint8Array {
  const block = 8 + random.integer(57);
  const order = random.integer(Math.min(16, block >> 1) + 1);
  const widest = (perRevolution * (fftSize / 2 - 4)) / (2 * fftSize);
  const filters = [2, ...filterFactors].map((factor) => ({ factor, taps: 1 + 2 * random.integer(33) }));
  const bytes = new Uint8Array(40 + filters.reduce((sum, { taps }) => sum + 6 + 2 * taps, 0) + 16 * inputs);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, inputs, true);
  bytes.set([chain, filterFactors.length], 2);
  view.setUint16(4, order, true);
  view.setUint16(6, block, true);
  view.setFloat32(8, random.uniform() < 0.2 ? 0 : 0.95 * random.uniform(), true);
  view.setUint16(12, perRevolution, true);
  view.setUint16(14, fftSize, true);
  view.setFloat32(16, Math.min(0.3 + random.uniform(), widest), true);
  view.setFloat32(20, 0.05 + 0.1 * random.uniform(), true);
  view.setFloat32(28, 10, true);
  view.setFloat32(32, 10, true);
  view.setFloat32(36, 6, true);
  let at = 40;
  for (const { factor, taps } of filters) {
    view.setUint16(at, factor, true);
    view.setUint16(at + 2, taps, true);
    for (let tap = 0; tap <= taps >> 1; tap++)
      view.setFloat32(at + 4 + 4 * tap, random.uniform() - 0.3, true);
    at += 6 + 2 * taps;
  }
  for (let feature = 0; feature < inputs; feature++) {
    const operator = operatorNumbers[random.integer(operators)]!;
    bytes.set([operator, random.integer(3), random.integer(5), 1 + random.integer(2)], at);
    view.setFloat32(at + 4, 0.03 * random.uniform(), true);
    view.setFloat32(at + 8, random.uniform(), true);
    view.setFloat32(at + 12, 0.5 + random.uniform(), true);
    at += 16;
  }
  return bytes;
}

/** Noise with impulses, at a speed that moves in half of the windows, sometimes after every sample. */
function createWindow(random: Random, mostRevolutions: number, scales: readonly number[]): CheckWindow {
  const factor = 1 + random.integer(4);
  const sampleRateHz = Math.fround((factor === 1 ? 2000 : 12_000 * factor) + 9000 * random.uniform());
  const shaftHz =
    (sampleRateHz / factor) * (0.002 + (random.uniform() < 0.2 ? 0.4 : 0.02) * random.uniform());
  const samples = Math.floor(((0.2 + 0.75 * random.uniform()) * mostRevolutions * sampleRateHz) / shaftHz);
  const steadyFor = [samples + 1, samples + 1, 1000, 37, 1][random.integer(5)]!;
  const pieces: WindowPiece[] = [];
  for (let left = Math.min(samples, 30_000); left > 0; ) {
    const length = Math.min(left, steadyFor);
    const counts = Int16Array.from({ length }, () => {
      const impulse = random.uniform() < 0.01 ? 8 : 1;
      return (
        Math.round(impulse * 3000 * (random.uniform() + random.uniform() + random.uniform() - 1.5)) + 300
      );
    });
    pieces.push({ counts, shaftRpm: Math.fround(60 * shaftHz * (0.98 + 0.04 * random.uniform())) });
    left -= length;
  }
  return { sampleRateHz, bearing, scale: scales[random.integer(3)]!, pieces };
}
