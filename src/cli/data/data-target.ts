/** What `aurora data check` is asked about: a manifest, or a training configuration that names one, and the folder of the data. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse as parseYaml } from "yaml";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { findWaveform } from "../../core/contract/bundle/manifest.ts";
import { fieldsOf } from "../../core/contract/fields.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import type { BearingConfig } from "../../training/recipes/bearing/bearing-config.ts";
import type { TunedConfig } from "../../training/recipes/bearing/tuned-config.ts";
import type { CommonConfig } from "../../training/recipes/common-config.ts";
import { loadTrainingConfig } from "../../training/training-config.ts";
import { findDataDir, shippedModelsDir } from "../installation.ts";
import type { DataExpectations } from "./recording-findings.ts";

export interface DataTarget {
  readonly manifest: string;
  /** Where its files lie. */
  readonly root: string;
  readonly expectations: DataExpectations;
  /** Features of a window. */
  readonly features: number;
  /** The training that the recordings are for; null: a manifest was named, and no training. */
  readonly training: TargetTraining | null;
}

export interface TargetTraining {
  readonly path: string;
  readonly hypotheses: BearingConfig["hypotheses"];
  /** Machines that a training from scratch holds out; null: it goes on from a bundle, and leaves each out in turn. */
  readonly heldOutGroups: readonly string[] | null;
}

/** What the command says beside the file. */
export interface TargetOptions {
  /** As `--data`. */
  readonly data: string | undefined;
  /** Public keys, one of which must have signed the bundle that a configuration goes on `from`. */
  readonly keys: readonly TrustedKey[];
}

const maxBytes = 1024 * 1024;

/**
 * Finds them; a manifest alone is held against the shipped bundle's data contract. Fails with CONFIG_INVALID, DATA_MISSING,
 * and with BUNDLE_* for a parent that nobody trusted has signed.
 */
export async function findTarget(path: string, { data, keys }: TargetOptions): Promise<DataTarget> {
  const file = locate(path);
  const stated = await readDataset(file);
  if (stated === null) {
    const shipped = await loadTrainingConfig(join(shippedModelsDir(), "bearing-vibration", "train.yaml"));
    return { manifest: file, root: data ?? dirname(file), training: null, ...expect(shipped.recipe.config) };
  }
  const { recipe } = await loadTrainingConfig(file, { parentKeys: keys });
  if (recipe.config.dataset.kind !== "recordings") {
    throw new AuroraError("CONFIG_INVALID", `${file} names no manifest of recordings`, {
      op: "check data",
      subject: file,
      hint: "recordings are checked: dataset: {kind: recordings, manifest: recordings.yaml}",
    });
  }
  // Whether it learns from scratch or goes on from a bundle.
  const { dataset, hypotheses } = recipe.config as BearingConfig | TunedConfig;
  const { manifest, folder } = dataset;
  return {
    manifest: join(dirname(file), manifest),
    root: folder === undefined ? (data ?? dirname(file)) : join(findDataDir(data), folder),
    training: {
      path: file,
      hypotheses,
      heldOutGroups: "heldOutGroups" in dataset ? dataset.heldOutGroups : null,
    },
    ...expect(recipe.config),
  };
}

/** `dataset.kind` of a training configuration; null: it is none, or cannot be read, which whoever reads it says. */
export async function readDataKind(path: string): Promise<string | null> {
  const stated = await readDataset(locate(path)).catch(() => null);
  return typeof stated?.kind === "string" ? stated.kind : null;
}

/** A folder's own configuration, else its manifest; a file itself. */
function locate(path: string): string {
  const own = ["train.yaml", "recordings.yaml"].map((name) => join(path, name));
  return own.find((file) => existsSync(file)) ?? path;
}

/** `dataset` of a training configuration; null: it is a manifest. What is no YAML is said where the manifest is read. */
async function readDataset(path: string): Promise<Readonly<Record<string, unknown>> | null> {
  const bytes = await readFileBounded(path, maxBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    op: "check data",
    hint: "name a manifest of recordings or a training configuration; `aurora data init DIR` writes both",
  });
  if (path.toLowerCase().endsWith(".csv")) return null;
  try {
    const { dataset } = fieldsOf(parseYaml(new TextDecoder().decode(bytes), { maxAliasCount: 100 }));
    return dataset === undefined ? null : fieldsOf(dataset);
  } catch {
    return null;
  }
}

function expect({ channels, window, features }: CommonConfig): Pick<DataTarget, "expectations" | "features"> {
  const contract = findWaveform({ channels })!;
  return { expectations: { contract, window }, features: features.list.length };
}
