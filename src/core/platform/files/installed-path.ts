/** Finds what came with the installation, from whatever folder a daemon was started in. */
import { join, normalize, sep } from "node:path";

/** Folder of the installation that holds its bundles and the key that they are signed with. */
const bundlesFolder = "models";

/**
 * `models` and what is below it is the installation's own; every other path stays as it is.
 * @param path as a configuration gives it, `/` or the system's separator
 * @param installationDir absolute
 */
export function installedPath(path: string, installationDir: string): string {
  return normalize(path).split(sep)[0] === bundlesFolder ? join(installationDir, path) : path;
}
