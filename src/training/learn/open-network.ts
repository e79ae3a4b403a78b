/** A network while it is trained: its weights as variables, and what it computes with them. */
import type { LayerArithmetic } from "./layer-arithmetic.ts";
import type { Tensor, Variable } from "./tensorflow.ts";

/** `Inputs` are a batch's tensors, `Network` is the form that it was opened from. */
export interface OpenNetwork<Inputs extends readonly Tensor[], Network> {
  /** To be disposed of by who opened it. */
  readonly variables: Variable[];
  /** Those of them that decay. */
  readonly decaying: readonly Variable[];
  /** The activations of the last hidden layer (the inputs where there is none) and the outputs. */
  readonly run: (...inputs: [...Inputs, arithmetic: LayerArithmetic]) => {
    readonly hidden: Tensor;
    readonly outputs: Tensor;
  };
  /** The network as it stands. */
  readonly read: () => Network;
}
