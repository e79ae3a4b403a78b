/**
 * Holds what an installation decides about learning against what its bundles ask: fewer windows than a bundle's baseline
 * rests on would be written in vain. Changes nothing, and knows nothing of bundles that came by an update: an update must
 * not keep a gateway from starting.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { GatewayConfig } from "../contract/config/gateway-config.ts";

/** @throws AuroraError CONFIG_INVALID where `minWindows` is below what the bundle's baseline rests on. */
export function checkMinWindows(
  { minWindows }: Pick<GatewayConfig["commissioning"], "minWindows">,
  { name, version, baseline }: Pick<Manifest, "name" | "version" | "baseline">,
): void {
  if (baseline === undefined || minWindows >= baseline.minWindows) return;
  throw new AuroraError(
    "CONFIG_INVALID",
    `commissioning.minWindows is ${minWindows}, and a baseline of ${name}@${version} rests on ${baseline.minWindows} windows at least`,
    {
      op: "check commissioning",
      subject: "commissioning.minWindows",
      hint: `write commissioning: {minWindows: ${baseline.minWindows}} or more`,
    },
  );
}

/** Names of the bundles that the measuring points of a configuration ask for. */
export function listPointBundles({ turbines }: Pick<GatewayConfig, "turbines">): readonly string[] {
  return [...new Set(turbines.flatMap(({ points }) => points.map(({ bundle }) => bundle)))];
}
