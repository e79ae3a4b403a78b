/** Finds the optional packages that a configuration needs, and says which are not installed. Loads none of them. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { AuroraError, hasErrorCode } from "../../contract/aurora-error.ts";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import { type FieldBuses, fieldBusKeys } from "../../contract/config/mapped-channels.ts";
import { optionalPackages } from "../../contract/config/optional-packages.ts";

/** Folders in whose `node_modules` npm puts global packages on Linux: with Debian's npm and that of nodejs.org, and with NodeSource's. On other systems anybody may own such a path. */
const globalPlaces: readonly string[] = process.platform === "linux" ? ["/usr/local/lib", "/usr/lib"] : [];

/**
 * The main file of an optional package: from a `node_modules` above this installation, from where `NODE_PATH` points, or a global one in
 * one of `places`, linked ones too. Nothing but optional packages is looked for there.
 * @throws an error of Node, `MODULE_NOT_FOUND` where it is in none of them; AuroraError CONFIG_INVALID where everybody may change one
 *   that is not above this installation: a daemon would run it with its own rights
 */
export function findOptionalPackage(name: string, places: readonly string[] = globalPlaces): string {
  const { resolve } = createRequire(import.meta.url);
  const searched = resolve.paths(name) ?? [];
  let missing: unknown;
  for (const place of [import.meta.dirname, ...places]) {
    try {
      const file = resolve(name, { paths: [place] });
      const folder = [...searched, join(place, "node_modules")].find((one) => holds(join(one, name), file));
      if (folder === undefined) refuseOpenPath(name, file);
      else if (!isAboveHere(folder)) {
        const inside = join(folder, name);
        for (const path of [file, join(realpathSync(inside), "package.json"), inside])
          refuseOpenPath(name, path);
      }
      return file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
      missing ??= error;
    }
  }
  throw missing;
}

/** Whether a package, which may be a link, has a file. */
function holds(inside: string, file: string): boolean {
  return existsSync(inside) && file.startsWith(join(realpathSync(inside), "/"));
}

function isAboveHere(folder: string): boolean {
  return basename(folder) === "node_modules" && import.meta.dirname.startsWith(join(dirname(folder), "/"));
}

/** @throws AuroraError CONFIG_INVALID where everybody may write to the path, or put another in its place */
function refuseOpenPath(name: string, path: string): void {
  // There the bits say nothing.
  if (process.platform === "win32") return;
  for (let at = path; ; at = dirname(at)) {
    const mode = statSync(at, { throwIfNoEntry: false })?.mode ?? 0;
    // In a sticky folder, such as /tmp, nobody replaces what is another's.
    const isSticky = (mode & 0o1000) !== 0 && at !== path && at !== dirname(path);
    if ((mode & 0o002) !== 0 && !isSticky) {
      const what = at === path ? `which belongs to ${name}` : `in which ${name} is`;
      throw new AuroraError("CONFIG_INVALID", `everybody may write into ${at}, ${what}`, {
        op: "load package",
        subject: name,
        hint: `Take that right away (chmod o-w ${at}), see that the package is still the one that was installed, and start the gateway again.`,
      });
    }
    if (at === dirname(at)) return;
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
