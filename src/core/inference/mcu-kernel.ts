/** Runs `model.mcu.bin` as a microcontroller does: for simulated devices, and to check the file rather than its source. */
import type { McuImage } from "./mcu-codec.ts";

/** Quantised inputs (one uint8 a feature) → quantised logits; undefined when their number is not the model's. */
export function runMcuImage(image: McuImage, inputs: Uint8Array): Uint8Array | undefined {
  if (inputs.length !== image.layers[0]!.inputs) return undefined;
  let from = inputs;
  for (const { inputs: width, outputs, weights, foldedBias, multipliers, outputZeroPoint } of image.layers) {
    const to = new Uint8Array(outputs);
    for (let output = 0; output < outputs; output++) {
      let sum = foldedBias[output]!;
      for (let input = 0; input < width; input++) sum += weights[output * width + input]! * from[input]!;
      const scaled = roundHalfEven(Math.fround(Math.fround(sum) * multipliers[output]!));
      to[output] = Math.min(255, Math.max(0, scaled + outputZeroPoint));
    }
    from = to;
  }
  return from;
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
