/** Asks a running gateway for its alarms, and does something to one. */
import {
  type AlarmOrder,
  type AlarmPlace,
  type AlarmReply,
  type AlarmReport,
  alarmListSchema,
  alarmReplySchema,
  alarmsPath,
  refuseUnknownAlarm,
} from "../../core/contract/alarm-report.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { sayThereAre } from "../terminal/count-of.ts";
import { askOperator } from "./ask-gateway.ts";

/** 100,000 alarms have room. */
const maxListBytes = 64 * 1024 * 1024;
const maxReplyBytes = 64 * 1024;

/**
 * Those that are not normal, oldest first; of one turbine, or of all.
 * @throws AuroraError USAGE for a turbine that neither the configuration nor an alarm names; GATEWAY when there is no gateway or it
 *   refuses.
 */
export async function askAlarms(
  config: GatewayConfig,
  turbine: string | undefined,
): Promise<readonly AlarmReport[]> {
  const op = "list alarms";
  const { alarms } = await askOperator({
    config,
    path: alarmsPath,
    schema: alarmListSchema(),
    maxBytes: maxListBytes,
    op,
    subject: config.gateway.id,
  });
  if (turbine === undefined) return alarms;
  const known = [...config.turbines.map(({ id }) => id), ...alarms.map((alarm) => alarm.turbine)];
  if (known.includes(turbine)) return alarms.filter((alarm) => alarm.turbine === turbine);
  const hint = known.length === 0 ? "It has no turbines." : sayThereAre(known);
  throw new AuroraError("USAGE", `this gateway has no turbine ${turbine}`, { op, subject: turbine, hint });
}

/**
 * Does something to an alarm.
 * @throws AuroraError USAGE for an alarm that is not there; GATEWAY where this cannot be done to it as it is, or there is no gateway.
 */
export async function askAlarmStep(
  config: GatewayConfig,
  place: AlarmPlace,
  order: AlarmOrder,
): Promise<AlarmReply> {
  const parts = [place.turbine, place.component, place.failureMode];
  const subject = parts.join(" ");
  if (!parts.every((part) => idPattern.test(part))) {
    throw refuseUnknownAlarm(place, order.action);
  }
  return await askOperator({
    config,
    path: [alarmsPath, ...parts.map(encodeURIComponent)].join("/"),
    post: order,
    schema: alarmReplySchema(),
    maxBytes: maxReplyBytes,
    op: order.action,
    subject,
  });
}
