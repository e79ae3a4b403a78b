/** Holds a gateway's configuration against the bundles that it names: are they there, and do channels, units and tasks fit? */
import { readdir } from "node:fs/promises";
import { readBundle } from "../bundle/verify-bundle.ts";
import { hasErrorCode } from "../contract/aurora-error.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import { listComponents } from "../contract/bundle/normal-behaviour.ts";
import { type ConfigFinding, findNearest, type KeyPath } from "../contract/config/config-finding.ts";
import type { GatewayConfig } from "../contract/config/gateway-config.ts";
import { describeMappings, listMappedChannels } from "../contract/config/mapped-channels.ts";
import { operatingChannels } from "../contract/config/operating-channels.ts";
import { listPointBundles } from "./check-commissioning.ts";
import { findNewestVersion } from "./served-models.ts";

/** Bundles by name; of one that is not there or not good, what is wrong. */
type Installed = ReadonlyMap<string, Manifest | string>;

/**
 * What does not fit the newest bundle of each name below `bundlesDir`. Digests are checked, not who signed.
 * @returns nothing where the folder itself cannot be read: that is a finding of its own
 */
export async function checkBundleFit(config: GatewayConfig, bundlesDir: string): Promise<ConfigFinding[]> {
  const names = await readdir(bundlesDir).catch(() => undefined);
  if (names === undefined) return [];
  const installed = new Map<string, Manifest | string>();
  for (const name of listUses(config).map((use) => use.name)) {
    if (installed.has(name)) continue;
    installed.set(name, await readManifest(bundlesDir, name));
  }
  return [
    ...checkUses(config, installed, names),
    ...checkLearning(config, installed),
    ...config.turbines.flatMap(({ scadaBundle }, index) => {
      const manifest = scadaBundle === null ? undefined : installed.get(scadaBundle);
      return typeof manifest === "object" ? checkScadaBundle(config, index, manifest) : [];
    }),
    ...checkScadaChannels(config, installed),
    ...checkPauses(config, installed),
  ];
}

async function readManifest(bundlesDir: string, name: string): Promise<Manifest | string> {
  try {
    return (await readBundle(await findNewestVersion(bundlesDir, name))).manifest;
  } catch (error) {
    if (!hasErrorCode(error)) throw error;
    return error.message;
  }
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
  installed: Installed,
  names: readonly string[],
): readonly ConfigFinding[] {
  return listUses(config).flatMap(({ name, path, isScada }): ConfigFinding[] => {
    const bundle = installed.get(name);
    if (bundle === undefined) return [];
    if (typeof bundle === "string") {
      const meant = findNearest(
        name,
        names.filter((each) => each !== name),
      );
      return [
        { path, problem: bundle, ...(meant === undefined ? {} : { write: `did you mean "${meant}"?` }) },
      ];
    }
    if (isScada || bundle.normalBehaviour === undefined) return [];
    const problem = "this bundle watches SCADA values";
    return [{ path, problem, write: "name it under the turbine's scadaBundle" }];
  });
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
    const places = [...new Set(mappings.map(({ path }) => path[0]))].join(" or ") || "scada, modbus or opcua";
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

function checkLearning(config: GatewayConfig, installed: Installed): ConfigFinding[] {
  const { minWindows } = config.commissioning;
  const bundles = listPointBundles(config).map((name) => installed.get(name));
  const greediest = bundles
    .flatMap((bundle) => (typeof bundle === "object" && bundle.baseline !== undefined ? [bundle] : []))
    .map(({ name, version, baseline }) => ({ name, version, needed: baseline?.minWindows ?? 0 }))
    .sort((one, other) => other.needed - one.needed)[0];
  if (greediest === undefined || minWindows >= greediest.needed) return [];
  const { name, version, needed } = greediest;
  const problem = `a baseline of ${name}@${version} rests on ${needed} windows at least`;
  return [{ path: ["commissioning", "minWindows"], problem, write: `write ${needed} or more` }];
}

function checkScadaChannels(config: GatewayConfig, installed: Installed): readonly ConfigFinding[] {
  return listMappedChannels(config).flatMap(({ turbine, channels, path: mapping }) => {
    const name = config.turbines.find(({ id }) => id === turbine)?.scadaBundle ?? null;
    const bundle = name === null ? undefined : installed.get(name);
    // Without its contract nothing can be said of them; that the bundle is not there was said.
    if (name !== null && (bundle === undefined || typeof bundle === "string")) return [];
    const judged = typeof bundle === "object" ? bundle.channels : [];
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
function checkPauses(
  { turbines, modbus, opcua }: GatewayConfig,
  installed: Installed,
): readonly ConfigFinding[] {
  const readers = new Map(turbines.map(({ id, scadaBundle }) => [id, scadaBundle]));
  const check = (path: KeyPath, seconds: number, read: readonly string[]): ConfigFinding[] => {
    for (const turbine of read) {
      const bundle = installed.get(readers.get(turbine) ?? "");
      if (typeof bundle !== "object" || bundle.normalBehaviour === undefined) continue;
      const { name, window } = bundle;
      if (window.unit !== "seconds" || seconds <= window.length) continue;
      const problem = `rows of ${name} are means over ${window.length} s, and many would hold no value`;
      return [{ path, problem, write: `write less than ${window.length}, better 10` }];
    }
    return [];
  };
  return [
    ...modbus.flatMap(({ pollSeconds, units }, at) =>
      check(
        ["modbus", at, "pollSeconds"],
        pollSeconds,
        units.map(({ turbine }) => turbine),
      ),
    ),
    ...opcua.flatMap(({ everySeconds, turbines: read }, at) =>
      check(
        ["opcua", at, "everySeconds"],
        everySeconds,
        read.map(({ turbine }) => turbine),
      ),
    ),
  ];
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
