import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tryBearingBundle } from "../../../scripts/drift/performance-trials.ts";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const shipped = join(packageRoot(), "models", "bearing-vibration", "1.0.0");

interface Stated {
  readonly contract: { readonly signals: number };
  readonly heldOut: { readonly recordings: readonly unknown[] };
  readonly reliability: { readonly heldOut: readonly { readonly observed: number }[] };
}

/** Whether by recordings and by bearings the answer is the expected one, of the shipped bundle with its figures changed. */
function judge(change: (stated: Stated) => Partial<Stated>): readonly boolean[] {
  const stated = JSON.parse(readFileSync(join(shipped, "evaluation.json"), "utf8")) as Stated;
  const folder = createTemporaryFolder();
  writeFileSync(join(folder, "evaluation.json"), JSON.stringify({ ...stated, ...change(stated) }));
  return tryBearingBundle(folder).map(({ isAsExpected }) => isAsExpected);
}

/** Changes what held-out windows were. */
function withHeldOut(
  { reliability }: Stated,
  change: (bins: Stated["reliability"]["heldOut"]) => Stated["reliability"]["heldOut"],
): Partial<Stated> {
  return { reliability: { ...reliability, heldOut: change(reliability.heldOut) } };
}

test("of the shipped bearing bundle the interval by recordings holds the truth, and by bearings nothing is said", () => {
  expect(judge(() => ({}))).toEqual([true, true]);
});

test("an interval beside the truth, silence by recordings and words by bearings are not what is expected", () => {
  const wrong = judge((stated) =>
    withHeldOut(stated, (bins) => bins.map((bin) => ({ ...bin, observed: 0.5 }))),
  );
  expect(wrong).toEqual([false, true]);
  // Ten recordings in the folds.
  const few = judge(({ heldOut }) => ({ contract: { signals: heldOut.recordings.length + 10 } }));
  expect(few).toEqual([false, true]);
  // Probabilities that the folds saw often.
  const plain = judge((stated) => withHeldOut(stated, (bins) => bins.slice(0, 2)));
  expect(plain[1]).toBe(false);
});
