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
    operators: 3,
    digest: "46c46d6c051cc03179c3c87f22544e7fd8860a6b4112fdee0f9880d9d32462a7",
  },
  energies: {
    chain: 2,
    operators: 3,
    digest: "e341e95bec4fbaeda8c1c06d616b1576aea7709ead00611ef37bbbd7fb7faca8",
  },
  "energies, combs among them": {
    chain: 2,
    operators: 7,
    digest: "2bb067e517649f85c9cc5a2d9c3f022ba3ab6da435e6711d9c7da4e4aac15e39",
  },
  "energies, combs among them, in the longest windows": {
    chain: 2,
    operators: 7,
    fftSize: 4096,
    digest: "3858aeac59b8e6e56cefd3ac64179fef590280d0a212677e1d5b950f04f96cfb",
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
