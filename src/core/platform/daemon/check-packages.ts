/** Finds the optional packages that a configuration needs, and says which are not installed. Loads none of them. */
import { createRequire } from "node:module";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import { type FieldBuses, fieldBusKeys } from "../../contract/config/mapped-channels.ts";
import { optionalPackages } from "../../contract/config/optional-packages.ts";

/** Folders in whose `node_modules` npm puts global packages on Linux: with Debian's npm and that of nodejs.org, and with NodeSource's. On other systems anybody may own such a path. */
const globalPlaces: readonly string[] = process.platform === "linux" ? ["/usr/local/lib", "/usr/lib"] : [];

/**
 * The main file of an optional package: from a `node_modules` above this installation, from where `NODE_PATH` points, or a global one in
 * one of `places`. Nothing but optional packages is looked for there.
 * @throws an error of Node, `MODULE_NOT_FOUND` where it is in none of them
 */
export function findOptionalPackage(name: string, places: readonly string[] = globalPlaces): string {
  return createRequire(import.meta.url).resolve(name, { paths: [import.meta.dirname, ...places] });
}

export function checkOptionalPackages(config: FieldBuses): ConfigFinding[] {
  return fieldBusKeys.flatMap((key): ConfigFinding[] => {
    const { name, protocol, install } = optionalPackages[key];
    if (config[key].length === 0 || isInstalled(name)) return [];
    return [{ path: [key], problem: `${name}, which reads ${protocol}, is not installed`, write: install }];
  });
}

function isInstalled(name: string): boolean {
  try {
    findOptionalPackage(name);
    return true;
  } catch {
    // Wherever Node looked for it.
    return false;
  }
}
