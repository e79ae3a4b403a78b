/** Finds the folder that `package.json` stands in, whether the code runs compiled or from source. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { AuroraError } from "../../contract/aurora-error.ts";

/** Absolute path of the installation: the first folder with a `package.json`, from that of the code up. Fails with DATA_MISSING. */
export function packageRoot(start: string = import.meta.dirname): string {
  let folder = start;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw refuseBare(start);
    folder = parent;
  }
  return folder;
}

function refuseBare(folder: string): AuroraError {
  return new AuroraError("DATA_MISSING", `there is no package.json in ${folder}, nor above it`, {
    op: "find installation",
    subject: folder,
    hint: `copy package.json and models of the checkout into ${folder}, as packages have them above the program`,
  });
}
