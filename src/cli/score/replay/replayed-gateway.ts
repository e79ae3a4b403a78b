/** The gateway that a replay stands for: of a configuration, or one that decided nothing else than the defaults. */
import type { GatewayConfig } from "../../../core/contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../../../core/contract/config/gateway-config-schema.ts";
import { readYamlConfig } from "../../../core/platform/daemon/yaml-config.ts";
import { describeShortGateway } from "../recordings/standby-doubts.ts";

/** What an installation decides, and its turbines; none: nobody says which there are. */
export type ReplayedGateway = Pick<GatewayConfig, "operation" | "commissioning" | "alarms" | "turbines">;

/** Reads a gateway's configuration; the environment does not count. Fails with CONFIG_INVALID. */
export function readReplayedGateway(path: string): ReplayedGateway {
  return readYamlConfig({ path, schema: gatewayConfigSchema(), environment: {} }).config;
}

/** The defaults of a gateway, but for `sections`; and every recording is of a shaft that turns: whoever states a speed above 0 says so. */
export function createReplayedGateway(
  sections: { readonly commissioning?: Partial<GatewayConfig["commissioning"]> } = {},
): ReplayedGateway {
  const config = gatewayConfigSchema().parse({
    ...describeShortGateway(),
    operation: { standbyBelowRpm: 0 },
    ...sections,
  });
  return { ...config, turbines: [] };
}
