/** What one may believe of a turbine now. A silent gateway, or none, makes it unknown: never healthy. */
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import type { GatewayView } from "../record/gateway-store.ts";
import type { TurbineRow } from "../record/turbine-store.ts";

/** A turbine as the page and the API show it. */
export interface TurbineView {
  readonly site: string;
  readonly turbine: string;
  readonly gateway: string | null;
  readonly health: TurbineState["health"];
  /** Why the information is unavailable, in words; null when it is available. */
  readonly reason: string | null;
  readonly operatingState: TurbineState["operatingState"];
  readonly lastSeenMs: number;
  /** Last state as it was published; old when the health is `information-unavailable`. */
  readonly state: TurbineState | null;
}

/** Describes a turbine at `nowMs`. */
export function describeTurbine(
  row: TurbineRow,
  gateway: GatewayView | undefined,
  nowMs: number,
  silentAfterMs: number,
): TurbineView {
  const { site, turbine, lastSeenMs, state } = row;
  const unknown = (reason: string): TurbineView => ({
    site,
    turbine,
    gateway: row.gateway,
    lastSeenMs,
    state,
    reason,
    health: "information-unavailable",
    operatingState: "information-unavailable",
  });
  if (gateway?.online === false) return unknown("its gateway is offline");
  if (nowMs - lastSeenMs > silentAfterMs) return unknown("nothing was heard of it lately");
  if (state === null) return unknown("no state was published yet");
  const { health, operatingState } = state;
  if (health === "information-unavailable" || operatingState === "information-unavailable") {
    return { ...unknown("the gateway cannot judge it now"), operatingState };
  }
  return {
    site,
    turbine,
    gateway: row.gateway,
    lastSeenMs,
    state,
    health,
    operatingState,
    reason: null,
  };
}
