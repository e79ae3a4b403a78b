/** Small random models for pushes to virtual boards, with the integers that they must give. */
import type { ModelImage, ModelProbe } from "../../firmware-bridge/model/model-push-options.ts";
import type { QuantisedMlp } from "../../src/core/contract/bundle/quantised-mlp.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { computeSecurityCounter, encodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { createRandom } from "../../src/core/maths/random.ts";

/** A model and its golden vectors. */
export interface TestModel {
  readonly image: ModelImage;
  readonly probes: readonly ModelProbe[];
}

/** A model without features; of about 10 kB, three sectors of a slot, if `widths` says nothing else. The same arguments give the same bytes. */
export function createTestModel(
  version: string,
  seed: number,
  widths: readonly number[] = [64, 64, 64, 6],
): TestModel {
  const random = createRandom(seed);
  const layers = widths.slice(1).map((outputs, index) => {
    const inputs = widths[index]!;
    return {
      inputs,
      outputs,
      relu: index < widths.length - 2,
      weights: Int8Array.from({ length: inputs * outputs }, () => random.integer(127) - 63),
      weightScales: new Float32Array(outputs).fill(Math.fround(0.002)),
      bias: Int32Array.from({ length: outputs }, () => random.integer(20_001) - 10_000),
      outputScale: Math.fround(0.05),
      outputZeroPoint: index < widths.length - 2 ? 0 : 128,
    };
  });
  const student: QuantisedMlp = { inputScale: Math.fround(0.02), inputZeroPoint: 128, layers };
  const kernel = createIntegerKernel(student);
  const probes = Array.from({ length: 8 }, () => {
    const inputs = Uint8Array.from({ length: kernel.inputs }, () => random.integer(256));
    const outputs = new Uint8Array(kernel.outputs);
    kernel.runQuantisedInto(inputs, 1, outputs);
    return { inputs, outputs };
  });
  const bytes = encodeMcuModel({
    name: "test",
    version,
    student,
    raiseAt: Array(widths.at(-1)).fill(256),
    features: null,
  });
  return {
    image: { name: "test", version, securityCounter: computeSecurityCounter(version), bytes },
    probes,
  };
}
