/** The version of this runtime, as `package.json` states it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../core/platform/files/package-root.ts";

/** Semantic version of the runtime. */
export function runtimeVersion(): string {
  const text = readFileSync(join(packageRoot(), "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
