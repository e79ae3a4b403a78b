/** `train.yaml`: everything that decides a bundle's bytes but the data and the code. Holds no path and no secret. */
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { z } from "zod";
import { AuroraError, hasErrorCode } from "../core/contract/aurora-error.ts";
import { maxConfigBytes, parseYamlConfig } from "../core/platform/daemon/yaml-config.ts";
import { readFileBounded } from "../core/platform/files/bounded-read.ts";
import { completeConfig, loadUsualConfigs } from "./complete-config.ts";
import { bearingRecipe } from "./recipes/bearing/bearing-recipe.ts";
import type { AnyRecipe, LoadedTrainingConfig, OpenRecipe } from "./recipes/recipe.ts";
import { scadaRecipe } from "./recipes/scada/scada-recipe.ts";

/** Every kind of data set that `aurora train` knows, by `dataset.kind`. The only place that names them all. */
export const recipeTable: readonly AnyRecipe[] = [bearingRecipe, scadaRecipe];

const examples =
  "complete examples are models/bearing-vibration/train.yaml and models/turbine-scada/train.yaml";

/**
 * Reads `train.yaml`; what it leaves out is the shipped configuration's. Fails with CONFIG_INVALID, one line per wrong key with its
 * place.
 */
export async function loadTrainingConfig(path: string): Promise<LoadedTrainingConfig> {
  const bytes = await readFileBounded(path, maxConfigBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    op: "read training configuration",
    hint: examples,
  });
  const usual = await loadUsualConfigs();
  let whole: unknown = null;
  const recipe = parseTrainingConfig(bytes, path, (value) => {
    const completed = completeConfig(value, usual);
    // The bytes as they are where nothing was left out.
    if (!isDeepStrictEqual(completed, value)) whole = completed;
    return completed;
  });
  return {
    recipe,
    bytes: whole === null ? bytes : writeWhole(whole),
    attachments: await readAttachments(path, recipe),
  };
}

/** Reads the files beside the configuration at `path` that belong to it. Fails with CONFIG_INVALID. */
async function readAttachments(
  path: string,
  { attachments }: OpenRecipe,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of attachments) {
    const bytes = await readFileBounded(join(dirname(path), name), maxConfigBytes, {
      missing: "CONFIG_INVALID",
      tooLarge: "CONFIG_INVALID",
      op: "read training configuration",
      hint: `${path} names it: it lies beside it, and has at most ${maxConfigBytes} bytes`,
    });
    files.set(name, bytes);
  }
  return files;
}

function writeWhole(config: unknown): Uint8Array {
  const text = stringify(config, { lineWidth: 120, aliasDuplicateObjects: false });
  return new TextEncoder().encode(text);
}

/**
 * Parses the bytes of a `train.yaml`, to which `complete` adds what it leaves out; `subject` names it in complaints. Fails with
 * CONFIG_INVALID.
 */
export function parseTrainingConfig(
  bytes: Uint8Array,
  subject: string,
  complete?: (value: unknown) => unknown,
): OpenRecipe {
  if (bytes.length > maxConfigBytes) {
    throw new AuroraError("CONFIG_INVALID", `${subject}: is larger than ${maxConfigBytes} bytes`, {
      op: "read training configuration",
      subject,
      hint: "a training configuration is a few kilobytes of YAML",
    });
  }
  const text = new TextDecoder().decode(bytes);
  const schema = z.looseObject({
    dataset: z.looseObject({ kind: z.enum(recipeTable.map((recipe) => recipe.kind)) }),
  });
  try {
    const { kind } = parseYamlConfig(text, { path: subject, schema, environment: {} }).dataset;
    return recipeTable.find((recipe) => recipe.kind === kind)!.open(text, subject, complete);
  } catch (cause) {
    if (!hasErrorCode(cause, "CONFIG_INVALID")) throw cause;
    // The reader speaks of the daemons' configurations.
    throw new AuroraError("CONFIG_INVALID", cause.message, {
      op: "read training configuration",
      subject,
      hint: examples,
      cause,
    });
  }
}
