/** Where tests find the data sets: `AURORA_DATA`, else beside the repository. They are never copied into it. */
import { join } from "node:path";

/** The folder; it need not exist. */
export const dataFolder: string =
  process.env.AURORA_DATA ?? join(import.meta.dirname, "..", "..", "..", "shared", "data");
