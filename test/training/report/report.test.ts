import { expect, test } from "vitest";
import { rocOf } from "../../../src/training/recipes/bearing/report/bearing-plots.ts";
import {
  chooseTicks,
  renderReport,
  type TrainingReport,
} from "../../../src/training/report/render-report.ts";

const empty: TrainingReport = {
  formatVersion: 1,
  name: "a",
  version: "1.0.0",
  title: "A",
  digest: "0",
  summary: [],
  metrics: {},
  stepColumns: [],
  findings: [],
  plots: [],
  checks: [],
  lineage: {},
  steps: [],
  tables: [],
  limitations: [],
  notes: [],
  log: [],
};

test("whatever a configuration says is text on the page, not markup", () => {
  const hostile = '<img src=x onerror="alert(1)">&';
  const page = renderReport({
    formatVersion: 1,
    name: hostile,
    version: hostile,
    title: hostile,
    digest: "0",
    summary: [hostile],
    metrics: { [hostile]: { value: Number.NaN, low: null, high: null } },
    stepColumns: [hostile],
    findings: [hostile],
    plots: [],
    checks: [],
    lineage: { [hostile]: hostile },
    steps: [
      {
        name: "int8",
        title: hostile,
        parameters: 1,
        multiplyAdds: 1,
        bytes: 1,
        figures: [{ value: 0.5, low: 0.4, high: 0.6 }],
        latency: { typescript: 1, onnx: null },
      },
    ],
    tables: [{ title: hostile, caption: hostile, head: [hostile], rows: [[hostile]] }],
    limitations: [hostile],
    notes: [hostile],
    log: [hostile],
  });
  expect(page).not.toContain("<img");
});

test("what the summary says is not said once more among the findings", () => {
  const page = renderReport({
    ...empty,
    summary: ["ahead of its parent", "as sure as few machines allow"],
    findings: ["ahead of its parent", "behind on one machine"],
  });
  expect(page.match(/ahead of its parent/g)).toHaveLength(1);
  expect(page).toContain("<h2>What the figures say</h2>");
  expect(page).toContain("behind on one machine");
});

test("a figure and its interval have the same number of digits, and abbreviations are written as such", () => {
  const page = renderReport({
    ...empty,
    metrics: {
      nasaScore: { value: 180.1, low: 95.97, high: 316.4 },
      macroAuroc: { value: 0.9, low: 0.8, high: 1 },
    },
  });
  expect(page).toContain('NASA score</span><b>180</b><span class="soft">96 to 316<');
  expect(page).toContain('macro AUROC</span><b>0.900</b><span class="soft">0.800 to 1.000<');
});

test("ticks are round and enclose the range", () => {
  expect(chooseTicks(0.734, 0.994)).toEqual({
    from: 0.7,
    to: 1,
    ticks: [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1],
  });
  const { from, to, ticks } = chooseTicks(-320_000, 244_670);
  expect(from).toBeLessThanOrEqual(-320_000);
  expect(to).toBeGreaterThanOrEqual(244_670);
  expect(ticks.length).toBeLessThan(9);
});

test("a ROC curve goes from nothing to everything, one point a distinct score", () => {
  const signals = [0, null].map((truth) => ({
    id: `${truth}`,
    unit: "",
    stratum: "",
    truth,
    rows: 2,
    slices: {},
  }));
  const set = { signals, outputs: 1, scores: { m: Float32Array.of(3, 1, 1, 0) } };
  expect(rocOf(set, "m", 0)).toEqual([
    [0, 0],
    [0, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
});
