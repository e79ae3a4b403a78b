/** What belongs to this installation: its version, the bundles that came with it, where data sets and unfinished work are. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { AuroraError } from "../core/contract/aurora-error.ts";
import { packageRoot } from "../core/platform/files/package-root.ts";

/** Semantic version of the runtime, as `package.json` states it. */
export function runtimeVersion(): string {
  const text = readFileSync(join(packageRoot(), "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** What a daemon's configuration at `configPath` is read with, here and now. */
export function installedSource(configPath: string): {
  readonly configPath: string;
  readonly installationDir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly runtimeVersion: string;
} {
  const environment = process.env;
  return { configPath, installationDir: packageRoot(), environment, runtimeVersion: runtimeVersion() };
}

/** Folder of the bundles that came with aurora. */
export function shippedModelsDir(): string {
  return join(packageRoot(), "models");
}

/** The public key that the bundles of a folder are signed with. */
export function releaseKeyFile(modelsDir: string = shippedModelsDir()): string {
  return join(modelsDir, "release.pub");
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

/** Where finished steps of a training are kept: by the model's name, so that those of one do not push out those of another. */
export function trainingWorkDir(modelName: string): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(cache, "aurora", "train", modelName);
}
