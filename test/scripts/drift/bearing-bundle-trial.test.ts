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
  readonly reliability: {
    readonly heldOut: readonly { readonly stated: number; readonly observed: number }[];
  };
}

/** Whether by recordings and by bearings the answer is the expected one, of the shipped bundle with its figures changed. */
function judge(change: (stated: Stated) => Partial<Stated>): readonly boolean[] {
  return tryBearingBundle(writeFigures(change)).map(({ isAsExpected }) => isAsExpected);
}

function writeFigures(change: (stated: Stated) => Partial<Stated>): string {
  const stated = JSON.parse(readFileSync(join(shipped, "evaluation.json"), "utf8")) as Stated;
  const folder = createTemporaryFolder();
  writeFileSync(join(folder, "evaluation.json"), JSON.stringify({ ...stated, ...change(stated) }));
  return folder;
}

/** Changes what held-out windows were. */
function withHeldOut(
  { reliability }: Stated,
  change: (bins: Stated["reliability"]["heldOut"]) => Stated["reliability"]["heldOut"],
): Partial<Stated> {
  return { reliability: { ...reliability, heldOut: change(reliability.heldOut) } };
}

test("of the shipped bearing bundle recordings tell an interval, and bearings nothing", () => {
  expect(judge(() => ({}))).toEqual([true, true]);
});

test("an interval says whether it holds the truth", () => {
  const answerOf = (observed: number): string => {
    const folder = writeFigures((stated) =>
      withHeldOut(stated, (bins) => bins.map((bin) => ({ ...bin, observed: right(bin, observed) }))),
    );
    return tryBearingBundle(folder)[0]!.answer;
  };
  /** Share of faults in a bin of which `share` is called rightly. */
  const right = ({ stated }: { readonly stated: number }, share: number): number =>
    stated >= 0.5 ? share : 1 - share;
  expect(answerOf(0.9)).toMatch(/^0\.\d{3} to 0\.\d{3}, holds the truth$/);
  expect(answerOf(0.5)).toMatch(/, beside the truth$/);
});

test("silence by recordings and words by bearings are not what is expected", () => {
  // Ten recordings in the folds.
  const few = judge(({ heldOut }) => ({ contract: { signals: heldOut.recordings.length + 10 } }));
  expect(few).toEqual([false, true]);
  // Probabilities that the folds saw often.
  const plain = judge((stated) => withHeldOut(stated, (bins) => bins.slice(0, 2)));
  expect(plain[1]).toBe(false);
});
