/** Holds a gateway's configuration against the bundles that it names: are they there and signed, and do channels, units and tasks fit? */
import { readdir } from "node:fs/promises";
import { readAccelerationUnit } from "../contract/acceleration-units.ts";
import { type AuroraError, hasErrorCode } from "../contract/aurora-error.ts";
import { findWaveform, type Manifest } from "../contract/bundle/manifest.ts";
import { listComponents } from "../contract/bundle/normal-behaviour.ts";
import { type ConfigFinding, findNearest, type KeyPath } from "../contract/config/config-finding.ts";
import type { GatewayConfig } from "../contract/config/gateway-config.ts";
import {
  describeMappings,
  fieldBusKeys,
  listFieldBuses,
  listMappedChannels,
} from "../contract/config/mapped-channels.ts";
import { operatingChannels } from "../contract/config/operating-channels.ts";
import { listPointBundles } from "./check-commissioning.ts";

/** What would serve. */
export interface ConfiguredModel {
  readonly manifest: Manifest;
  /** Its version is that of the installation, and not an update's. */
  readonly isInstalled: boolean;
}

/** By name; of one of which nothing is good, what is wrong. */
export type ConfiguredModels = ReadonlyMap<string, ConfiguredModel | AuroraError>;

/**
 * What does not fit the bundles that would serve: they must be there, whole, signed by a trusted key and of the right kind.
 * @returns nothing where the folder of bundles itself cannot be read: that is a finding of its own
 */
export async function checkBundleFit(
  config: GatewayConfig,
  models: ConfiguredModels,
): Promise<readonly ConfigFinding[]> {
  const names = await readdir(config.bundles.dir).catch(() => undefined);
  return names === undefined ? [] : listBundleFindings(config, models, names);
}

/** What does not fit these bundles, of which others are not looked at; `names` are what a misspelt one may have meant. */
export function listBundleFindings(
  config: GatewayConfig,
  models: ConfiguredModels,
  names: readonly string[],
): readonly ConfigFinding[] {
  return [
    ...checkSigners(models),
    ...checkUses(config, models, names),
    ...checkLearning(config, models),
    ...config.turbines.flatMap(({ scadaBundle }, index) => {
      const manifest = findManifest(models, scadaBundle);
      return manifest === undefined ? [] : checkScadaBundle(config, index, manifest);
    }),
    ...checkScadaChannels(config, models),
    ...checkPauses(config, models),
  ];
}

/** Of a bundle that would serve. */
export function findManifest(models: ConfiguredModels, name: string | null): Manifest | undefined {
  const model = name === null ? undefined : models.get(name);
  return model instanceof Error ? undefined : model?.manifest;
}

/** Once a bundle: the points that name it are not to blame. */
function checkSigners(models: ConfiguredModels): readonly ConfigFinding[] {
  return [...models.values()].flatMap((model): ConfigFinding[] => {
    if (!hasErrorCode(model, "BUNDLE_SIGNATURE")) return [];
    const write = "name the public key of who signed it, or sign it with a key whose public half stands here";
    return [{ path: ["bundles", "trustedKeys"], problem: `${model.subject}: ${model.message}`, write }];
  });
}

interface BundleUse {
  readonly name: string;
  readonly path: KeyPath;
  readonly isScada: boolean;
}

function listUses({ turbines }: GatewayConfig): readonly BundleUse[] {
  return turbines.flatMap(({ points, scadaBundle }, index) => [
    ...points.map(({ bundle }, at) => {
      return { name: bundle, path: ["turbines", index, "points", at, "bundle"], isScada: false };
    }),
    ...(scadaBundle === null
      ? []
      : [{ name: scadaBundle, path: ["turbines", index, "scadaBundle"], isScada: true }]),
  ]);
}

function checkUses(
  config: GatewayConfig,
  models: ConfiguredModels,
  names: readonly string[],
): readonly ConfigFinding[] {
  return listUses(config).flatMap(({ name, path, isScada }): readonly ConfigFinding[] => {
    const model = models.get(name);
    if (model === undefined || hasErrorCode(model, "BUNDLE_SIGNATURE")) return [];
    if (model instanceof Error) {
      const meant = findNearest(
        name,
        names.filter((each) => each !== name),
      );
      return [
        {
          path,
          problem: model.message,
          ...(meant === undefined ? {} : { write: `did you mean "${meant}"?` }),
        },
      ];
    }
    return isScada ? [] : checkPointBundle(path, model.manifest);
  });
}

function checkPointBundle(path: KeyPath, manifest: Manifest): readonly ConfigFinding[] {
  if (manifest.normalBehaviour !== undefined) {
    const problem = "this bundle watches SCADA values";
    return [{ path, problem, write: "name it under the turbine's scadaBundle" }];
  }
  const unit = findWaveform(manifest)?.unit ?? "g";
  if (unit === "g" || readAccelerationUnit(unit) === null) return [];
  const problem = `this bundle takes accelerations in ${unit}, and they come in g, whatever a device sends`;
  return [{ path, problem, write: "name a bundle whose channel is in g" }];
}

/**
 * What of turbine `index` does not fit its `scadaBundle`: it must be one of normal behaviour, every channel of it mapped for the
 * turbine, and every component of its logbook one that the bundle knows.
 */
export function checkScadaBundle(
  config: GatewayConfig,
  index: number,
  manifest: Manifest,
): readonly ConfigFinding[] {
  const { id, repairs } = config.turbines[index]!;
  const path = ["turbines", index, "scadaBundle"];
  const { name: bundle, task, normalBehaviour } = manifest;
  if (normalBehaviour === undefined) {
    const problem = `bundle ${bundle} does not watch SCADA values (its task is ${task})`;
    return [{ path, problem, write: "name a bundle of the task normal-behaviour, such as turbine-scada" }];
  }
  const findings: ConfigFinding[] = [];
  const mappings = listMappedChannels(config).filter(({ turbine }) => turbine === id);
  const mapped = mappings.flatMap(({ channels }) => channels.map(({ name }) => name));
  const missing = manifest.channels.map(({ name }) => name).filter((name) => !mapped.includes(name));
  if (missing.length > 0) {
    const everyPlace = ["scada", ...fieldBusKeys].join(", ").replace(/, (?=\w+$)/, " or ");
    const places = [...new Set(mappings.map(({ path }) => path[0]))].join(" or ") || everyPlace;
    findings.push({
      path,
      problem: `${describeMappings(config)} maps ${missing.join(", ")} of turbine ${id}: a row that lacks a channel is never scored`,
      write: `map ${missing.length === 1 ? "it" : "them"} under ${places}`,
    });
  }
  const known = listComponents(normalBehaviour);
  for (const [at, { component }] of repairs.entries()) {
    if (known.includes(component)) continue;
    findings.push({
      path: ["turbines", index, "repairs", at, "component"],
      problem: `the bundle ${bundle} knows no component "${component}"`,
      write: `write one of ${known.join(", ")}`,
    });
  }
  return findings;
}

/** What came by an update asks for what it needs by itself. */
function checkLearning(config: GatewayConfig, models: ConfiguredModels): ConfigFinding[] {
  const { minWindows } = config.commissioning;
  const greediest = listPointBundles(config)
    .map((name) => models.get(name))
    .flatMap((model) => (model === undefined || model instanceof Error || !model.isInstalled ? [] : [model]))
    .map(({ manifest: { name, version, baseline } }) => ({
      name,
      version,
      needed: baseline?.minWindows ?? 0,
    }))
    .sort((one, other) => other.needed - one.needed)[0];
  if (greediest === undefined || minWindows >= greediest.needed) return [];
  const { name, version, needed } = greediest;
  const problem = `a baseline of ${name}@${version} rests on ${needed} windows at least`;
  return [{ path: ["commissioning", "minWindows"], problem, write: `write ${needed} or more` }];
}

function checkScadaChannels(config: GatewayConfig, models: ConfiguredModels): readonly ConfigFinding[] {
  return listMappedChannels(config).flatMap(({ turbine, channels, path: mapping }) => {
    const name = config.turbines.find(({ id }) => id === turbine)?.scadaBundle ?? null;
    const manifest = findManifest(models, name);
    // Without its contract nothing can be said of them; that the bundle is not there was said.
    if (name !== null && manifest === undefined) return [];
    const judged = manifest?.channels ?? [];
    const contracts = new Map(
      [...Object.values(operatingChannels), ...judged].map((each) => [each.name, each]),
    );
    return channels.flatMap((channel, at): ConfigFinding[] => {
      const path = [...mapping, "channels", at];
      const contract = contracts.get(channel.name);
      if (contract === undefined) {
        const meant = findNearest(channel.name, contracts.keys());
        const write =
          meant === undefined
            ? `write one of ${[...contracts.keys()].join(", ")}`
            : `did you mean "${meant}"?`;
        const reader = name === null ? "a turbine without a scadaBundle" : `${name}`;
        return [{ path: [...path, "name"], problem: `${reader} has no channel "${channel.name}"`, write }];
      }
      if (contract.unit === channel.unit) return [];
      return [
        {
          path: [...path, "unit"],
          problem: `${channel.name} is expected in ${contract.unit}, and no unit is converted`,
          write: isSpelling(channel.unit, contract.unit)
            ? `write ${contract.unit}`
            : mapping[0] === "scada"
              ? `let the bridge publish ${contract.unit}, and write ${contract.unit}`
              : `convert it by scale and offset, and write ${contract.unit}`,
        },
      ];
    });
  });
}

/** Servers that are looked at more rarely than a bundle makes a row of what is read. */
function checkPauses(config: GatewayConfig, models: ConfiguredModels): readonly ConfigFinding[] {
  const readers = new Map(config.turbines.map(({ id, scadaBundle }) => [id, scadaBundle]));
  return listFieldBuses(config).flatMap(({ pausePath: path, pauseSeconds, mappings }): ConfigFinding[] => {
    for (const { turbine } of mappings) {
      const bundle = findManifest(models, readers.get(turbine) ?? null);
      if (bundle?.normalBehaviour === undefined) continue;
      const { name, window } = bundle;
      if (window.unit !== "seconds" || pauseSeconds <= window.length) continue;
      const problem = `rows of ${name} are means over ${window.length} s, and many would hold no value`;
      return [{ path, problem, write: `write less than ${window.length}, better 10` }];
    }
    return [];
  });
}

/** Is it the same unit, written otherwise? */
function isSpelling(written: string, unit: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[°\s]|deg(ree)?s?/g, "");
  const spellings: Readonly<Record<string, readonly string[]>> = {
    degC: ["c", "celsius"],
    rpm: ["1/min", "r/min", "u/min", "min-1"],
    "m/s": ["ms-1", "mps"],
  };
  return plain(written) === plain(unit) || (spellings[unit] ?? []).includes(plain(written));
}
