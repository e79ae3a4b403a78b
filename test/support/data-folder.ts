/** Where tests and scripts find the data sets: `AURORA_DATA`, else beside the repository. They are never copied into it. */
import { join } from "node:path";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";

/** The folder; it need not exist. */
export const dataFolder: string = process.env.AURORA_DATA ?? join(packageRoot(), "..", "shared", "data");
