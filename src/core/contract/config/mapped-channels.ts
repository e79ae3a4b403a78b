/** What a configuration maps to channels of turbines, wherever the values come from: topics of a bridge, registers, nodes. */
import type { KeyPath } from "./config-finding.ts";
import type { GatewayConfig } from "./gateway-config.ts";

/** What a configuration maps to channels of a turbine, wherever its values come from. */
interface MappedChannels {
  readonly turbine: string;
  readonly channels: readonly { readonly name: string; readonly unit: string }[];
  /** Where in the configuration it stands: `modbus.0.units.1`. */
  readonly path: KeyPath;
}

/** A key of a gateway's configuration under which servers of a field bus stand: whatever lists addresses. */
export type FieldBusKey = {
  [Key in keyof GatewayConfig]: GatewayConfig[Key] extends readonly { readonly url: string }[] ? Key : never;
}[keyof GatewayConfig];

/** The part of a configuration that names servers of field buses. */
export type FieldBuses = Pick<GatewayConfig, FieldBusKey>;

/** What is alike in the servers of all field buses. */
interface FieldBusServer {
  readonly key: FieldBusKey;
  readonly url: string;
  /** Where it stands how often the server is looked at. */
  readonly pausePath: KeyPath;
  readonly pauseSeconds: number;
  readonly mappings: readonly MappedChannels[];
}

/** What people call each field bus, and one value of it. */
export const fieldBusNames: Readonly<
  Record<FieldBusKey, { readonly protocol: string; readonly value: string }>
> = {
  modbus: { protocol: "Modbus", value: "register" },
  opcua: { protocol: "OPC UA", value: "node" },
};

export const fieldBusKeys: readonly FieldBusKey[] = Object.keys(fieldBusNames) as FieldBusKey[];

/** What there is of each field bus, as one list: whoever asks for it says it of every one. */
export function joinFieldBuses<T>(each: Readonly<Record<FieldBusKey, readonly T[]>>): readonly T[] {
  return Object.values(each).flat();
}

/** All servers of field buses, in the order of the configuration. */
export function listFieldBuses({ modbus, opcua }: FieldBuses): readonly FieldBusServer[] {
  return joinFieldBuses<FieldBusServer>({
    modbus: modbus.map(({ url, pollSeconds, units }, at) => ({
      key: "modbus",
      url,
      pausePath: ["modbus", at, "pollSeconds"],
      pauseSeconds: pollSeconds,
      mappings: placeMappings(["modbus", at, "units"], units),
    })),
    opcua: opcua.map(({ url, everySeconds, turbines }, at) => ({
      key: "opcua",
      url,
      pausePath: ["opcua", at, "everySeconds"],
      pauseSeconds: everySeconds,
      mappings: placeMappings(["opcua", at, "turbines"], turbines),
    })),
  });
}

/** All mappings of a configuration: of topics, and of field buses. */
export function listMappedChannels(
  config: FieldBuses & { readonly scada: readonly Omit<MappedChannels, "path">[] },
): readonly MappedChannels[] {
  return [
    ...placeMappings(["scada"], config.scada),
    ...listFieldBuses(config).flatMap(({ mappings }) => mappings),
  ];
}

/** What maps nothing, for a message that says so. */
export function describeMappings(config: FieldBuses): string {
  const used = new Set(listFieldBuses(config).map(({ key }) => key));
  const others = [...used].map((key) => `${fieldBusNames[key].value} under ${key}`);
  return ["topic under scada", ...others].map((each) => `no ${each}`).join(" and ");
}

function placeMappings(
  path: KeyPath,
  mappings: readonly Omit<MappedChannels, "path">[],
): readonly MappedChannels[] {
  return mappings.map(({ turbine, channels }, at) => ({ turbine, channels, path: [...path, at] }));
}
