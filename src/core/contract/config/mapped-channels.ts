/** What a configuration maps to channels of turbines, wherever the values come from: topics of a bridge, registers, nodes. */
import type { ModbusConfig } from "./modbus-config.ts";
import type { OpcUaConfig } from "./opcua-config.ts";

/** What a configuration maps to channels of a turbine, wherever its values come from. */
interface MappedChannels {
  readonly turbine: string;
  readonly channels: readonly { readonly name: string; readonly unit: string }[];
  /** Where in the configuration it stands: `modbus.0.units.1`. */
  readonly path: readonly (string | number)[];
}

/** Where values of a turbine may be mapped. */
interface MappedSources {
  readonly scada: readonly Omit<MappedChannels, "path">[];
  readonly modbus: readonly ModbusConfig[];
  readonly opcua: readonly OpcUaConfig[];
}

/** All mappings of a configuration: of topics, and of field buses. */
export function listMappedChannels({ scada, modbus, opcua }: MappedSources): readonly MappedChannels[] {
  return [
    ...scada.map(({ turbine, channels }, at) => ({ turbine, channels, path: ["scada", at] })),
    ...modbus.flatMap(({ units }, server) =>
      units.map(({ turbine, channels }, at) => ({
        turbine,
        channels,
        path: ["modbus", server, "units", at],
      })),
    ),
    ...opcua.flatMap(({ turbines }, server) =>
      turbines.map(({ turbine, channels }, at) => ({
        turbine,
        channels,
        path: ["opcua", server, "turbines", at],
      })),
    ),
  ];
}

/** What maps nothing, for a message that says so. */
export function describeMappings({ modbus, opcua }: Pick<MappedSources, "modbus" | "opcua">): string {
  const others = [
    ...(modbus.length > 0 ? ["register under modbus"] : []),
    ...(opcua.length > 0 ? ["node under opcua"] : []),
  ];
  return ["topic under scada", ...others].map((each) => `no ${each}`).join(" and ");
}
