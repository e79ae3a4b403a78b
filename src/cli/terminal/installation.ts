/** The version of this runtime, as `package.json` states it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";

/** Semantic version of the runtime. */
export function runtimeVersion(): string {
  const text = readFileSync(join(packageRoot(), "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The data folder: `option`, else `AURORA_DATA`, else `../shared/data`. Fails with DATA_MISSING. */
export function findDataDir(option: string | undefined): string {
  const dir = option ?? process.env.AURORA_DATA ?? join(packageRoot(), "..", "shared", "data");
  if (existsSync(dir)) return dir;
  throw new AuroraError("DATA_MISSING", `there is no data folder ${dir}`, {
    op: "find data",
    subject: dir,
    hint: "name the folder that holds the data sets (cwru/, edp/) with --data DIR or AURORA_DATA",
  });
}
