import { expect, test } from "vitest";
import { divideBySplit } from "../../../../../src/training/dataset/recordings/recording-splits.ts";
import {
  calibrateStudent,
  planInnerSplits,
  type SplitSignal,
} from "../../../../../src/training/recipes/bearing/learn/calibrate-student.ts";

const signals: SplitSignal[] = [];
for (const faultEnd of ["DE", "FE"] as const) {
  for (const [kind, mode] of [
    ["IR", "inner-race"],
    ["B", "ball"],
  ] as const) {
    for (const size of [7, 14]) {
      for (const component of ["DE", "FE"] as const) {
        const machine = `${faultEnd}_${kind}_${size}`;
        const isFaulty = component === faultEnd;
        const entry = {
          id: `${machine}_${component}`,
          machine,
          component,
          shared: isFaulty ? null : faultEnd,
        };
        signals.push({ entry, failureMode: isFaulty ? mode : null });
      }
    }
  }
}

test("every bearing is judged by a student that has not seen it, and no healthy bearing is on both sides", () => {
  const splits = planInnerSplits(signals);
  expect(splits.map(({ name }) => name)).toEqual(["inner-0-DE", "inner-0-FE", "inner-1-DE", "inner-1-FE"]);
  const judged = new Set<string>();
  const bearingOf = ({ machine, shared }: SplitSignal["entry"]): string =>
    shared === null ? machine : `shared ${shared}`;
  const entries = signals.map(({ entry }) => entry);
  for (const split of splits) {
    const { train, test: held } = divideBySplit(entries, split);
    const trained = new Set(train.map(bearingOf));
    for (const entry of held) {
      expect(trained.has(bearingOf(entry))).toBe(false);
      judged.add(entry.id);
    }
  }
  expect(judged.size).toBe(signals.length);
});

const lone = (machine: string, failureMode: SplitSignal["failureMode"]): SplitSignal => ({
  entry: { id: machine, machine, component: "bearing", shared: null },
  failureMode,
});

test("machines of one's own are dealt to at most five folds, each machine to one; the only one of its kind is never left out", () => {
  const faulty = Array.from({ length: 7 }, (_, index) => lone(`f${index}`, "ball"));
  const own = [...faulty, lone("h0", null), lone("h1", null), lone("only", "inner-race")];
  const splits = planInnerSplits(own);
  expect(splits.map(({ name, shared }) => [name, shared])).toEqual(
    Array.from({ length: 5 }, (_, fold) => [`inner-${fold}`, null]),
  );
  const left = splits.flatMap(({ machines }) => machines);
  expect([...left].sort()).toEqual(["f0", "f1", "f2", "f3", "f4", "f5", "f6", "h0", "h1"]);
});

test("where every machine is the only one of its kind nothing can be calibrated, and what would help is said", () => {
  expect(() => planInnerSplits([lone("h", null), lone("f", "ball")])).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", hint: expect.stringContaining("a second machine") }),
  );
});

test("calibration weighs both classes alike: an uninformative score is one half, whatever the mixture", () => {
  const rows = 400;
  const labels = Float32Array.from({ length: rows }, (_, row) => (row % 10 === 0 ? 1 : 0));
  const outOfFold = { rows, logits: new Float32Array(rows), labels, invented: null };
  const threshold = { raise: 0.8, onCount: 6, onWindows: 10, clear: 0.5, offWindows: 10 };
  const { calibration, falseWindowShare, detectedWindowShare } = calibrateStudent(outOfFold, 1, threshold);
  expect(1 / (1 + Math.exp(-calibration[0]!.intercept))).toBeCloseTo(0.5, 2);
  expect([falseWindowShare, detectedWindowShare]).toEqual([0, 0]);
});

test("all failure modes share one calibration, to which invented rigs add as much as the bearings out of fold", () => {
  const rows = 600;
  const labels = Float32Array.from({ length: 3 * rows }, (_, at) =>
    Math.floor(at / 3) % 4 === at % 3 ? 1 : 0,
  );
  const lift = (by: number): Float32Array => labels.map((label, at) => 3 * label + by + Math.sin(at));
  const threshold = { raise: 0.8, onCount: 6, onWindows: 10, clear: 0.5, offWindows: 10 };
  const alone = { rows, logits: lift(0), labels, invented: null };
  const [first, ...others] = calibrateStudent(alone, 3, threshold).calibration;
  expect(others).toEqual([first, first]);
  const middleOf = ({ slope, intercept }: { slope: number; intercept: number }): number => -intercept / slope;
  expect(middleOf(first!)).toBeCloseTo(1.5, 0);
  const few = { rows: 60, logits: lift(2).subarray(0, 180), labels: labels.subarray(0, 180) };
  const [both] = calibrateStudent({ ...alone, invented: few }, 3, threshold).calibration;
  expect(middleOf(both!)).toBeCloseTo(2.5, 0);
});
