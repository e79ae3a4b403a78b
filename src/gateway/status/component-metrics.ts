/** The metrics of a gateway's points and components: baselines, health, alarms, risk. Asks no point itself how it stands. */
import { isWithheldState } from "../../core/contract/alarm-report.ts";
import { alertSeverities } from "../../core/contract/alert.ts";
import { componentHealths } from "../../core/contract/turbine-state.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import { rest } from "../../core/platform/rest.ts";
import type { PointCondition } from "../alarms/component-tracker.ts";
import type { GatewayParts } from "./describe-gateway.ts";
import { gaugesBy } from "./labelled-metrics.ts";

/** Adds where the baselines of all points stand; returns what brings it up to date. */
export function addBaselineMetrics(metrics: Metrics): (conditions: readonly PointCondition[]) => void {
  const gauge = gaugesBy(metrics);
  const inState = {
    learning: gauge("baselines_learning", "Points whose healthy baseline is being learnt."),
    refused: gauge("baselines_refused", "Points whose learning is refused: what they show looks faulty."),
    ready: gauge("baselines_ready", "Points with a healthy baseline."),
  };
  const severity = gauge(
    "severity_highest_decibels",
    "Highest severity of a point above its healthy baseline; 0: none.",
  );
  return (conditions) => {
    const counts = { learning: 0, refused: 0, ready: 0 };
    let highestDb = 0;
    for (const { status, severityDb } of conditions) {
      if (status !== null) counts[status.state]++;
      highestDb = Math.max(highestDb, severityDb ?? 0);
    }
    for (const state of ["learning", "refused", "ready"] as const) inState[state].set(counts[state]);
    severity.set(highestDb);
  };
}

/** Components after which others have their turn: a dozen series each, a few milliseconds. */
const componentsPerTurn = 256;

/** Adds what is known of each component; returns what brings it up to date, by turns with others. */
export function addComponentMetrics(
  metrics: Metrics,
  { components, register, config }: Pick<GatewayParts, "components" | "register" | "config">,
): (conditions: readonly PointCondition[]) => Promise<void> {
  const gauge = gaugesBy(metrics, "turbine", "component");
  const alarms = gauge(
    "component_alarms",
    "Alarms of a component whose condition holds and that nobody has shelved or out of service.",
    "severity",
  );
  const health = gauge("component_health", "1 for the health that a component has now.", "health");
  const risk = gauge(
    "component_risk_ratio",
    "Highest probability of a fault of a component, at the site's prior; absent while it is not known.",
  );
  const unheard = gauge(
    "component_unheard",
    "1 while nothing is known of a component although its turbine does not stand by and no alarm of it is out of service.",
  );
  return async (conditions) => {
    const counts = new Map<string, number>();
    for (const { state, conditionActive, ...alarm } of register.list(config.gateway.site)) {
      if (!conditionActive || isWithheldState(state)) continue;
      const key = [alarm.turbine, alarm.component, alarm.severity].join("/");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [index, { turbine, component, ...now }] of components(conditions).entries()) {
      if (index % componentsPerTurn === 0) await rest();
      for (const severity of alertSeverities) {
        const count = counts.get([turbine, component, severity].join("/")) ?? 0;
        alarms.set(count, { turbine, component, severity });
      }
      unheard.set(now.unheard ? 1 : 0, { turbine, component });
      for (const each of componentHealths)
        health.set(each === now.health ? 1 : 0, { turbine, component, health: each });
      risk.set(now.risk, { turbine, component });
    }
  };
}
