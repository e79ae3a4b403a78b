/** Notices two gateways that speak under one id, and two that speak of one turbine. */
import { cloneAdvice, cloneSigns, twinAdvice, twinSigns } from "../../core/contract/clone-words.ts";
import type { GatewayStatus, TurbineState } from "../../core/contract/turbine-state.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Metrics } from "../../core/platform/metrics.ts";
import type { TurbineRef } from "../record/machine-record.ts";
import { createTurnsWatch } from "./turns-watch.ts";

/**
 * Takes each status that was read, in the order of their coming. Is it a sign of two?
 * @param retained kept by the broker, maybe for longer than the process lived: no sign
 */
export type FleetCloneWatch = (status: GatewayStatus, retained: boolean) => boolean;

/**
 * Takes each state of a turbine that was read, in the same way, and each turbine whose state was taken back, which is forgotten.
 * If it is a sign of two: their ids; if its gateway is another than before, which may have taken its place: none; else null.
 */
export type TwinWatch = (said: TurbineState | TurbineRef, retained: boolean) => readonly string[] | null;

interface WatchOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Creates a watch that has heard nobody. A gateway's speakers are its processes. */
export function createFleetCloneWatch({ clock, logger, metrics }: WatchOptions): FleetCloneWatch {
  const takeTurn = createTurnsWatch({
    clock,
    turnsTotal: metrics.counter({
      name: "gateway_clones_total",
      help: "Times that a gateway spoke again after another under its id had",
      labels: [],
    }),
    tell: (gateway) =>
      logger.error(`two gateways log in under one id, and ${cloneSigns}`, {
        gateway,
        hint: `${cloneAdvice}.`,
      }),
  });
  return ({ gateway, online, instance, time }, retained) => {
    // A last will may come late.
    if (!online || instance === undefined || instance === null) return false;
    const turn = takeTurn({ subject: gateway, speaker: instance, time, retained });
    return turn !== null && turn.length > 0;
  };
}

/** Creates a watch that has heard of no turbine. A turbine's speakers are gateways: its state says what the last of them knows. */
export function createTwinWatch({ clock, logger, metrics }: WatchOptions): TwinWatch {
  const takeTurn = createTurnsWatch({
    clock,
    turnsTotal: metrics.counter({
      name: "turbine_twins_total",
      help: "Times that a gateway published a turbine's state again after another had",
      labels: [],
    }),
    tell: (turbine, gateways) =>
      logger.error(`two gateways watch one turbine, and ${twinSigns}`, {
        turbine,
        gateways,
        hint: `${twinAdvice}.`,
      }),
  });
  return (said, retained) => {
    const { gateway, time } = "time" in said ? said : { gateway: null, time: null };
    if (gateway === undefined) return null;
    const turn = takeTurn({ subject: `${said.site}/${said.turbine}`, speaker: gateway, time, retained });
    return turn && [...turn].sort();
  };
}
