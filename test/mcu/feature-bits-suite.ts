import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { CheckCommands, CheckResults } from "../../scripts/mcu/check-commands.ts";
import { buildCheckProgram, type CheckTarget } from "../../scripts/mcu/check-program.ts";
import { createRandomFeatures, type DrawnFeatures } from "../../scripts/mcu/random-features.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { reasonToSkip } from "./skip-reason.ts";

/**
 * Of every byte that the features gave, all but combs when they were still computed one sample after the other: what makes them
 * faster leaves every bit of them, on every core. Another definition of a feature is another digest.
 */
const digests = {
  magnitudes: {
    chain: 1,
    operators: 5,
    digest: "93b37e7c627448e93a235e94ef01d8cf6283034194bacb272b7ec0837e048540",
  },
  energies: {
    chain: 2,
    operators: 5,
    digest: "52277a659894ed2a11c88961fc9b458c3bcf829be62c1cddfd75b7f931f36968",
  },
  "energies, combs among them": {
    chain: 2,
    operators: 9,
    digest: "8811ba3d2b7a643ff64b90a8f703e478b82b4e249058fdaf7e6aa13de237cc0f",
  },
  "energies, combs among them, in the longest windows": {
    chain: 2,
    operators: 9,
    fftSize: 4096,
    digest: "b8da42ed0e9ee7ecf0e95976057a66446dcde205b105bd53e698ec10b07a05d3",
  },
} as const;
const kinds = [
  "magnitudes",
  "energies",
  "energies, combs among them",
  "energies, combs among them, in the longest windows",
] as const;
const models = 12;
const windowsOfModel = 3;

/** Input of the check program, and a reader of what it gave: how many windows were scored, and what of. */
function createCases(drawn: DrawnFeatures): {
  input: Uint8Array;
  read: (output: Uint8Array) => { scored: number; digest: string };
} {
  const random = createRandom(20_261_122);
  const all = Array.from({ length: models }, () => createRandomFeatures(random, windowsOfModel, drawn));
  const commands = new CheckCommands();
  for (const { file, windows } of all) {
    commands.model(file);
    for (const window of windows) commands.window(window);
  }
  return {
    input: commands.finish(),
    read: (output) => {
      const results = new CheckResults(output);
      const hash = createHash("sha256");
      let scored = 0;
      for (const { inputs, outputs, windows } of all) {
        expect(results.word()).toBe(0);
        for (const _ of windows) {
          const result = results.window(inputs, outputs);
          hash.update(result.scored ? "scored" : "refused");
          if (!result.scored) continue;
          scored++;
          hash.update(new Uint8Array(result.features.buffer)).update(result.quantised).update(result.logits);
        }
      }
      return { scored, digest: hash.digest("hex") };
    },
  };
}

/** The tests on a target: a program of the host, or a core in QEMU. */
export function describeFeatureBits(target: CheckTarget): void {
  describe(`on ${target}`, () => {
    test.skipIf(reasonToSkip(target) !== null).each(kinds)(
      "features of any section and window keep their bits, of an envelope of %s",
      (kind) => {
        const { digest, ...drawn } = digests[kind];
        const { input, read } = createCases(drawn);
        const program = buildCheckProgram(target);
        try {
          const result = read(program.run(input));
          // Corners are refused; most are not.
          expect(result.scored).toBeGreaterThan((models * windowsOfModel) / 2);
          expect(result.digest).toBe(digest);
        } finally {
          program.close();
        }
      },
      60_000,
    );
  });
}
