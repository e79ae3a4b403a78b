/** The gateway that a replay stands for: of a configuration, or one that decided nothing else than the defaults. */
import type { GatewayConfig } from "../../../core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../../core/contract/config/gateway-config-schema.ts";
import { loadYamlConfig } from "../../../core/platform/daemon/yaml-config.ts";

/** What an installation decides. */
export type ReplayedGateway = Pick<GatewayConfig, "operation" | "commissioning" | "alarms">;

/** Reads a gateway's configuration; the environment does not count. Fails with CONFIG_INVALID. */
export function readReplayedGateway(path: string): ReplayedGateway {
  return loadYamlConfig({ path, schema: gatewayConfigSchema(), environment: {} });
}

/** Shaft speed below which a gateway that is told nothing else takes its turbine to stand by, rpm. */
export function usualStandbyRpm(): number {
  return gatewayConfigSchema().parse(describeGateway()).operation.standbyBelowRpm;
}

/** The defaults of a gateway, but for `sections`; and every recording is of a shaft that turns: whoever states a speed says so. */
export function createReplayedGateway(
  sections: { readonly commissioning?: Partial<GatewayConfig["commissioning"]> } = {},
): ReplayedGateway {
  return gatewayConfigSchema().parse({
    ...describeGateway(),
    operation: { standbyBelowRpm: 0 },
    ...sections,
  });
}

/** As short as a configuration can be. */
function describeGateway(): Readonly<Record<string, unknown>> {
  const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
  const point = { component: "replay", bundle: "replay", device: "file", channel: "file", bearing };
  return {
    gateway: { id: "replay", site: "replay" },
    devices: [{ id: "file", connect: "mqtt" }],
    turbines: [{ id: "replay", points: [point] }],
  };
}
