/** The MQTT topics, in one place. Ids in a topic may not hold `/`, `+`, `#` or NUL (checked by the configuration). */

/** Pattern of a site, turbine, gateway or device id. */
export const idPattern: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** The base of all topics where none is configured. */
export const defaultBase = "aurora/v1";

const filterPattern = /^(?:[^+#/\0]*|\+)(?:\/(?:[^+#/\0]*|\+))*(?:\/#)?$/;

/** MQTT 5 section 4.7.1: a wildcard is a level of its own, and # the last one. */
export function isTopicFilter(text: string): boolean {
  return text === "#" || filterPattern.test(text);
}

/** Lanes of the durable store, in order of survival. */
export const lanes = ["alert", "update", "drift", "prediction", "raw"] as const;

export type Lane = (typeof lanes)[number];

/** Lanes of which nothing makes room for others. */
export const keptLanes: ReadonlySet<Lane> = new Set(["alert", "update"]);

/** All topics below one base, mostly {@link defaultBase}. */
export interface Topics {
  deviceTx(gateway: string, device: string): string;
  deviceRx(gateway: string, device: string): string;
  alert(site: string, turbine: string): string;
  state(site: string, turbine: string): string;
  status(gateway: string): string;
  up(gateway: string, lane: Lane): string;
  ack(gateway: string): string;
  desired(gateway: string): string;
  label(gateway: string): string;
  /** What the collector says of raw evidence: receipts, and what a person asks for. */
  evidence(gateway: string): string;
  /** Filters for a subscriber: every turbine's alerts, every gateway's uplink and status. */
  readonly allAlerts: string;
  readonly allStates: string;
  readonly allUplinks: string;
  readonly allStatuses: string;
  /** Filter for what every gateway sends in one lane. */
  allOfLane(lane: Lane): string;
}

/** Builds the topics below `base`. */
export function createTopics(base: string): Topics {
  return {
    deviceTx: (gateway, device) => `${base}/device/${gateway}/${device}/tx`,
    deviceRx: (gateway, device) => `${base}/device/${gateway}/${device}/rx`,
    alert: (site, turbine) => `${base}/turbine/${site}/${turbine}/alert`,
    state: (site, turbine) => `${base}/turbine/${site}/${turbine}/state`,
    status: (gateway) => `${base}/gateway/${gateway}/status`,
    up: (gateway, lane) => `${base}/gateway/${gateway}/up/${lane}`,
    ack: (gateway) => `${base}/gateway/${gateway}/ack`,
    desired: (gateway) => `${base}/gateway/${gateway}/desired`,
    label: (gateway) => `${base}/gateway/${gateway}/label`,
    evidence: (gateway) => `${base}/gateway/${gateway}/evidence`,
    allAlerts: `${base}/turbine/+/+/alert`,
    allStates: `${base}/turbine/+/+/state`,
    allUplinks: `${base}/gateway/+/up/+`,
    allStatuses: `${base}/gateway/+/status`,
    allOfLane: (lane) => `${base}/gateway/+/up/${lane}`,
  };
}
