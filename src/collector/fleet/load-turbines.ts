/** What one may believe of turbines and gateways now. A silent gateway, or none, makes a turbine unknown: never healthy. */
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import type { RecordedGateway, RecordedTurbine, TurbineRef } from "../record/fleet-record.ts";
import type { FleetSource } from "./fleet-source.ts";

/** A turbine as the page and the API show it. */
export interface TurbineView extends TurbineRef {
  readonly gateway: string | null;
  readonly health: TurbineState["health"];
  /** Why the information is unavailable, in words; null when it is available. */
  readonly reason: string | null;
  readonly operatingState: TurbineState["operatingState"];
  readonly lastSeenMs: number;
  /** Last state as it was published; old when the health is `information-unavailable`. */
  readonly state: TurbineState | null;
}

/** A gateway, and whether it is silent. */
export interface GatewayView extends RecordedGateway {
  /** Online by its own word and heard of lately. */
  readonly reachable: boolean;
}

/** Loads all turbines, in the order of site and name. */
export async function loadTurbines(fleet: FleetSource): Promise<readonly TurbineView[]> {
  const [turbines, gateways] = await Promise.all([fleet.record.turbines(), fleet.record.gateways()]);
  const byName = new Map(gateways.map((gateway) => [gateway.gateway, gateway]));
  const heardSinceMs = fleet.clock.nowMs() - fleet.silentAfterMs;
  return turbines.map((turbine) => describeTurbine(turbine, byName.get(turbine.gateway ?? ""), heardSinceMs));
}

/** Loads all gateways, in the order of their names. */
export async function loadGateways(fleet: FleetSource): Promise<readonly GatewayView[]> {
  const heardSinceMs = fleet.clock.nowMs() - fleet.silentAfterMs;
  return (await fleet.record.gateways()).map((gateway) => ({
    ...gateway,
    reachable: gateway.online !== false && gateway.lastSeenMs >= heardSinceMs,
  }));
}

/** @param heardSinceMs what was not heard of since then is silent */
function describeTurbine(
  recorded: RecordedTurbine,
  gateway: RecordedGateway | undefined,
  heardSinceMs: number,
): TurbineView {
  const unknown = (reason: string): TurbineView => ({
    ...recorded,
    reason,
    health: "information-unavailable",
    operatingState: "information-unavailable",
  });
  if (gateway?.online === false) return unknown("its gateway is offline");
  if (recorded.lastSeenMs < heardSinceMs) return unknown("nothing was heard of it lately");
  if (recorded.state === null) return unknown("no state was published yet");
  const { health, operatingState } = recorded.state;
  if (health === "information-unavailable" || operatingState === "information-unavailable") {
    return { ...unknown("the gateway cannot decide on it now"), operatingState };
  }
  return { ...recorded, health, operatingState, reason: null };
}
