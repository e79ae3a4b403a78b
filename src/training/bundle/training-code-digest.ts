/**
 * SHA-256 over the sources that decide a bundle's bytes: the pipeline and the bundle's own recipe with all that they
 * import, transitively. Other recipes are none of its business: `train.ts` knows none, and who calls it hands over the one
 * that the configuration names.
 */
import { readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { fingerprintBytes } from "../dataset/fingerprint.ts";

/** Static and dynamic imports of a file of the repository: all of them end in `.ts`. */
const importPattern = /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"\n]+\.ts)"/g;

const buildRecordSchema = z.record(z.string(), z.string());

/** What runs a recipe; must not reach the table of recipes. */
const pipelineSource = "src/training/train.ts";

/** Paths (relative to `root`, sorted) of `entries` and everything that they import from the repository. */
export async function listSourceClosure(
  root: string,
  entries: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  const open = entries.map((entry) => resolve(root, entry));
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const name = relative(root, path).replaceAll("\\", "/");
    if (found.has(name)) continue;
    found.add(name);
    const text = (await readSource(path)).toString("utf8");
    for (const match of text.matchAll(importPattern)) {
      open.push(resolve(dirname(path), match[1]!));
    }
  }
  return [...found].sort();
}

/** Where the build notes the SHA-256 of every source that it compiled; null where the sources themselves run. */
function findBuildRecord(): string | null {
  return import.meta.url.endsWith(".ts") ? null : join(packageRoot(), "dist", "sources.json");
}

/**
 * The digest. Fails with TRAINING when the sources are not there (a gateway's package has none: it does not train), or are
 * not those that the running code was compiled from: the digest would name code that made nothing.
 */
export async function digestTrainingCode(
  recipeSource: string,
  root: string = packageRoot(),
  buildRecord: string | null = findBuildRecord(),
): Promise<string> {
  const names = await listSourceClosure(root, [pipelineSource, recipeSource]);
  const files = [];
  for (const name of names) files.push({ name, bytes: await readSource(join(root, name)) });
  if (buildRecord !== null) await refuseOtherSources(files, buildRecord);
  return fingerprintBytes(files);
}

async function refuseOtherSources(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  buildRecord: string,
): Promise<void> {
  const compiled = await readBuildRecord(buildRecord);
  const other = files.find(({ name, bytes }) => compiled?.[name] !== sha256Hex(bytes));
  if (other === undefined) return;
  const words =
    compiled === null
      ? `${buildRecord} does not say what the code that runs was compiled from`
      : `${other.name} was changed after the code that runs was compiled`;
  throw new AuroraError("TRAINING", words, {
    op: "digest training code",
    subject: compiled === null ? buildRecord : other.name,
    hint: "compile it (npm run build): the bundle names the digest of the code that made it",
  });
}

/** SHA-256 by path; null where the record is not there or says something else. */
async function readBuildRecord(path: string): Promise<Readonly<Record<string, string>> | null> {
  try {
    return buildRecordSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}

async function readSource(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new AuroraError("TRAINING", `the source ${path} cannot be read`, {
      op: "digest training code",
      subject: path,
      hint: "train in a checkout of the repository: the bundle names the digest of the code that made it",
      cause,
    });
  }
}
