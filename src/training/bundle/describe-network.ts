/** A student's shape in words, for cards, reports and bills of materials. */
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";

/** For example `multi-layer perceptron 33-16-3`: inputs, hidden neurons, outputs. */
export function describeNetwork({ layers }: QuantisedMlp): string {
  const widths = [layers[0]!.inputs, ...layers.map((layer) => layer.outputs)];
  return `multi-layer perceptron ${widths.join("-")}`;
}
