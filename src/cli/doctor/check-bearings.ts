/** Bearings whose geometry leaves a question open that no model answers: which of two parts is damaged. */
import { bearingFaults } from "../../core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { findCoincidingModes } from "../../core/explain/coinciding-modes.ts";
import { type CheckResult, warning } from "./check-result.ts";

type Turbine = Pick<GatewayConfig["turbines"][number], "id" | "points">;

/** A line for each point of the bundle `name` whose alarms cannot say for sure which part is damaged; none where the lines tell. */
export function checkBearings(
  name: string,
  features: FeatureSpec,
  turbines: readonly Turbine[],
): readonly CheckResult[] {
  return turbines.flatMap(({ id, points }) =>
    points
      .filter(({ bundle }) => bundle === name)
      .flatMap(({ component, bearing }) => {
        const parts = findCoincidingModes(features, bearing).map((mode) => {
          const { part, order } = bearingFaults[mode];
          return `${part} (${order} ${bearing[order].toFixed(2)})`;
        });
        if (parts.length === 0) return [];
        const text = `faults of ${parts.join(" and ")} look alike: their lines lie in one place`;
        return [warning(`bearing of ${id}/${component}`, text, "When one is raised, look at both.")];
      }),
  );
}
