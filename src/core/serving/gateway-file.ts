/** Reads a gateway's configuration on the machine that it is for, and checks what it names: files, bundles, channels, units. */

import { listGatewayFiles } from "../contract/config/configured-files.ts";
import type { GatewayConfig } from "../contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../contract/config/gateway-config-schema.ts";
import { checkConfiguredFiles } from "../platform/daemon/check-files.ts";
import { checkOptionalPackages } from "../platform/daemon/check-packages.ts";
import type { ConfigSource, InstalledConfig } from "../platform/daemon/installed-config.ts";
import { readYamlConfig } from "../platform/daemon/yaml-config.ts";
import { installedPath } from "../platform/files/installed-path.ts";
import { checkBundleFit } from "./check-bundle-fit.ts";
import { warnOfGateway } from "./gateway-warnings.ts";

/**
 * @param text what the file will hold; absent: what it holds
 * @throws AuroraError CONFIG_INVALID
 */
export function readGatewayFile(source: ConfigSource, text?: string): InstalledConfig<GatewayConfig> {
  const { configPath, installationDir, environment } = source;
  const options = { path: configPath, schema: gatewayConfigSchema, environment, kind: "gateway" } as const;
  const read = readYamlConfig(options, text);
  const installed = (path: string): string => installedPath(path, installationDir);
  const { bundles } = read.config;
  const config = {
    ...read.config,
    bundles: {
      ...bundles,
      dir: installed(bundles.dir),
      trustedKeys: bundles.trustedKeys.map(installed),
    },
  };
  return {
    config,
    refuse: read.refuse,
    check: async () => [
      ...checkOptionalPackages(config),
      ...(await checkConfiguredFiles(listGatewayFiles(config))),
      ...(await checkBundleFit(config, config.bundles.dir)),
    ],
    warnings: () => warnOfGateway(config),
  };
}
