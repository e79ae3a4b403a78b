import { expect, test } from "vitest";
import { createSampleLook } from "../../../src/gateway/diagnosis/sample-look.ts";

/** The step that is seen of a channel whose counts are whole multiples of `step`, drawn evenly from -9 to 9 of them. */
function seeStep(step: number): number | undefined {
  const look = createSampleLook();
  let state = 1;
  for (let block = 0; block < 40; block++) {
    const counts = Int16Array.from({ length: 512 }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return step * (((state >>> 16) % 19) - 9);
    });
    look.note(counts);
  }
  return look.close()?.step;
}

test.each([1, 3, 8, 1000, 1024])(
  "a converter that steps by %i counts is seen to, a power of two or not",
  (step) => {
    expect(seeStep(step)).toBe(step);
  },
);

test("of a channel that never changes one count is the step", () => {
  expect(seeStep(0)).toBe(1);
});

test.each([
  [64, 64],
  [1000, 1],
])("of two values %i counts apart the step is %i", (apart, step) => {
  const look = createSampleLook();
  for (let block = 0; block < 40; block++)
    look.note(Int16Array.from({ length: 512 }, (_, index) => (index % 7 === 0 ? apart : 0)));
  expect(look.close()?.step).toBe(step);
});

test("of blocks that are constant and differ one count is the step", () => {
  const look = createSampleLook();
  for (let block = 0; block < 40; block++) look.note(new Int16Array(512).fill(block % 2 === 0 ? 5 : 300));
  expect(look.close()?.step).toBe(1);
});
