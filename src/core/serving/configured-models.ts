/** The bundles that the gateway of a configuration would start with, chosen and verified as it does. Opens no engine. */
import { basename, join } from "node:path";
import { loadTrustedKeys } from "../bundle/keys.ts";
import { type AuroraError, hasErrorCode } from "../contract/aurora-error.ts";
import type { GatewayConfig } from "../contract/config/gateway-config.ts";
import { gatewayState } from "../contract/config/state-names.ts";
import { nodeFileSystem } from "../platform/files/file-system.ts";
import type { ConfiguredModel, ConfiguredModels } from "./check-bundle-fit.ts";
import { chooseBundle } from "./choose-bundle.ts";
import { createFitCheck } from "./find-misfit.ts";
import { findNewestVersion } from "./served-models.ts";

/** Names of all bundles that a configuration asks for, each once. */
export function listBundles({ turbines }: Pick<GatewayConfig, "turbines">): readonly string[] {
  const names = turbines.flatMap(({ points, scadaBundle }) => [
    ...points.map(({ bundle }) => bundle),
    ...(scadaBundle === null ? [] : [scadaBundle]),
  ]);
  return [...new Set(names)];
}

/** Nothing where the trusted keys cannot be loaded: that is a finding of its own. */
export async function chooseConfigured(
  config: GatewayConfig,
  runtimeVersion: string,
): Promise<ConfiguredModels> {
  const models = new Map<string, ConfiguredModel | AuroraError>();
  const trustedKeys = await forgive(loadTrustedKeys(config.bundles.trustedKeys));
  if (trustedKeys instanceof Error) return models;
  const choose = async (name: string): Promise<ConfiguredModel> => {
    const shippedDir = await findNewestVersion(config.bundles.dir, name);
    const { bundle } = await chooseBundle({
      stateDir: join(config.gateway.stateDir, gatewayState.updates, name),
      shippedDir,
      trustedKeys,
      runtime: { runtimeVersion },
      files: nodeFileSystem,
      findMisfit: createFitCheck(config),
    });
    const { manifest } = bundle;
    return { manifest, isInstalled: manifest.version === basename(shippedDir) };
  };
  for (const name of listBundles(config)) models.set(name, await forgive(choose(name)));
  return models;
}

async function forgive<T>(asked: Promise<T>): Promise<T | AuroraError> {
  try {
    return await asked;
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    return error;
  }
}
