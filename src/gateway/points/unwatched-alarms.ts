/**
 * Alarms that the last run kept of what the configuration no longer has: a component, its measuring point, or its SCADA values.
 * Nobody watches them, so that no window would ever end them, and a point that comes back later begins anew: those that are over
 * are forgotten with the next start. What waits for people, or is withheld by them, stays.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type {
  AlarmName,
  AlarmRegister,
  AlarmRegisterSnapshot,
} from "../../core/decision/alarms/alarm-register.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { listScadaComponents } from "./check-scada-config.ts";
import { isOfScada } from "./snapshots.ts";

/** What is watched. */
interface Watched {
  readonly config: GatewayConfig;
  readonly manifestOf: (name: string) => Manifest;
}

interface UnwatchedAlarmsOptions extends Watched {
  readonly register: Pick<AlarmRegister, "retire">;
  readonly clock: Clock;
  readonly logger: Logger;
  onAlerts(events: readonly AlertEvent[]): void;
}

/** What the last run kept, without those of such alarms that are normal. */
export function forgetUnwatched({ records }: AlarmRegisterSnapshot, watched: Watched): AlarmRegisterSnapshot {
  return { records: records.filter((each) => each.alarm.state !== "normal" || isWatched(each, watched)) };
}

/** What ends such alarms and tells of it, the first time that it is called: once whoever is told listens. */
export function createUnwatchedAlarms(options: UnwatchedAlarmsOptions): () => void {
  const { register, clock, logger, onAlerts } = options;
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    const retired = register.retire({
      isOver: (alarm) => !isWatched(alarm, options),
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

function isWatched({ point, failureMode }: AlarmName, { config, manifestOf }: Watched): boolean {
  const { site, turbine, component } = point;
  const watching = config.turbines.find(({ id }) => id === turbine);
  if (site !== config.gateway.site || watching === undefined) return false;
  // A component may be watched by its vibration and by SCADA values: neither ends what the other one raised.
  return isOfScada(failureMode)
    ? listScadaComponents(config, manifestOf, turbine).includes(component)
    : watching.points.some((point) => point.component === component);
}
