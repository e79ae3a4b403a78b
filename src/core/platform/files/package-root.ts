/** Finds the folder that `package.json` stands in, whether the code runs compiled or from source. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Absolute path of the installation: the first folder above this file with a `package.json`. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("no package.json above the running code");
    folder = parent;
  }
  return folder;
}
