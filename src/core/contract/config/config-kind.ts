/** Tells a gateway's configuration from a collector's by the keys that only one of them has. */

export type ConfigKind = "gateway" | "collector";

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
  collector: ["collector", "record", "ingest", "registry", "retentionDays"],
};

/** Whose configuration has these keys at its top; null where they speak for neither. */
export function recogniseConfig(keys: readonly string[]): ConfigKind | null {
  const count = (kind: ConfigKind): number => keys.filter((key) => ownKeys[kind].includes(key)).length;
  const [gateway, collector] = [count("gateway"), count("collector")];
  return gateway === collector ? null : gateway > collector ? "gateway" : "collector";
}
