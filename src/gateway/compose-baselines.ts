/** Joins the points' healthy baselines to what a gateway is configured to watch, and to whoever hears of them. Decides nothing. */
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import type { PointId } from "../core/contract/stream.ts";
import type { Clock, Timers } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import { workInSpareTime } from "../core/platform/take-turns.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import {
  createSiteBaselines,
  type SiteBaselines,
  type SiteBaselinesOptions,
} from "./points/site-baselines.ts";

interface BaselineSurroundings {
  readonly config: GatewayConfig;
  readonly record: Pick<GatewayRecord, "state" | "telemetry">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Who must know of an operator's order. */
interface BaselineListeners extends Pick<Required<SiteBaselinesOptions>, "endAlarms"> {
  /** A baseline was let go; `detail` says by whom and why. */
  onRenewed(point: PointId, detail: string): void;
}

/** Creates the baselines of a site without points. */
export function composeBaselines(
  surroundings: BaselineSurroundings,
  { endAlarms, onRenewed }: BaselineListeners,
): SiteBaselines {
  const { config, record, logger } = surroundings;
  const { state, telemetry } = record;
  const { alarms, commissioning, turbines } = config;
  return createSiteBaselines({
    commissioning,
    falsePerPointYear: ({ turbine }) => {
      const points = turbines.find(({ id }) => id === turbine)?.points.length ?? 1;
      return alarms.falsePerTurbineYear / Math.max(1, points);
    },
    faultPrior: alarms.faultPrior,
    stopDb: alarms.stopDb,
    state,
    logger,
    endAlarms,
    onEvent: (point, kind, detail) => {
      const { turbine, component } = point;
      logger.info("baseline", { turbine, component, kind, detail });
      telemetry.event(`baseline-${kind}`, `${turbine}/${component}`, detail);
      if (kind === "renewed") onRenewed(point, detail);
    },
    onOutcome: telemetry.outcome,
    run: (work) =>
      workInSpareTime(work, "a baseline could not be fitted, or not be written down", surroundings),
  });
}
