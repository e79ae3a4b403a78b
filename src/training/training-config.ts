/** `train.yaml`: everything that decides a bundle's bytes but the data and the code. Holds no path and no secret. */
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { z } from "zod";
import type { TrustedKey } from "../core/bundle/dsse.ts";
import { AuroraError, hasErrorCode } from "../core/contract/aurora-error.ts";
import { maxConfigBytes, parseYamlConfig } from "../core/platform/daemon/yaml-config.ts";
import { readFileBounded } from "../core/platform/files/bounded-read.ts";
import { completeConfig, loadUsualConfigs } from "./complete-config.ts";
import { bearingRecipe } from "./recipes/bearing/bearing-recipe.ts";
import { expandFrom } from "./recipes/bearing/expand-from.ts";
import { tunedFileSchema } from "./recipes/bearing/tuned-config.ts";
import { tunedRecipe } from "./recipes/bearing/tuned-recipe.ts";
import type { AnyRecipe, LoadedTrainingConfig, OpenRecipe } from "./recipes/recipe.ts";
import { scadaRecipe } from "./recipes/scada/scada-recipe.ts";

/** Every kind of data set that `aurora train` knows, by `dataset.kind`. The only place that names them all. */
export const recipeTable: readonly AnyRecipe[] = [bearingRecipe, tunedRecipe, scadaRecipe];

const examples =
  "complete examples are models/bearing-vibration/train.yaml and models/turbine-scada/train.yaml";

/** What a configuration may need that it does not hold. */
interface LoadOptions {
  /** Public keys, one of which must have signed the bundle that a configuration goes on `from`; default: none is trusted. */
  readonly parentKeys?: readonly TrustedKey[];
  /** Take too few machines for enough; fine-tuning alone asks. */
  readonly acceptLittleEvidence?: boolean;
}

/**
 * Reads `train.yaml`, and makes it whole: what it leaves out is its parent's where it goes on `from` a bundle's folder, else the shipped
 * configuration's. Fails with CONFIG_INVALID, one line per wrong key with its place, and with BUNDLE_* for a parent that nobody
 * trusted has signed.
 */
export async function loadTrainingConfig(
  path: string,
  options: LoadOptions = {},
): Promise<LoadedTrainingConfig> {
  const written = await readFileBounded(path, maxConfigBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    op: "read training configuration",
    hint: examples,
  });
  const expanded = await expand(written, path, options);
  const usual = await loadUsualConfigs();
  let whole: unknown = null;
  const recipe = parseTrainingConfig(expanded, path, (value) => {
    const completed = completeConfig(value, usual);
    // The bytes as they are where nothing was left out.
    if (!isDeepStrictEqual(completed, value)) whole = completed;
    return completed;
  });
  return {
    recipe,
    bytes: whole === null ? expanded : writeWhole(whole),
    attachments: await readAttachments(path, recipe),
  };
}

/** The configuration with its parent in it; one that names no folder stays as it is. */
async function expand(written: Uint8Array, path: string, options: LoadOptions): Promise<Uint8Array> {
  const { parentKeys = [], acceptLittleEvidence = false } = options;
  const text = new TextDecoder().decode(written);
  const parse = (content: string, subject: string): Record<string, unknown> =>
    inConfig(subject, () =>
      parseYamlConfig(content, { path: subject, schema: z.looseObject({}), environment: {}, kind: "train" }),
    );
  if (typeof parse(text, path).from !== "string") return written;
  const own = inConfig(path, () => parseYamlConfig(text, { path, schema: tunedFileSchema, environment: {} }));
  return writeWhole(
    await expandFrom(own, { folder: dirname(path), keys: parentKeys, acceptLittleEvidence, parse }),
  );
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
    from: z.unknown().optional(),
  });
  return inConfig(subject, () => {
    const { dataset, from } = parseYamlConfig(text, { path: subject, schema, environment: {} });
    const fitting = recipeTable.filter(({ kind }) => kind === dataset.kind);
    const own = fitting.find((recipe) => (recipe === tunedRecipe) === (from !== undefined));
    // Unless its recipe knows fine-tuning, `from` is one more key that nobody reads.
    return (own ?? fitting[0]!).open(text, subject, complete);
  });
}

/** Complaints of `read` with examples of training configurations: the reader speaks of the daemons'. */
function inConfig<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!hasErrorCode(cause, "CONFIG_INVALID")) throw cause;
    throw new AuroraError("CONFIG_INVALID", cause.message, {
      op: "read training configuration",
      subject,
      hint: examples,
      cause,
    });
  }
}
