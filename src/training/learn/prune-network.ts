/** Structured pruning: takes whole neurons out of a tied network, so that it really gets smaller and faster. */
import { gatherRows } from "../../core/maths/gather-rows.ts";
import type { DenseLayer } from "./dense-network.ts";
import type { TiedLayer, TiedNetwork } from "./tied-network.ts";

/**
 * Removes the least important neurons of each hidden layer until it has `widths[layer]` left. A neuron's importance
 * is the size of what leaves it: the norm of its outgoing weights times the norm of its incoming ones (with bias),
 * which for standardised inputs stands for its typical activation.
 */
export function pruneNetwork(network: TiedNetwork, widths: readonly number[]): TiedNetwork {
  let layers: readonly TiedLayer[] = network.layers;
  for (const [index, width] of widths.entries()) {
    const layer = layers[index]!;
    const next = layers[index + 1]!;
    if (layer.outputs <= width) continue;
    const importance = Array.from({ length: layer.outputs }, (_, neuron) => {
      const incoming =
        rowSquares(layer.own, neuron, layer.inputs) +
        rowSquares(layer.others, neuron, layer.inputs) +
        rowSquares(layer.shared, neuron, layer.shared.length / layer.outputs) +
        layer.bias[neuron]! ** 2;
      const outgoing = columnSquares(next.own, neuron, next) + columnSquares(next.others, neuron, next);
      return Math.sqrt(incoming * outgoing);
    });
    const kept = importance
      .map((value, neuron) => ({ value, neuron }))
      .sort((a, b) => b.value - a.value || a.neuron - b.neuron)
      .slice(0, width)
      .map(({ neuron }) => neuron)
      .sort((a, b) => a - b);
    layers = layers.map((each, at) =>
      at === index ? keepOutputs(each, kept) : at === index + 1 ? keepInputs(each, kept) : each,
    );
  }
  return { ...network, layers };
}

/** {@link pruneNetwork} for a plain network: it is a tied one with one hypothesis. */
export function pruneDense(network: readonly DenseLayer[], widths: readonly number[]): DenseLayer[] {
  const layers = network.map(
    ({ inputs, outputs, weights, bias }): TiedLayer => ({
      inputs,
      outputs,
      own: weights,
      bias,
      others: new Float32Array(weights.length),
      shared: new Float32Array(0),
    }),
  );
  return pruneNetwork({ hypotheses: 1, sharedInputs: 0, layers }, widths).layers.map(
    ({ inputs, outputs, own, bias }, index): DenseLayer => ({
      inputs,
      outputs,
      weights: own,
      bias,
      relu: network[index]!.relu,
    }),
  );
}

/** Hidden widths on the way from `from` to `to` in `rounds` even steps (the last one is `to`). */
export function planPruning(from: readonly number[], to: readonly number[], rounds: number): number[][] {
  return Array.from({ length: rounds }, (_, round) =>
    from.map((width, layer) => Math.round(width + ((to[layer]! - width) * (round + 1)) / rounds)),
  );
}

function rowSquares(matrix: Float32Array, row: number, columns: number): number {
  let sum = 0;
  for (let column = 0; column < columns; column++) sum += matrix[row * columns + column]! ** 2;
  return sum;
}

function columnSquares(matrix: Float32Array, column: number, layer: TiedLayer): number {
  let sum = 0;
  for (let row = 0; row < layer.outputs; row++) sum += matrix[row * layer.inputs + column]! ** 2;
  return sum;
}

function keepOutputs(layer: TiedLayer, kept: readonly number[]): TiedLayer {
  const rows = (matrix: Float32Array): Float32Array =>
    gatherRows(matrix, matrix.length / layer.outputs, kept);
  return {
    inputs: layer.inputs,
    outputs: kept.length,
    own: rows(layer.own),
    others: rows(layer.others),
    shared: rows(layer.shared),
    bias: rows(layer.bias),
  };
}

function keepInputs(layer: TiedLayer, kept: readonly number[]): TiedLayer {
  const columns = (matrix: Float32Array): Float32Array =>
    Float32Array.from(
      { length: layer.outputs * kept.length },
      (_, index) => matrix[Math.floor(index / kept.length) * layer.inputs + kept[index % kept.length]!]!,
    );
  return { ...layer, inputs: kept.length, own: columns(layer.own), others: columns(layer.others) };
}
