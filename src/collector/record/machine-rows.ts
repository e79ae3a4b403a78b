/** Rows of the machines in the field, as both databases give them. */
import { fromTwinRow } from "./clone-rules.ts";
import type { RecordedGateway, RecordedTurbine, TurbineRef } from "./machine-record.ts";
import { numberOrNull, type RecordRow, textOrNull } from "./record-rules.ts";

/** One text for site and turbine. */
export function nameTurbine({ site, turbine }: RecordRow | TurbineRef): string {
  return `${site}\n${turbine}`;
}

/** With its state as the row says it, unless another one is given. */
export function fromTurbineRow(
  row: RecordRow,
  state: RecordedTurbine["state"] = readState(row),
): RecordedTurbine {
  return {
    site: String(row.site),
    turbine: String(row.turbine),
    gateway: textOrNull(row.gateway),
    lastSeenMs: Number(row.last_seen_ms),
    state,
    unwatchedMs: numberOrNull(row.unwatched_ms),
    ...fromTwinRow(row),
  };
}

export function fromGatewayRow(row: RecordRow): RecordedGateway {
  const { online, health_json: health } = row;
  return {
    gateway: String(row.gateway),
    online: online === null ? null : Boolean(online),
    version: textOrNull(row.version),
    lastSeenMs: Number(row.seen_ms),
    offlineMs: numberOrNull(row.offline_ms),
    clonedMs: numberOrNull(row.cloned_ms),
    health: health === null ? null : JSON.parse(String(health)),
  };
}

function readState({ state_json: json }: RecordRow): RecordedTurbine["state"] {
  return json === null ? null : JSON.parse(String(json));
}
