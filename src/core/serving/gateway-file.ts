/** Reads a gateway's configuration on the machine that it is for, and checks what it names: files, bundles, channels, units. */

import { type ConfigFinding, formatKeyPath } from "../contract/config/config-finding.ts";
import { listGatewayFiles } from "../contract/config/configured-files.ts";
import type { GatewayConfig, GatewayProfile } from "../contract/config/gateway-config.ts";
import { gatewayConfigSchema } from "../contract/config/gateway-config-schema.ts";
import { isFields } from "../contract/fields.ts";
import { warnOfSlip } from "../explain/slipped-races.ts";
import { checkConfiguredFiles } from "../platform/daemon/check-files.ts";
import { checkOptionalPackages } from "../platform/daemon/check-packages.ts";
import { checkSerialLines } from "../platform/daemon/check-serial-lines.ts";
import { warnOfFiles } from "../platform/daemon/file-warnings.ts";
import type { ConfigSource, InstalledConfig } from "../platform/daemon/installed-config.ts";
import { readYamlConfig } from "../platform/daemon/yaml-config.ts";
import { installedPath } from "../platform/files/installed-path.ts";
import { type ConfiguredModels, checkBundleFit, findManifest } from "./check-bundle-fit.ts";
import { chooseConfigured } from "./configured-models.ts";
import { warnOfGateway } from "./gateway-warnings.ts";
import { warnOfGearedKinds } from "./geared-warnings.ts";

/** Where the configuration is, and what is said beside it. */
export interface GatewaySource extends ConfigSource {
  /** Above what the file and the environment say. */
  readonly profile?: GatewayProfile;
  readonly runtimeVersion: string;
}

/**
 * Of the small profile it is as {@link asSmall} has it.
 * @param text what the file will hold; absent: what it holds
 * @throws AuroraError CONFIG_INVALID
 */
export function readGatewayFile(source: GatewaySource, text?: string): InstalledConfig<GatewayConfig> {
  const { configPath, installationDir, environment, profile, runtimeVersion } = source;
  const options = {
    path: configPath,
    schema: gatewayConfigSchema(),
    environment,
    kind: "gateway",
    ...(profile === undefined ? {} : { complete: (value: unknown) => withProfile(value, profile) }),
  } as const;
  const read = readYamlConfig(options, text);
  const installed = (path: string): string => installedPath(path, installationDir);
  const served = read.config.gateway.profile === "small" ? asSmall(read.config) : read.config;
  const { bundles } = served;
  const config = {
    ...served,
    bundles: {
      ...bundles,
      dir: installed(bundles.dir),
      trustedKeys: bundles.trustedKeys.map(installed),
    },
  };
  let models: Promise<ConfiguredModels> | undefined;
  const choose = (): Promise<ConfiguredModels> => (models ??= chooseConfigured(config, runtimeVersion));
  return {
    config,
    refuse: read.refuse,
    check: async () => [
      ...checkOptionalPackages(config),
      ...(await checkConfiguredFiles(listGatewayFiles(config))),
      ...(await checkSerialLines(config)),
      ...(await checkBundleFit(config, await choose())),
    ],
    fileWarnings: async () => [
      ...(await warnOfFiles(listGatewayFiles(config), Date.now())),
      ...warnOfHiddenKinds(config, await choose()),
    ],
    warnings: () => {
      const hasPassword = environment.AURORA_MQTT_PASSWORD !== undefined;
      return warnOfGateway(config, { hasPassword, nowMs: Date.now() });
    },
  };
}

/** As a gateway of the small profile serves it, also where the file is for another one: what that one may not say is no mistake of it. */
export function asSmall(config: GatewayConfig): GatewayConfig {
  return {
    ...config,
    gateway: { ...config.gateway, profile: "small" },
    bundles: { ...config.bundles, engine: "integer" },
  };
}

/**
 * What is wrong with the file as it is now, or with what it names, and might keep another start from it; null: nothing.
 * @param survived found by a start that went on all the same: the next one goes on in spite of it as well
 */
export async function findGatewayFault(
  source: GatewaySource,
  survived: readonly ConfigFinding[],
): Promise<string | null> {
  try {
    const file = readGatewayFile(source);
    const known = new Set(survived.map(nameFinding));
    const findings = (await file.check()).filter((finding) => !known.has(nameFinding(finding)));
    return findings.length === 0 ? null : file.refuse(findings).message;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The same for the same mistake at the same key. */
function nameFinding({ path, problem }: ConfigFinding): string {
  return `${formatKeyPath(path)}: ${problem}`;
}

/** Points where the bearing's shaft, or one geared to it, hides lines that their bundles look for. */
function warnOfHiddenKinds({ turbines }: GatewayConfig, models: ConfiguredModels): readonly ConfigFinding[] {
  return turbines.flatMap(({ points }, index) =>
    points.flatMap(({ bundle, bearing, gearedShafts }, at) => {
      const manifest = findManifest(models, bundle);
      if (manifest === undefined) return [];
      const path = ["turbines", index, "points", at];
      const hidden = warnOfSlip(manifest.features, bearing);
      const findings = warnOfGearedKinds(manifest, { bearing, gearedShafts: gearedShafts ?? [] }).map(
        (warning): ConfigFinding => ({ path: [...path, "gearedShafts"], ...warning }),
      );
      if (hidden === null) return findings;
      const write = "look at its races by other means as well, where that is so";
      return [{ path: [...path, "bearing", hidden.race], problem: hidden.problem, write }, ...findings];
    }),
  );
}

/** What is no configuration stays as it is: the schema says so. */
function withProfile(value: unknown, profile: GatewayProfile): unknown {
  if (!isFields(value) || !isFields(value.gateway)) return value;
  return { ...value, gateway: { ...value.gateway, profile } };
}
