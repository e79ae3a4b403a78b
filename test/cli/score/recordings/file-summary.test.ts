import { expect, it } from "vitest";
import { createSummary, type WindowLogits } from "../../../../src/cli/score/recordings/file-summary.ts";
import { chooseSeverityScale } from "../../../../src/cli/score/recordings/recording-severity.ts";
import { readBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import { shippedBundle } from "../recordings.ts";

it("names what is likelier than not, and of which nothing but foreign lines speaks in most windows", async () => {
  const { manifest } = await readBundle(shippedBundle);
  const namesOf = (inner: number, foreign: readonly (readonly string[])[]): readonly string[] => {
    const summary = createSummary("a.npy", manifest, chooseSeverityScale(manifest, null));
    const logits = Float64Array.of(inner, -4, -4);
    for (const modes of foreign) {
      summary.update({ output: { logits }, faultLogits: logits } as unknown as WindowLogits, false, modes);
    }
    return summary.summarise().foreignModes;
  };
  const inner = ["inner-race"];
  expect(namesOf(3, [inner, inner, []])).toEqual(inner);
  expect(namesOf(3, [inner, []])).toEqual([]);
  expect(namesOf(3, [[], [], []])).toEqual([]);
  // Of what is not likely nothing needs to be said.
  expect(namesOf(-4, [inner, inner])).toEqual([]);
  expect(namesOf(3, [])).toEqual([]);
});
