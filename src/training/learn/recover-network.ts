/**
 * From the integers of a bundle back to a network that learning can go on from: floats that give the same integers again,
 * and the tied form that they were expanded from. Refuses a network whose weights are not tied as the features say.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import type { DenseLayer } from "./dense-network.ts";
import type { TiedLayer, TiedNetwork, Tying } from "./tied-network.ts";

/** The floats that the integers stand for: weights and bias times their scales. */
export function dequantiseNetwork({ inputScale, layers }: QuantisedMlp): DenseLayer[] {
  return layers.map(({ inputs, outputs, relu, weights, weightScales, bias }, index) => {
    const scaleIn = index === 0 ? inputScale : layers[index - 1]!.outputScale;
    return {
      inputs,
      outputs,
      relu,
      weights: Float32Array.from(weights, (weight, at) => weight * weightScales[Math.floor(at / inputs)]!),
      bias: Float32Array.from(bias, (value, output) => value * scaleIn * weightScales[output]!),
    };
  });
}

/** Weights that are tied differ by no more than this, of the layer's largest: they were rounded on scales of their own. */
const tolerance = 0.02;

/**
 * The tied network that `expandTiedNetwork` gives `layers` of: what the hypotheses have in common is the mean of what each
 * has. Fails with TRAINING when they have it not in common.
 */
export function tieNetwork(layers: readonly DenseLayer[], tying: Tying): TiedNetwork {
  const hypotheses = tying.own.length;
  const [first] = layers;
  const taken = [...tying.own.flat(), ...tying.shared];
  if (first === undefined || taken.some((column) => column >= first.inputs) || hasTwice(taken)) {
    throw untied("its features are not those of the failure modes, each of one alone");
  }
  const tied = layers.map((layer, index): TiedLayer => {
    if (layer.outputs % hypotheses !== 0) {
      throw untied(`layer ${index + 1} has ${layer.outputs} neurons for ${hypotheses} failure modes`);
    }
    const inputs = index === 0 ? tying.own[0]!.length : layer.inputs / hypotheses;
    const columnOf = (hypothesis: number, input: number): number =>
      index === 0 ? tying.own[hypothesis]![input]! : hypothesis * inputs + input;
    return tieLayer(layer, { hypotheses, inputs, columnOf, shared: index === 0 ? tying.shared : [] });
  });
  return { hypotheses, sharedInputs: tying.shared.length, layers: tied };
}

/** Where a layer's inputs stand. */
interface LayerTying {
  readonly hypotheses: number;
  /** Of one hypothesis. */
  readonly inputs: number;
  readonly columnOf: (hypothesis: number, input: number) => number;
  readonly shared: readonly number[];
}

function tieLayer(layer: DenseLayer, { hypotheses, inputs, columnOf, shared }: LayerTying): TiedLayer {
  const outputs = layer.outputs / hypotheses;
  const largest = layer.weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const limit = tolerance * Math.max(largest, 1e-6);
  const weight = (hypothesis: number, neuron: number, column: number): number =>
    layer.weights[(hypothesis * outputs + neuron) * layer.inputs + column]!;
  const all = Array.from({ length: hypotheses }, (_, hypothesis) => hypothesis);
  const common = (values: readonly number[]): number => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (values.some((value) => Math.abs(value - mean) > limit)) {
      throw untied("its failure modes have weights of their own");
    }
    return mean;
  };
  const own = new Float32Array(outputs * inputs);
  const others = new Float32Array(outputs * inputs);
  const sharedWeights = new Float32Array(outputs * shared.length);
  const bias = new Float32Array(outputs);
  for (let neuron = 0; neuron < outputs; neuron++) {
    // Means, and no check: a bias is an integer of the scale that each neuron has, however small.
    bias[neuron] = all.reduce((sum, each) => sum + layer.bias[each * outputs + neuron]!, 0) / hypotheses;
    for (let input = 0; input < inputs; input++) {
      const at = neuron * inputs + input;
      own[at] = common(all.map((each) => weight(each, neuron, columnOf(each, input))));
      if (hypotheses === 1) continue;
      const strangers = all.flatMap((each) =>
        all.filter((other) => other !== each).map((other) => weight(each, neuron, columnOf(other, input))),
      );
      others[at] = common(strangers) * (hypotheses - 1);
    }
    for (const [input, column] of shared.entries()) {
      sharedWeights[neuron * shared.length + input] = common(all.map((each) => weight(each, neuron, column)));
    }
  }
  return { inputs, outputs, own, others, shared: sharedWeights, bias };
}

function hasTwice(columns: readonly number[]): boolean {
  return new Set(columns).size !== columns.length;
}

function untied(why: string): AuroraError {
  return new AuroraError("TRAINING", `learning cannot go on from this student: ${why}`, {
    op: "recover network",
    hint: "give a bundle that aurora train made of bearing vibration, or train from scratch: leave `from` out",
  });
}
