/**
 * A network whose weights are tied over its hypotheses: the same question ("is it this kind of fault?") is asked of
 * the inner race, the outer race and the ball with the same weights, each looking at its own features, at the mean of
 * the others' and at what they share. One bearing of each kind then teaches all three.
 *
 *   h'_c = relu(Own · h_c + Others · mean(h_d, d ≠ c) + Shared · s + b)
 *
 * It is only a way to train: {@link expandTiedNetwork} writes the same function as a plain multi-layer perceptron,
 * which is all that the runtime knows. One hypothesis is a plain network from the start.
 */
import type { Random } from "../../core/maths/random.ts";
import type { DenseLayer } from "./dense-network.ts";

/** One layer; all matrices row-major [outputs × …]. */
export interface TiedLayer {
  /** Inputs and outputs of one hypothesis. */
  readonly inputs: number;
  readonly outputs: number;
  /** [outputs × inputs], on the hypothesis' own inputs. */
  readonly own: Float32Array;
  /** [outputs × inputs], on the mean of the other hypotheses' inputs. */
  readonly others: Float32Array;
  /** [outputs × shared inputs] in the first layer, empty in the others. */
  readonly shared: Float32Array;
  readonly bias: Float32Array;
}

/** Which features each hypothesis calls its own (in corresponding order), and which are shared. */
export interface Tying {
  /** [hypothesis][own input] → index in the feature vector; all of one length. */
  readonly own: readonly (readonly number[])[];
  readonly shared: readonly number[];
}

/** The whole network; every layer but the last ends in a relu, the last gives logits. */
export interface TiedNetwork {
  readonly hypotheses: number;
  readonly sharedInputs: number;
  readonly layers: readonly TiedLayer[];
}

/** A network with He-initialised weights (He et al. 2015); `widths` = neurons of one hypothesis, last one = 1. */
export function createTiedNetwork(tying: Tying, widths: readonly number[], random: Random): TiedNetwork {
  const hypotheses = tying.own.length;
  let inputs = tying.own[0]!.length;
  const layers = widths.map((outputs, index) => {
    const sharedInputs = index === 0 ? tying.shared.length : 0;
    const fanIn = inputs * (hypotheses > 1 ? 2 : 1) + sharedInputs;
    const draw = (columns: number, active: boolean): Float32Array =>
      Float32Array.from({ length: outputs * columns }, () =>
        active ? random.normal() * Math.sqrt(2 / fanIn) : 0,
      );
    const layer = {
      inputs,
      outputs,
      own: draw(inputs, true),
      others: draw(inputs, hypotheses > 1),
      shared: draw(sharedInputs, true),
      bias: new Float32Array(outputs),
    };
    inputs = outputs;
    return layer;
  });
  return { hypotheses, sharedInputs: tying.shared.length, layers };
}

/**
 * Rearranges feature rows [rows × features] for training: [rows × hypotheses × own inputs] and [rows × shared inputs].
 */
export function arrangeRows(
  features: Float32Array,
  rows: number,
  tying: Tying,
): { readonly own: Float32Array; readonly shared: Float32Array } {
  const columns = rows === 0 ? 0 : features.length / rows;
  const ownColumns = tying.own.flat();
  const pick = (wanted: readonly number[]): Float32Array => {
    const out = new Float32Array(rows * wanted.length);
    for (let row = 0; row < rows; row++) {
      for (let index = 0; index < wanted.length; index++) {
        out[row * wanted.length + index] = features[row * columns + wanted[index]!]!;
      }
    }
    return out;
  };
  return { own: pick(ownColumns), shared: pick(tying.shared) };
}

/**
 * The same function as a plain network on the feature vector: neuron `j` of hypothesis `c` becomes neuron
 * `c · outputs + j`. `features` is the length of the feature vector; features that no hypothesis uses get zero weights.
 */
export function expandTiedNetwork(network: TiedNetwork, tying: Tying, features: number): DenseLayer[] {
  const { hypotheses } = network;
  const meanOfOthers = hypotheses > 1 ? 1 / (hypotheses - 1) : 0;
  return network.layers.map((layer, index) => {
    const inputs = index === 0 ? features : layer.inputs * hypotheses;
    const outputs = layer.outputs * hypotheses;
    const weights = new Float32Array(inputs * outputs);
    const bias = new Float32Array(outputs);
    for (let hypothesis = 0; hypothesis < hypotheses; hypothesis++) {
      for (let neuron = 0; neuron < layer.outputs; neuron++) {
        const row = hypothesis * layer.outputs + neuron;
        bias[row] = layer.bias[neuron]!;
        for (let source = 0; source < hypotheses; source++) {
          const matrix = source === hypothesis ? layer.own : layer.others;
          const factor = source === hypothesis ? 1 : meanOfOthers;
          for (let input = 0; input < layer.inputs; input++) {
            const column = index === 0 ? tying.own[source]![input]! : source * layer.inputs + input;
            // A feature may be several hypotheses' own: its weights add up.
            weights[row * inputs + column]! += matrix[neuron * layer.inputs + input]! * factor;
          }
        }
        if (index > 0) continue;
        for (const [input, column] of tying.shared.entries()) {
          weights[row * inputs + column]! += layer.shared[neuron * tying.shared.length + input]!;
        }
      }
    }
    return { inputs, outputs, weights, bias, relu: index < network.layers.length - 1 };
  });
}
