import { expect, test } from "vitest";
import { type CwruWaveform, divideCwruWaveforms } from "../../../../../src/training/dataset/cwru-splits.ts";
import {
  calibrateStudent,
  planInnerSplits,
} from "../../../../../src/training/recipes/bearing/learn/calibrate-student.ts";

const waveforms: CwruWaveform[] = [];
for (const faultEnd of ["DE", "FE"] as const) {
  for (const [kind, mode] of [
    ["IR", "inner-race"],
    ["B", "ball"],
  ] as const) {
    for (const size of [7, 14]) {
      for (const signalEnd of ["DE", "FE"] as const) {
        const group = `${faultEnd}_${kind}_${size}`;
        const failureMode = signalEnd === faultEnd ? mode : null;
        waveforms.push({ id: `${group}_${signalEnd}`, file: group, signalEnd, faultEnd, group, failureMode });
      }
    }
  }
}

test("every bearing is judged by a student that has not seen it, and no healthy bearing is on both sides", () => {
  const splits = planInnerSplits(waveforms);
  expect(splits).toHaveLength(4);
  const judged = new Set<string>();
  for (const split of splits) {
    const { train, test: held } = divideCwruWaveforms(waveforms, split);
    const bearing = (wave: CwruWaveform): string =>
      wave.failureMode === null ? `healthy ${wave.signalEnd}` : wave.group;
    const trained = new Set(train.map(bearing));
    for (const wave of held) {
      expect(trained.has(bearing(wave))).toBe(false);
      judged.add(wave.id);
    }
  }
  expect(judged.size).toBe(waveforms.length);
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
