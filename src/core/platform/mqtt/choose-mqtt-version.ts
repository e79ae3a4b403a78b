/** Which version of MQTT to speak at the next attempt, after a connection was lost or never came. Pure. */
import type { LinkLoss, MqttVersion } from "./mqtt-link.ts";

/** An attempt that has ended. */
export interface MqttAttempt {
  readonly version: MqttVersion;
  readonly wasConnected: boolean;
  readonly lossReason: LinkLoss["reason"];
}

/** The next attempt. */
export interface NextMqttVersion {
  readonly version: MqttVersion;
  /** The broker said that it does not speak the last one: no need to wait. Its loss in turn does wait, so this cannot spin. */
  readonly isFallback: boolean;
}

/** Chooses. On `auto` a broker is asked for 5 first, and again whenever 3.1.1 did not connect either. */
export function chooseMqttVersion(setting: "auto" | MqttVersion, last: MqttAttempt): NextMqttVersion {
  if (setting !== "auto") return { version: setting, isFallback: false };
  if (last.lossReason === "version") return { version: 4, isFallback: true };
  const version = last.wasConnected ? last.version : 5;
  return { version, isFallback: false };
}
