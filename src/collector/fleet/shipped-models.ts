/**
 * The models that came with this installation, which gateways start with: known here for what is said of their drift, and
 * offered to nobody. Whatever is wrong with them is logged, and keeps no collector from starting.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { loadTrustedKeys } from "../../core/bundle/keys.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { createBundleShelf } from "./bundle-shelf.ts";
import type { KnownModel } from "./fleet-source.ts";

/**
 * Reads them once; a bundle that does not verify is left out.
 * @param modelsDir holds a folder of bundles a model, and `release.pub`, the key that they are signed with
 */
export async function loadShippedModels(
  modelsDir: string,
  logger: Logger,
): Promise<ReadonlyMap<string, KnownModel>> {
  try {
    const trustedKeys = await loadTrustedKeys([join(modelsDir, "release.pub")]);
    const entries = await readdir(modelsDir, { withFileTypes: true });
    const dirs = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(modelsDir, name));
    const shelf = createBundleShelf({ dirs, registryDir: null, trustedKeys, registry: null, logger });
    await shelf.scan();
    return new Map([...shelf.models].map(([digest, model]) => [digest, { ...model, isOnlyShipped: true }]));
  } catch (error) {
    logger.warn("the models of this installation cannot be read", { modelsDir, error });
    return new Map();
  }
}
