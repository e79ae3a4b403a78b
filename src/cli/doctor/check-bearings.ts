/** Bearings whose geometry leaves a question open that no model answers: which of two parts is damaged, and where a slip moves lines. */
import { bearingFaults } from "../../core/contract/bundle/bearing-fault.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { findCoincidingModes } from "../../core/explain/coinciding-modes.ts";
import { warnOfSlip } from "../../core/explain/slipped-races.ts";
import { type CheckResult, warning } from "./check-result.ts";

type Turbine = Pick<GatewayConfig["turbines"][number], "id" | "points">;

/** A line for each point of the bundle `name` whose alarms cannot say for sure which part is damaged, or whose races a slip hides. */
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
        const subject = `bearing of ${id}/${component}`;
        const text = `faults of ${parts.join(" and ")} look alike: their lines lie in one place`;
        const slip = warnOfSlip(features, bearing);
        return [
          ...(parts.length === 0 ? [] : [warning(subject, text, "When one is raised, look at both.")]),
          ...(slip === null
            ? []
            : [warning(subject, slip, "Where its cage slips so far, look by other means.")]),
        ];
      }),
  );
}
