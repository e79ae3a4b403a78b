/** Random students for tests, with corners: saturation, extreme zero points, wide ranges of scales. */
import type { QuantisedLayer, QuantisedMlp } from "../../src/core/contract/bundle/quantised-mlp.ts";
import type { Random } from "../../src/core/maths/random.ts";

/** A random sound student; `widths` = [inputs, hidden …, outputs]. */
export function createRandomStudent(random: Random, widths: readonly number[]): QuantisedMlp {
  const inputScale = Math.fround(0.005 + random.uniform() * 0.05);
  let scaleIn = inputScale;
  const layers: QuantisedLayer[] = [];
  for (let index = 0; index + 1 < widths.length; index++) {
    const inputs = widths[index]!;
    const outputs = widths[index + 1]!;
    const perChannel = random.uniform() < 0.75;
    const shared = Math.fround(0.002 * (0.25 + random.uniform()));
    const weightScales = Float32Array.from({ length: outputs }, () =>
      perChannel ? 0.002 * 2 ** (random.uniform() * 6 - 3) : shared,
    );
    const weights = Int8Array.from({ length: inputs * outputs }, () => random.integer(127) - 63);
    const relu = random.uniform() < 0.7;
    // Typical |acc| is 37 · 100 · sqrt(inputs); a scale around it hits both the middle and the ends of uint8.
    const typical = 37 * 100 * Math.sqrt(inputs) * scaleIn * shared;
    const outputScale = Math.fround((typical / 60) * 2 ** (random.uniform() * 4 - 2));
    layers.push({
      inputs,
      outputs,
      weights,
      weightScales,
      bias: Int32Array.from({ length: outputs }, () => random.integer(20_001) - 10_000),
      relu,
      outputScale,
      outputZeroPoint: relu ? 0 : [0, 255, 128, random.integer(256)][random.integer(4)]!,
    });
    scaleIn = outputScale;
  }
  return { inputScale, inputZeroPoint: [0, 255, 128, random.integer(256)][random.integer(4)]!, layers };
}

/** Standardised-looking rows, with every tenth value far outside or exactly on a rounding boundary. */
export function createRandomRows(random: Random, mlp: QuantisedMlp, rows: number): Float32Array {
  const { inputs } = mlp.layers[0]!;
  return Float32Array.from({ length: rows * inputs }, () => {
    const kind = random.integer(20);
    if (kind === 0) return (random.integer(600) - 300 + 0.5) * mlp.inputScale;
    if (kind === 1) return random.normal() * 1e6;
    return random.normal() * mlp.inputScale * 80;
  });
}
