/** Tells configurations of gateways, of collectors and of trainings apart by the keys that only one of them has. */

/** What a configuration may be for; in this order a command line names it. */
export const configKinds = ["gateway", "collector", "train"] as const;

export type ConfigKind = (typeof configKinds)[number];

const ownKeys: Readonly<Record<ConfigKind, readonly string[]>> = {
  gateway: [
    "gateway",
    "devices",
    "turbines",
    "scada",
    "modbus",
    "opcua",
    "bundles",
    "updates",
    "operation",
    "commissioning",
    "alarms",
    "uplink",
    "store",
  ],
  collector: ["collector", "record", "ingest", "registry", "predictions", "retentionDays"],
  train: ["dataset", "from", "version", "changelog", "features", "recipe", "thresholds"],
};

/** What a configuration with these keys at its top is for; null where they speak for none more than for the others. */
export function recogniseConfig(keys: readonly string[]): ConfigKind | null {
  const counts = configKinds.map((kind) => keys.filter((key) => ownKeys[kind].includes(key)).length);
  const most = Math.max(...counts);
  const first = counts.indexOf(most);
  return first === counts.lastIndexOf(most) ? configKinds[first]! : null;
}
