/** Where the data sets are: named by the caller, by the environment, or in the place beside the repository. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";

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
