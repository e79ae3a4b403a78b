/** A new model on trial: asks its device for every golden vector in turn. One wrong integer is enough. */
import type { ModelProbe } from "./model-push-options.ts";

export interface ModelTrial {
  /** Begins with the first probe again, unless one failed: the device was away. */
  restart(): void;
  /** Index and input of the probe to send; only while it is not over. */
  next(): { readonly index: number; readonly inputs: Uint8Array };
  /** Takes the answer to a probe; false when it is not the one that was asked for last. */
  take(index: number | undefined, outputs: Uint8Array): boolean;
  /** There is nothing more to ask. */
  readonly isOver: boolean;
  /** Every probe gave its integers, perhaps before the device was away. */
  readonly hasPassed: boolean;
  /** Probes that were answered, and answers with other integers. */
  readonly answered: number;
  readonly mismatches: number;
}

/** Creates a trial; without probes it is over, and not passed. */
export function createModelTrial(probes: readonly ModelProbe[]): ModelTrial {
  let answered = 0;
  let mismatches = 0;
  let hasPassed = false;
  return {
    restart: () => {
      if (mismatches === 0) answered = 0;
    },
    next: () => ({ index: answered, inputs: probes[answered]!.inputs }),
    take: (index, outputs) => {
      if (index !== answered) return false;
      const expected = probes[answered]!.outputs;
      if (outputs.length !== expected.length || outputs.some((value, each) => value !== expected[each]))
        mismatches++;
      answered++;
      hasPassed = answered === probes.length && mismatches === 0;
      return true;
    },
    get isOver() {
      return mismatches > 0 || answered === probes.length;
    },
    get hasPassed() {
      return hasPassed;
    },
    get answered() {
      return answered;
    },
    get mismatches() {
      return mismatches;
    },
  };
}
