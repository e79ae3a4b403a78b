/** Holds the configuration of SCADA bundles against the bundles themselves, before anything waits in vain for a value; and what these watch. */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import { listComponents } from "../../core/contract/bundle/normal-behaviour.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { describeMappings, listMappedChannels } from "../../core/contract/config/mapped-channels.ts";

/**
 * Every turbine's `scadaBundle` must be one of normal behaviour, every channel of it mapped for the turbine, and every
 * component of its logbook one that the bundle knows.
 * @throws AuroraError CONFIG_INVALID that names what is missing.
 */
export function checkScadaConfig(config: GatewayConfig, manifestOf: (name: string) => Manifest): void {
  for (const { id, scadaBundle, repairs } of config.turbines) {
    if (scadaBundle === null) continue;
    const manifest = manifestOf(scadaBundle);
    const refuse = (message: string, hint: string): AuroraError =>
      new AuroraError("CONFIG_INVALID", `turbine ${id}: ${message}`, {
        op: "watch SCADA values",
        subject: `${manifest.name}@${manifest.version}`,
        hint,
      });
    const spec = manifest.normalBehaviour;
    if (spec === undefined) {
      throw refuse(
        `bundle ${scadaBundle} does not watch SCADA values (its task is ${manifest.task})`,
        "name a bundle of the task normal-behaviour under scadaBundle, such as turbine-scada",
      );
    }
    const mapped = new Set(
      listMappedChannels(config)
        .filter((mapping) => mapping.turbine === id)
        .flatMap((mapping) => mapping.channels.map((channel) => channel.name)),
    );
    const missing = manifest.channels.map((channel) => channel.name).filter((name) => !mapped.has(name));
    if (missing.length > 0) {
      throw refuse(
        `${describeMappings(config)} maps ${missing.join(", ")}`,
        "a row that lacks a channel is never scored: map every channel of the bundle's data contract",
      );
    }
    const known = new Set(spec.residuals.map((residual) => residual.component));
    const unknown = repairs.find((repair) => !known.has(repair.component));
    if (unknown !== undefined) {
      throw refuse(
        `the bundle knows no component "${unknown.component}"`,
        `components under repairs are ${[...known].join(", ")}`,
      );
    }
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
