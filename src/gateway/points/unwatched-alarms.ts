/**
 * Alarms that the last run kept of what the configuration no longer has: a component, its measuring point, or its SCADA values.
 * Nobody watches them, so that no window would ever end them, and a point that comes back later begins anew.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { AlarmRegister } from "../../core/decision/alarms/alarm-register.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { listScadaComponents } from "./check-scada-config.ts";
import { isOfScada } from "./snapshots.ts";

export interface UnwatchedAlarmsOptions {
  readonly config: GatewayConfig;
  readonly manifestOf: (name: string) => Manifest;
  readonly register: Pick<AlarmRegister, "retire">;
  readonly clock: Clock;
  readonly logger: Logger;
  onAlerts(events: readonly AlertEvent[]): void;
}

/** What ends such alarms and tells of it, the first time that it is called: once whoever is told listens. */
export function createUnwatchedAlarms(options: UnwatchedAlarmsOptions): () => void {
  const { config, manifestOf, register, clock, logger, onAlerts } = options;
  let isDone = false;
  const isWatched = ({ site, turbine, component }: PointId, failureMode: string): boolean => {
    const watching = config.turbines.find(({ id }) => id === turbine);
    if (site !== config.gateway.site || watching === undefined) return false;
    // A component may be watched by its vibration and by SCADA values: neither ends what the other one raised.
    return isOfScada(failureMode)
      ? listScadaComponents(config, manifestOf, turbine).includes(component)
      : watching.points.some((point) => point.component === component);
  };
  return () => {
    if (isDone) return;
    isDone = true;
    const retired = register.retire({
      isOver: ({ point, failureMode }) => !isWatched(point, failureMode),
      atMs: clock.nowMs(),
      reason: "what watched its component for it is no longer configured",
    });
    for (const event of retired) {
      const { turbine, component, failureMode } = event.data;
      logger.warn("an alarm is over, since what watched its component for it is no longer configured", {
        turbine,
        component,
        failureMode,
      });
    }
    onAlerts(retired);
  };
}
