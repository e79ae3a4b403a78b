/** Looks whether the optional packages that a configuration needs are installed. Loads none of them. */
import { createRequire } from "node:module";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import { type FieldBuses, fieldBusKeys } from "../../contract/config/mapped-channels.ts";
import { optionalPackages } from "../../contract/config/optional-packages.ts";

export function checkOptionalPackages(config: FieldBuses): ConfigFinding[] {
  return fieldBusKeys.flatMap((key): ConfigFinding[] => {
    const { name, protocol, install } = optionalPackages[key];
    if (config[key].length === 0 || isInstalled(name)) return [];
    return [{ path: [key], problem: `${name}, which reads ${protocol}, is not installed`, write: install }];
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
