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
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { askOperator } from "./ask-gateway.ts";

/** 100,000 alarms have room. */
const maxListBytes = 64 * 1024 * 1024;
const maxReplyBytes = 64 * 1024;

/** Those that are not normal, oldest first. @throws AuroraError GATEWAY when there is no gateway or it refuses. */
export async function askAlarms(config: GatewayConfig): Promise<readonly AlarmReport[]> {
  const { alarms } = await askOperator({
    config,
    path: alarmsPath,
    schema: alarmListSchema(),
    maxBytes: maxListBytes,
    op: "list alarms",
    subject: config.gateway.id,
  });
  return alarms;
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
