import { expect, test } from "vitest";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import type { PointCondition } from "../../../src/gateway/alarms/component-tracker.ts";
import type { DescribedComponent } from "../../../src/gateway/alarms/state-publisher.ts";
import { describeGateway, type GatewayParts } from "../../../src/gateway/status/describe-gateway.ts";
import { createGatewayMetrics } from "../../../src/gateway/status/gateway-metrics.ts";

const conditionOf = (
  component: string,
  state: "learning" | "refused" | "ready",
  severityDb: number | null,
): PointCondition => ({
  point: { site: "s", turbine: "WT01", component },
  status: { state, isProvisional: false, version: 1, windows: 9, suspicions: [] },
  severityDb,
});

/** Of a gateway of these points, whose other parts hold nothing; counts how often all points are asked. */
function openParts(conditions: readonly PointCondition[]): { parts: GatewayParts; readonly asked: number } {
  let asked = 0;
  const none = { count: 0, totalMs: 0, slowestMs: 0 };
  const described = ({ point: { turbine, component } }: PointCondition): DescribedComponent => ({
    turbine,
    component,
    health: "good",
    reason: null,
    sinceMs: null,
    unheard: false,
    risk: 0.25,
  });
  const known: unknown = {
    config: { gateway: { id: "g", site: "s", profile: "standard" }, turbines: [{ id: "WT01" }] },
    models: { names: [] },
    quality: { total: { processed: 0, quarantined: 0, dropped: 0, byReason: {} } },
    pipeline: { workers: { running: 0, ended: 0, lostSamples: 0 }, edgeScores: {} },
    register: { list: () => [] },
    conditions: () => {
      asked++;
      return conditions;
    },
    components: (all: readonly PointCondition[]) => all.map(described),
    drift: { standings: [], refused: {} },
    figures: { onLatency: () => {}, describe: () => ({}) },
    mqtt: { connected: false, version: 5, refusedFilters: [] },
    isCloned: () => false,
    outbox: {
      counts: () => ({
        lanes: { alert: { records: 0, pending: 0 } },
        records: 0,
        pendingRecords: 0,
        trouble: null,
        commitMs: 0,
        writes: { records: none, state: none, mark: none, reserve: none, upkeep: none },
      }),
    },
    uplink: { counts: () => ({ bytesSent: 0, acksRefused: 0 }) },
    journal: { undelivered: 0, refused: [] },
    devices: {
      sessions: [],
      recordings: { written: 0 },
      alertCaptures: { missed: 0 },
      backPressure: { pauses: 0, isPaused: false, forcedEnds: 0 },
      pushes: { counts: { confirmed: 0, refused: 0, reverted: 0, failed: 0 } },
      describe: () => [],
    },
    sources: () => [],
    evidence: () => ({}),
    unfitFiles: () => [],
  };
  return {
    parts: known as GatewayParts,
    get asked() {
      return asked;
    },
  };
}

const conditions = [
  conditionOf("a", "ready", 4.5),
  conditionOf("b", "ready", null),
  conditionOf("c", "learning", null),
  conditionOf("d", "refused", -2),
  { ...conditionOf("e", "ready", null), status: null },
];

test("a scrape asks the points once how they stand, and shows it in all figures", async () => {
  const here = openParts(conditions);
  const metrics = createGatewayMetrics(here.parts, silentLogger);
  const before = here.asked;
  const text = await metrics.render();
  expect(here.asked - before).toBe(1);
  for (const line of [
    "aurora_baselines_learning 1",
    "aurora_baselines_refused 1",
    "aurora_baselines_ready 2",
    "aurora_severity_highest_decibels 4.5",
    'aurora_component_health{turbine="WT01",component="e",health="good"} 1',
    'aurora_component_risk_ratio{turbine="WT01",component="a"} 0.25',
  ])
    expect(text.split("\n")).toContain(line);
  await metrics.render();
  expect(here.asked - before).toBe(2);
});

test("the status asks them once, for the components and the baselines", () => {
  const here = openParts(conditions);
  const page = describeGateway(here.parts);
  expect(here.asked).toBe(1);
  expect(page.components).toHaveLength(5);
  expect(page.baselines).toHaveLength(5);
  expect(page.baselines).toContainEqual(expect.objectContaining({ component: "d", state: "refused" }));
});
