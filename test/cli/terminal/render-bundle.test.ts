import { expect, test } from "vitest";
import { renderChanges } from "../../../src/cli/terminal/render-bundle.ts";

test("of two bundles a part of the evaluation with many differences is one line, where its first one stands", () => {
  const change = (path: string) => ({ path, sentence: `${path}: 0 → 1` });
  const recordings = Array.from({ length: 25 }, (_, index) => change(`evaluation.recordings.${index}.logit`));
  const metrics = Array.from({ length: 24 }, (_, index) => change(`evaluation.metrics.${index}`));
  const features = Array.from({ length: 30 }, (_, index) => change(`features.list.f${index}.operator`));
  expect(renderChanges([...features, ...recordings, ...metrics]).split("\n")).toEqual([
    ...features.map(({ sentence }) => sentence),
    "evaluation.recordings: 25 differences (--json says each)",
    ...metrics.map(({ sentence }) => sentence),
  ]);
});
