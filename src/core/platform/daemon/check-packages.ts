/** Finds the optional packages that a configuration needs, and says which are not installed. Loads none of them. */
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AuroraError, hasErrorCode } from "../../contract/aurora-error.ts";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import { type FieldBuses, fieldBusKeys } from "../../contract/config/mapped-channels.ts";
import { optionalPackages } from "../../contract/config/optional-packages.ts";

/** Folders in whose `node_modules` npm puts global packages on Linux: with Debian's npm and that of nodejs.org, and with NodeSource's. On other systems anybody may own such a path. */
const globalPlaces: readonly string[] = process.platform === "linux" ? ["/usr/local/lib", "/usr/lib"] : [];

/**
 * The main file of an optional package: from a `node_modules` above this installation, from where `NODE_PATH` points, or a global one in
 * one of `places`, linked ones too. Nothing but optional packages is looked for there.
 * @throws an error of Node, `MODULE_NOT_FOUND` where it is in none of them; AuroraError CONFIG_INVALID where everybody may change the
 *   global one: a daemon would run it with its own rights
 */
export function findOptionalPackage(name: string, places: readonly string[] = globalPlaces): string {
  const { resolve } = createRequire(import.meta.url);
  let missing: unknown;
  for (const place of [import.meta.dirname, ...places]) {
    try {
      const file = resolve(name, { paths: [place] });
      if (place !== import.meta.dirname) {
        refuseOpenFolder(name, join(place, "node_modules"));
        refuseOpenFolder(name, dirname(file));
      }
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
      missing ??= error;
    }
  }
  throw missing;
}

/** @throws AuroraError CONFIG_INVALID where everybody may write into the folder, or put another in its place */
function refuseOpenFolder(name: string, inside: string): void {
  for (let folder = inside; ; folder = dirname(folder)) {
    const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
    // Below a sticky one, such as /tmp, each has what is his.
    const isSticky = (mode & 0o1000) !== 0 && folder !== inside;
    if ((mode & 0o002) !== 0 && !isSticky) {
      throw new AuroraError("CONFIG_INVALID", `everybody may write into ${folder}, in which ${name} is`, {
        op: "load package",
        subject: name,
        hint: `Take that right away (chmod o-w ${folder}), see that the package is still the one that was installed, and start the gateway again.`,
      });
    }
    if (folder === dirname(folder)) return;
  }
}

export function checkOptionalPackages(config: FieldBuses): ConfigFinding[] {
  return fieldBusKeys.flatMap((key): ConfigFinding[] => {
    const { name, protocol, install } = optionalPackages[key];
    if (config[key].length === 0) return [];
    try {
      findOptionalPackage(name);
      return [];
    } catch (error) {
      if (hasErrorCode(error, "CONFIG_INVALID"))
        return [{ path: [key], problem: error.message, write: error.hint }];
      return [{ path: [key], problem: `${name}, which reads ${protocol}, is not installed`, write: install }];
    }
  });
}
