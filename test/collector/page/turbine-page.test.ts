import { expect, test } from "vitest";
import { formatSeverity } from "../../../src/collector/page/page-words.ts";
import { renderBaselines } from "../../../src/collector/page/turbine-page.ts";
import type { TurbineState } from "../../../src/core/contract/turbine-state.ts";

const state = (baselines: TurbineState["baselines"]): TurbineState => ({
  site: "s",
  turbine: "t",
  time: "2026-01-01T00:00:00Z",
  operatingState: "full-performance",
  health: "ok",
  alarms: [],
  lastScores: [],
  model: null,
  baselines,
  dataQuality: { windowsProcessed: 0, windowsQuarantined: 0, quarantinedByReason: {} },
});

test("a severity has its sign and unit, and is a dash where nobody knows it", () => {
  expect([6.21, -3, 0.04, -0.04, null, undefined].map(formatSeverity)).toEqual([
    "+6.2 dB",
    "−3.0 dB",
    "0.0 dB",
    "0.0 dB",
    "–",
    "–",
  ]);
});

test("the page says which baseline a severity is held against, and why it may not be healthy", () => {
  const common = { component: "generator-bearing", severityDb: 2, windows: 600, version: 3 };
  const { text } = renderBaselines(state([{ ...common, state: "ready", suspicions: ["25 dB <louder>"] }]))!;
  expect(text).toContain("version 3, of 600 windows");
  expect(text).toContain("25 dB &lt;louder&gt;");
  const learning = { ...common, state: "learning" as const, version: 0, severityDb: null, suspicions: [] };
  expect(renderBaselines(state([learning]))!.text).toContain("being learnt, 600 windows so far");
});

test("a turbine whose models know no baselines has no such section", () => {
  expect(renderBaselines(state([]))).toBeNull();
  expect(renderBaselines(state(undefined))).toBeNull();
  expect(renderBaselines(null)).toBeNull();
});
