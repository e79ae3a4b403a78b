/** A plain multi-layer perceptron in floats, and an ensemble of them: how it begins, and what it says of rows. */
import { countMultiplyAdds } from "../../core/contract/bundle/quantised-mlp.ts";
import type { Random } from "../../core/maths/random.ts";

/** One layer of a plain network: row-major weights [outputs × inputs]. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly relu: boolean;
}

/** A plain network with He-initialised weights; `widths` = neurons of each layer, the last one gives the outputs. */
export function createDenseNetwork(inputs: number, widths: readonly number[], random: Random): DenseLayer[] {
  return widths.map((outputs, index) => {
    const fanIn = index === 0 ? inputs : widths[index - 1]!;
    const weights = Float32Array.from(
      { length: outputs * fanIn },
      () => random.normal() * Math.sqrt(2 / fanIn),
    );
    return {
      inputs: fanIn,
      outputs,
      weights,
      bias: new Float32Array(outputs),
      relu: index < widths.length - 1,
    };
  });
}

/** What several plain networks come to: their weights and biases, and the multiplications of one row through all. */
export function measureNetworks(networks: readonly (readonly DenseLayer[])[]): {
  readonly parameters: number;
  readonly multiplyAdds: number;
} {
  const layers = networks.flat();
  const multiplyAdds = countMultiplyAdds({ layers });
  return { parameters: layers.reduce((sum, { outputs }) => sum + outputs, multiplyAdds), multiplyAdds };
}

/** Runs a plain network on rows [rows × inputs]; gives logits [rows × outputs of the last layer]. */
export function runDense(layers: readonly DenseLayer[], features: Float32Array, rows: number): Float32Array {
  let current = features;
  for (const layer of layers) {
    const next = new Float32Array(rows * layer.outputs);
    for (let row = 0; row < rows; row++)
      runDenseRow(layer, current, row * layer.inputs, next, row * layer.outputs);
    current = next;
  }
  return current;
}

/** Mean logits of several plain networks. */
export function runEnsemble(
  members: readonly (readonly DenseLayer[])[],
  standardised: Float32Array,
  rows: number,
): Float32Array {
  const sum = new Float32Array(rows * members[0]!.at(-1)!.outputs);
  for (const member of members) {
    const logits = runDense(member, standardised, rows);
    for (let index = 0; index < sum.length; index++) sum[index]! += logits[index]! / members.length;
  }
  return sum;
}

/**
 * One row of one layer. Four neurons at a time: each sums in the same order as alone, and reads an input once for all.
 */
// biome-ignore lint/complexity/useMaxParams: an object a row would cost as much as a small row
function runDenseRow(
  layer: DenseLayer,
  from: Float32Array,
  offset: number,
  to: Float32Array,
  at: number,
): void {
  const { inputs, outputs, weights, bias, relu } = layer;
  let output = 0;
  for (; output + 4 <= outputs; output += 4) {
    const first = output * inputs;
    const second = first + inputs;
    const third = second + inputs;
    const fourth = third + inputs;
    let a = bias[output]!;
    let b = bias[output + 1]!;
    let c = bias[output + 2]!;
    let d = bias[output + 3]!;
    for (let input = 0; input < inputs; input++) {
      const value = from[offset + input]!;
      a += weights[first + input]! * value;
      b += weights[second + input]! * value;
      c += weights[third + input]! * value;
      d += weights[fourth + input]! * value;
    }
    to[at + output] = relu && a < 0 ? 0 : a;
    to[at + output + 1] = relu && b < 0 ? 0 : b;
    to[at + output + 2] = relu && c < 0 ? 0 : c;
    to[at + output + 3] = relu && d < 0 ? 0 : d;
  }
  for (; output < outputs; output++) {
    let sum = bias[output]!;
    for (let input = 0; input < inputs; input++)
      sum += weights[output * inputs + input]! * from[offset + input]!;
    to[at + output] = relu && sum < 0 ? 0 : sum;
  }
}
