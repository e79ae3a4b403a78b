/** `train.yaml`: everything that decides a bundle's bytes but the data and the code. Holds no path and no secret. */
import { z } from "zod";
import { AuroraError } from "../contract/aurora-error.ts";
import { readFileBounded } from "../platform/bounded-read.ts";
import { maxConfigBytes, parseYamlConfig } from "../platform/yaml-config.ts";
import type { OpenRecipe } from "./recipe.ts";
import { recipeTable } from "./recipe-table.ts";

/** A recipe with its configuration, and the bytes that it came from (their digest goes into the lineage). */
export interface LoadedTrainingConfig {
  readonly recipe: OpenRecipe;
  readonly bytes: Uint8Array;
}

/** Reads `train.yaml`. Fails with CONFIG_INVALID, one line per wrong key with its place. */
export async function loadTrainingConfig(path: string): Promise<LoadedTrainingConfig> {
  const bytes = await readFileBounded(path, maxConfigBytes, {
    ...{ missing: "CONFIG_INVALID", tooLarge: "CONFIG_INVALID" },
    op: "read training configuration",
    hint: "models/bearing-vibration/train.yaml is a complete example",
  });
  return { recipe: parseTrainingConfig(bytes, path), bytes };
}

/** Parses the bytes of a `train.yaml`; `subject` names it in complaints. Fails with CONFIG_INVALID. */
export function parseTrainingConfig(bytes: Uint8Array, subject: string): OpenRecipe {
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
  const { kind } = parseYamlConfig(text, { path: subject, schema, environment: {} }).dataset;
  return recipeTable.find((recipe) => recipe.kind === kind)!.open(text, subject);
}
