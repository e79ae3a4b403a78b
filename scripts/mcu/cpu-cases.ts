/**
 * What every CPU is tried with: the golden vectors of the shipped bundles and seeded random students with random
 * inputs, rounding boundaries and values far outside among them. The expected integers are those of the definition.
 */

import type { QuantisedMlp } from "../../src/core/contract/bundle/quantised-mlp.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { encodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createRandomRows, createRandomStudent } from "./random-student.ts";
import type { ShippedModel } from "./shipped-models.ts";

/** One model with inputs. */
export interface CpuCase {
  readonly name: string;
  readonly onnx: Uint8Array;
  /** Null when no microcontroller runs it. */
  readonly mcuModel: Uint8Array | null;
  readonly inputs: number;
  readonly outputs: number;
  readonly rows: number;
  /** float32 [rows × inputs], what ONNX Runtime is given. */
  readonly standardised: Float32Array;
  /** The same quantised as defined, what a microcontroller is given. */
  readonly quantised: Uint8Array;
  /** uint8 [rows × outputs]. */
  readonly expected: Uint8Array;
}

/** Layers of the random students; every one fits a Cortex-M0. */
const shapes = [
  [64, 32, 16, 6],
  [32, 16, 4],
  [21, 24, 12, 3],
  [17, 16, 8, 3],
  [1, 1],
  [3, 2],
  [7, 5, 9, 11],
  [48, 40, 1],
];

/** Golden vectors of a bundle; their expected integers are those that the bundle states. */
export function createGoldenCase(model: ShippedModel): CpuCase {
  const { cases } = model.golden;
  const { inputs } = model.student.layers[0]!;
  const standardised = new Float32Array(inputs * cases.length);
  const outputs = model.golden.outputs;
  const expected = new Uint8Array(outputs * cases.length);
  for (const [row, one] of cases.entries()) {
    standardised.set(one.standardised, row * inputs);
    expected.set(one.logits, row * outputs);
  }
  return {
    name: model.id,
    onnx: model.onnx,
    mcuModel: model.mcuModel,
    inputs,
    outputs,
    rows: cases.length,
    standardised,
    expected,
    quantised: quantiseInputs(model.student, standardised),
  };
}

/** At least `rows` random rows over as many students as there are shapes, twice. */
export function createRandomCases(seed: number, rows: number): CpuCase[] {
  const random = createRandom(seed);
  const rowsEach = Math.ceil(rows / (2 * shapes.length));
  return [...shapes, ...shapes].map((widths, index) => {
    const student = createRandomStudent(random, widths);
    const standardised = createRandomRows(random, student, rowsEach);
    const outputs = widths[widths.length - 1]!;
    const expected = new Uint8Array(rowsEach * outputs);
    createIntegerKernel(student).runInto(standardised, rowsEach, expected);
    return {
      name: `random ${widths.join("-")} number ${index}`,
      onnx: encodeStudent(student),
      mcuModel: encodeMcuModel({
        name: "random",
        version: "1.0.0",
        student,
        features: null,
        raiseAt: new Array<number>(outputs).fill(256),
      }),
      inputs: widths[0]!,
      outputs,
      rows: rowsEach,
      standardised,
      expected,
      quantised: quantiseInputs(student, standardised),
    };
  });
}

/** q = clamp(roundHalfEven(fround(x / scale)) + zero point), written plainly. */
function quantiseInputs(student: QuantisedMlp, standardised: Float32Array): Uint8Array {
  const { inputScale, inputZeroPoint } = student;
  return Uint8Array.from(standardised, (value) => {
    const quotient = Math.fround(value / inputScale);
    const below = Math.floor(quotient);
    const rest = quotient - below;
    const rounded = rest < 0.5 ? below : rest > 0.5 ? below + 1 : below % 2 === 0 ? below : below + 1;
    return Math.min(255, Math.max(0, rounded + inputZeroPoint));
  });
}

/** Rows of which an output differs. */
export function countViolations(actual: Uint8Array, expected: Uint8Array, outputs: number): number {
  let violations = 0;
  for (let row = 0; row * outputs < expected.length; row++) {
    for (let output = row * outputs; output < (row + 1) * outputs; output++) {
      if (actual[output] === expected[output]) continue;
      violations++;
      break;
    }
  }
  return violations;
}
