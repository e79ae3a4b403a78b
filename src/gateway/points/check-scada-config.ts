/** Holds the configuration of SCADA bundles against the bundles themselves, before anything waits in vain for a value; and what these watch. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import { listComponents } from "../../core/contract/bundle/normal-behaviour.ts";
import { formatKeyPath } from "../../core/contract/config/config-finding.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { checkScadaBundle } from "../../core/serving/check-bundle-fit.ts";

/** @throws AuroraError CONFIG_INVALID that names the first thing in which a turbine does not fit its `scadaBundle`. */
export function checkScadaConfig(config: GatewayConfig, manifestOf: (name: string) => Manifest): void {
  for (const [index, { scadaBundle }] of config.turbines.entries()) {
    if (scadaBundle === null) continue;
    const manifest = manifestOf(scadaBundle);
    const [finding] = checkScadaBundle(config, index, manifest);
    if (finding === undefined) continue;
    const { path, problem, write } = finding;
    throw new AuroraError("CONFIG_INVALID", `${formatKeyPath(path)}: ${problem}`, {
      op: "watch SCADA values",
      subject: `${manifest.name}@${manifest.version}`,
      ...(write === undefined ? {} : { hint: write }),
    });
  }
}

/** Components that the SCADA bundle of a turbine watches; none without one. */
export function listScadaComponents(
  { turbines }: GatewayConfig,
  manifestOf: (name: string) => Manifest,
  turbine: string,
): readonly string[] {
  const name = turbines.find(({ id }) => id === turbine)?.scadaBundle ?? null;
  const spec = name === null ? undefined : manifestOf(name).normalBehaviour;
  return spec === undefined ? [] : listComponents(spec);
}
