import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { bundleFileNames } from "../../../src/core/contract/bundle/manifest.ts";
import { decodeStudent } from "../../../src/core/inference/onnx-codec.ts";
import { createRandom } from "../../../src/core/maths/random.ts";
import { quantiseOnGrids } from "../../../src/training/learn/quantise-network.ts";
import { dequantiseNetwork, tieNetwork } from "../../../src/training/learn/recover-network.ts";
import { createTiedNetwork, expandTiedNetwork } from "../../../src/training/learn/tied-network.ts";

const tying = {
  own: [
    [0, 3],
    [1, 4],
    [2, 5],
  ],
  shared: [6, 7],
};

describe("a network recovered from a bundle", () => {
  it("is the tied one that was expanded, but for rounding", () => {
    const network = createTiedNetwork(tying, [5, 3, 1], createRandom(4));
    const recovered = tieNetwork(expandTiedNetwork(network, tying, 8), tying);
    for (const [index, layer] of network.layers.entries()) {
      for (const part of ["own", "others", "shared", "bias"] as const) {
        const left = [...layer[part]];
        expect(
          [...recovered.layers[index]![part]].every((value, at) => Math.abs(value - left[at]!) < 1e-6),
        ).toBe(true);
      }
    }
  });

  it("gives the shipped student's integers again", async () => {
    const { files, manifest } = await readBundle(
      join(import.meta.dirname, "../../../models/bearing-vibration/1.0.0"),
    );
    const student = decodeStudent(files.get(bundleFileNames.model)!);
    const names = manifest.features.list.map(({ name }) => name);
    const prefixes = ["bpfi.", "bpfo.", "bsf."];
    const own = prefixes.map((prefix) => names.flatMap((name, at) => (name.startsWith(prefix) ? [at] : [])));
    const shared = names.flatMap((_, at) => (own.flat().includes(at) ? [] : [at]));
    const network = tieNetwork(dequantiseNetwork(student), { own, shared });
    const floats = expandTiedNetwork(network, { own, shared }, names.length);
    const grids = [
      { scale: student.inputScale, zeroPoint: student.inputZeroPoint },
      ...student.layers.map((layer) => ({ scale: layer.outputScale, zeroPoint: layer.outputZeroPoint })),
    ];
    expect(quantiseOnGrids(floats, grids)).toEqual(student);
  });

  it("refuses weights that failure modes do not share, and features that two of them have", () => {
    const layers = expandTiedNetwork(createTiedNetwork(tying, [2, 1], createRandom(1)), tying, 8);
    const own = {
      own: [
        [0, 3],
        [1, 4],
        [2, 6],
      ],
      shared: [5, 7],
    };
    expect(() => tieNetwork(layers, own)).toThrowError(/weights of their own/);
    expect(() => tieNetwork(layers, { ...tying, shared: [0, 7] })).toThrowError(/each of one alone/);
    expect(() => tieNetwork(layers, { own: [[0], [1]], shared: [2] })).toThrowError(
      /6 neurons for 2|weights of their own/,
    );
  });
});
