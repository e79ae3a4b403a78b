import { expect, test } from "vitest";
import { createModelTrial } from "../../../firmware-bridge/model/model-trial.ts";

const probes = [1, 2, 3].map((each) => ({ inputs: Uint8Array.of(each), outputs: Uint8Array.of(10 * each) }));
const right = (index: number): Uint8Array => probes[index]!.outputs;

test("a trial is passed when every probe in turn gave its integers", () => {
  const trial = createModelTrial(probes);
  expect(trial.next()).toEqual({ index: 0, inputs: Uint8Array.of(1) });
  expect([trial.take(1, right(1)), trial.take(undefined, right(0))]).toEqual([false, false]);
  expect([0, 1, 2].map((index) => trial.take(index, right(index)))).toEqual([true, true, true]);
  expect([trial.isOver, trial.hasPassed, trial.mismatches]).toEqual([true, true, 0]);
});

test.each([
  ["wrong integer", Uint8Array.of(21)],
  ["answer of another length", Uint8Array.of(20, 0)],
])("one %s ends it, and it does not begin again", (_name, wrong) => {
  const trial = createModelTrial(probes);
  trial.take(0, right(0));
  trial.take(1, wrong);
  trial.restart();
  expect([trial.isOver, trial.hasPassed, trial.mismatches, trial.answered]).toEqual([true, false, 1, 2]);
});

test("after the device was away it begins with the first probe, and what it passed before stays passed", () => {
  const trial = createModelTrial(probes);
  for (const index of [0, 1, 2]) trial.take(index, right(index));
  trial.restart();
  expect([trial.next().index, trial.isOver, trial.hasPassed]).toEqual([0, false, true]);
});

test("a trial without probes is over and proves nothing", () => {
  const trial = createModelTrial([]);
  expect([trial.isOver, trial.hasPassed]).toEqual([true, false]);
});
