import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createRandomStudent } from "../../../scripts/mcu/random-student.ts";
import {
  computeSecurityCounter,
  decodeMcuModel,
  encodeMcuModel,
} from "../../../src/core/inference/mcu-codec.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const student = createRandomStudent(createRandom(71), [6, 5, 3]);
const model = {
  name: "bearing-vibration",
  version: "1.2.3-rc.1",
  student,
  raiseAt: [0, 255, 256],
  features: Uint8Array.of(1, 2, 3, 4),
};

describe("the model file for microcontrollers", () => {
  test("gives back what was put in, with the zero point folded into the bias", () => {
    const image = decodeMcuModel(encodeMcuModel(model));
    expect(image).toMatchObject({
      name: model.name,
      version: model.version,
      raiseAt: model.raiseAt,
      features: model.features,
      inputScale: student.inputScale,
      inputZeroPoint: student.inputZeroPoint,
      securityCounter: 0x01020003,
    });
    let zeroPoint = student.inputZeroPoint;
    for (const [index, layer] of student.layers.entries()) {
      const read = image.layers[index]!;
      expect(read.weights).toEqual(layer.weights);
      expect(read.outputZeroPoint).toBe(layer.outputZeroPoint);
      for (let output = 0; output < layer.outputs; output++) {
        const row = layer.weights.subarray(output * layer.inputs, (output + 1) * layer.inputs);
        const sum = row.reduce((total, weight) => total + weight, 0);
        expect(read.foldedBias[output]).toBe(layer.bias[output]! - zeroPoint * sum);
      }
      zeroPoint = layer.outputZeroPoint;
    }
  });

  test("is the same bytes for the same model, today as when this was written", () => {
    const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    const pinned = "0f0a1a468b4d8e604acd523519af8d68bd4a777bba75fef635af5a775556f7b3";
    expect(sha256(encodeMcuModel(model))).toBe(pinned);
    // Made anew from the same seed, its parts named in another order.
    const again = createRandomStudent(createRandom(71), [6, 5, 3]);
    const reversed = Object.fromEntries(Object.entries({ ...model, student: again }).reverse());
    expect(sha256(encodeMcuModel(reversed as typeof model))).toBe(pinned);
    // And another model is other bytes.
    expect(sha256(encodeMcuModel({ ...model, raiseAt: [0, 255, 255] }))).not.toBe(pinned);
  });

  test("is refused after any change of a byte, and at any other length", () => {
    const bytes = encodeMcuModel(model);
    for (let offset = 0; offset < bytes.length; offset++) {
      const copy = bytes.slice();
      copy[offset]! ^= 0x10;
      expect(() => decodeMcuModel(copy), `offset ${offset}`).toThrow(/model\.mcu\.bin/);
      expect(() => decodeMcuModel(bytes.subarray(0, offset)), `length ${offset}`).toThrow(/model\.mcu\.bin/);
    }
  });

  test("is refused when its parts do not fit, even with a right digest", () => {
    for (const offset of [4, 6, 8, 12, 60, 64, 66, 68, 80, 84, 88, 90]) {
      const copy = encodeMcuModel(model);
      copy[offset]! ^= 0x40;
      const end = copy.length - 32;
      copy.set(createHash("sha256").update(copy.subarray(0, end)).digest(), end);
      expect(() => decodeMcuModel(copy), `offset ${offset}`).toThrow(/model\.mcu\.bin/);
    }
  });

  test("numbers versions so that a later one is larger", () => {
    const versions = ["0.0.1", "0.0.300", "0.1.0", "0.255.65535", "1.0.0", "255.0.0"];
    const counters = versions.map(computeSecurityCounter);
    expect(counters).toEqual([...counters].sort((left, right) => left - right));
    for (const version of ["256.0.0", "1.256.0", "1.0.65536", "1.0"]) {
      expect(() => computeSecurityCounter(version)).toThrow(/version/);
    }
  });

  test("does not take names that the device has no room for", () => {
    for (const name of ["", "a".repeat(32), "bearing vibration", "lager-größe"]) {
      expect(() => encodeMcuModel({ ...model, name })).toThrow(/characters/);
    }
  });
});
