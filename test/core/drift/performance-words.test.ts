import { expect, test } from "vitest";
import { createConceptWatch } from "../../../src/core/drift/concept-watch.ts";
import { describeOutcomes } from "../../../src/core/drift/performance-words.ts";

const saidOf = (verdict: ReturnType<ReturnType<typeof createConceptWatch>["update"]>): string =>
  describeOutcomes({
    modelDigest: "d",
    contradictedMs: null,
    contradictedBy: null,
    verdict,
  } as Parameters<typeof describeOutcomes>[0]);

test("of outcomes that were decided wrongly it is said that they are not enough to contradict a model, not that nothing speaks against it", () => {
  const watch = createConceptWatch();
  const wrong = { raised: true, risk: 0.984, isFault: false };
  expect(saidOf(watch.update({ raised: true, risk: 0.984, isFault: true }))).toMatch(
    /: nothing speaks against it$/,
  );
  expect(saidOf(watch.update(wrong))).toBe(
    "2 outcomes confirmed, 1 decided wrongly, 1 fault where 2.0 were to be expected: not enough to contradict it",
  );
});

test("after a contradiction all counts begin anew together", () => {
  const watch = createConceptWatch();
  const wrong = { raised: true, risk: 0.984, isFault: false };
  let verdict = watch.update(wrong);
  while (verdict.change === null) verdict = watch.update(wrong);
  expect(watch.update(wrong)).toMatchObject({ outcomes: 1, errors: 1, faults: 0, expectedFaults: 0.984 });
});
