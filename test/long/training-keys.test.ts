/** A key of each part of a configuration is changed, and more: a training that finds the steps of an earlier one gives what a fresh one gives. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parse, stringify } from "yaml";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import type { BearingConfig } from "../../src/training/recipes/bearing/bearing-config.ts";
import { writeSyntheticCwru } from "../training/synthetic-cwru.ts";
import { writeTinyConfig } from "../training/tiny-config.ts";
import { tinyOptions, trainFrom } from "../training/tiny-options.ts";

// Each change is trained twice.
vi.setConfig({ testTimeout: 1_200_000 });

type Writable<T> = { -readonly [Key in keyof T]: Writable<T[Key]> };
type Tree = Writable<BearingConfig>;
type Path = readonly (string | number)[];
type Holder = Record<string | number, unknown>;

const signer = parsePrivateKey(createKeyPair().privateKeyPem);
const { path: dir, remove } = createScratchFolder("keys");
const config = join(dir, "tiny.yaml");
const [base, resumed] = [join(dir, "base"), join(dir, "resumed")];
let whole: Tree;

beforeAll(async () => {
  await writeSyntheticCwru(dir, { seconds: 8, sizes: [7, 14] });
  await writeTinyConfig(config, 1);
  whole = shrink(parse(await readFile(config, "utf8")));
  await writeFile(config, stringify(whole));
  await trainFrom(config, { ...tinyOptions(dir, "first", signer), workDir: base });
});
afterAll(remove);

/** With a teacher, and as little to do as may be. */
function shrink(tree: Tree): Tree {
  const few = () => ({ steps: 3, batchRows: 64, learningRate: 0.002, weightDecay: 0.1, inputNoise: 0.1 });
  const { recipe } = tree;
  recipe.teacher = { members: 1, hidden: [4], fit: few() };
  recipe.student = { hidden: [4], fit: few(), prune: { to: [3], rounds: 1, fit: few() } };
  return {
    ...tree,
    dataset: { ...tree.dataset, heldOutGroups: ["DE_IR_14", "DE_OR_14", "DE_B_14", "normal"] },
    noiseLevels: [1],
  };
}

/** What a training of `tree` gives: the digest of its bundle, or why there is none. */
async function trainOn(tree: Tree, workDir: string | null): Promise<string> {
  await writeFile(config, stringify(tree));
  try {
    return (await trainFrom(config, { ...tinyOptions(dir, "out", signer), workDir })).digest;
  } catch (error) {
    return String(error);
  }
}

/** Trains beside the steps of the unchanged configuration, and afresh. */
async function trainTwice(tree: Tree): Promise<{ readonly kept: string; readonly fresh: string }> {
  await rm(resumed, { recursive: true, force: true });
  await cp(base, resumed, { recursive: true });
  const kept = await trainOn(tree, resumed);
  // What is refused is refused before any step, or by one that nothing was kept of.
  return { kept, fresh: isDigest(kept) ? await trainOn(tree, null) : kept };
}

/** Places of the values in `value`, of a list's entries those of the first alone. */
function listPaths(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value)) return listPaths(value[0], [...path, 0]);
  if (typeof value !== "object" || value === null) return value === undefined ? [] : [path];
  return Object.entries(value).flatMap(([key, each]) => listPaths(each, [...path, key]));
}

/** A copy with another value at `path`. */
function change(tree: Tree, path: Path): Tree {
  const copy = structuredClone(tree);
  const step = (at: Holder, key: string | number): Holder => at[key] as Holder;
  const holder = path.slice(0, -1).reduce(step, copy as unknown as Holder);
  const key = path.at(-1)!;
  const value = holder[key];
  holder[key] =
    typeof value === "number" ? (Number.isInteger(value) ? value + 1 : 1.1 * value) : `${value}-x`;
  return copy;
}

/** Of how a network is fitted its steps are tried. */
const isFitLast = (one: Path, other: Path): number =>
  Number(one.at(-1) === "steps") - Number(other.at(-1) === "steps");
const isDigest = (outcome: string): boolean => /^[0-9a-f]{64}$/.test(outcome);

test("a key of each part of the recipe in turn: the bundle is the one that is asked for, whatever was kept of another", async () => {
  const paths = listPaths(whole.recipe, ["recipe"]).sort(isFitLast);
  const parts = new Map(paths.map((path) => [path[1], path]));
  const stale: string[] = [];
  let trained = 0;
  for (const path of parts.values()) {
    const { kept, fresh } = await trainTwice(change(whole, path));
    // Others make a configuration that is refused.
    if (isDigest(kept)) trained++;
    if (kept !== fresh) stale.push(path.join("."));
  }
  expect(stale).toEqual([]);
  expect(trained).toBeGreaterThan(parts.size / 2);
});

test.each<[string, (tree: Tree) => void]>([
  [
    "no pruning",
    ({ recipe }) => {
      recipe.student.prune = null;
    },
  ],
  [
    "no teacher",
    ({ recipe }) => {
      recipe.teacher.members = 0;
    },
  ],
  [
    "other names of features",
    ({ features }) => {
      for (const each of features.list) each.name = each.name.replace(".h1", ".first");
    },
  ],
  [
    "another group of a feature",
    ({ features }) => {
      features.list[1]!.group = "another";
    },
  ],
  [
    "another machine held out",
    ({ dataset }) => {
      dataset.heldOutGroups = ["DE_IR_7", "DE_OR_14", "DE_B_14", "normal"];
    },
  ],
  [
    "no baseline",
    (tree) => {
      delete tree.baseline;
    },
  ],
])("%s: what was kept is not taken for it", async (_, alter) => {
  const tree = structuredClone(whole);
  alter(tree);
  const { kept, fresh } = await trainTwice(tree);
  expect(isDigest(kept), kept).toBe(true);
  expect(fresh).toBe(kept);
});

test("another word of the manifest of the recordings is told", async () => {
  const path = join(dir, "recordings.yaml");
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/^about: .*/, "about: another rig"));
  const { kept, fresh } = await trainTwice(whole);
  await writeFile(path, text);
  expect(isDigest(kept), kept).toBe(true);
  expect(fresh).toBe(kept);
});
