/** Looks whether the optional packages that a configuration needs are installed. Loads none of them. */
import { createRequire } from "node:module";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import type { GatewayConfig } from "../../contract/config/gateway-config.ts";
import { optionalPackages } from "../../contract/config/optional-packages.ts";

export function checkOptionalPackages(config: Pick<GatewayConfig, "modbus" | "opcua">): ConfigFinding[] {
  return optionalPackages
    .filter(({ key, name }) => config[key].length > 0 && !isInstalled(name))
    .map(({ key, name, protocol, install }) => {
      return { path: [key], problem: `${name}, which reads ${protocol}, is not installed`, write: install };
    });
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    // Wherever Node looked for it.
    return false;
  }
}
