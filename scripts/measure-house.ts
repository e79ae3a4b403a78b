/**
 * Measures the house: rooms, files, lines, the deepest import chain, long functions, names with two meanings. Prints one
 * JSON object, and says not what is good. `npm run measure:house [-- FOLDER]` measures another checkout, for a comparison.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { packageRoot } from "../src/core/platform/files/package-root.ts";
import { createScratchFolder } from "./scratch-folder.ts";
import { readOptions } from "./suite-options.ts";

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** A function with more lines than this holds two ideas more often than not. */
const longFunctionLines = 60;

const { positionals } = readOptions({
  command: "npm run measure:house",
  does: "Measures the house: rooms, files, lines, the deepest import chain, long functions.",
  words: { FOLDER: "of another checkout (this one)" },
  options: {},
});
const root = resolve(positionals[0] ?? packageRoot());
const everything = ["src", "firmware-bridge", "scripts"].flatMap(readSources);
const sources = everything.filter(({ path }) => path.startsWith("src/"));
const house = everything.filter(({ path }) => !path.startsWith("scripts/"));
const arrows = new Set(
  everything.flatMap(({ path, imports }) =>
    imports.map((target) => `${topRoom(path)} -> ${topRoom(target)}`).filter(joinsTwoRooms),
  ),
);
const deepest = findDeepestChain(house);
process.stdout.write(
  `${JSON.stringify(
    {
      roomsOfTheTree: new Set(everything.map(({ path }) => topRoom(path))).size,
      arrowsBetweenThem: arrows.size,
      folders: new Set(sources.map(({ path }) => dirname(path))).size,
      largestFolder: Math.max(...Object.values(countBy(sources.map(({ path }) => dirname(path))))),
      files: sources.length,
      lines: sources.reduce((sum, { text }) => sum + text.split("\n").length - 1, 0),
      linesOfCode: sources.reduce((sum, { text }) => sum + countCode(text), 0),
      deepestChain: deepest.length,
      deepestFrom: deepest[0],
      deepest,
      functionsOver60Lines: countLongFunctions(),
      namesExportedTwice: findNamesExportedTwice(house),
      filesByProduct: countBy(sources.map(({ path }) => topRoom(path))),
    },
    null,
    1,
  )}\n`,
);

function readSources(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((entry) => entry.endsWith(".ts"))
    .map((entry) => {
      const path = `${folder}/${entry}`;
      const text = readFileSync(join(root, path), "utf8");
      const imports = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"\n]+\.ts)"/g)].map((match) =>
        relative(root, resolve(root, dirname(path), match[1]!)),
      );
      return { path, text, imports };
    });
}

/** What a reader of the tree sees: `firmware-bridge`, `scripts`, and every folder of `src/`. */
function topRoom(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return first === "src" ? second : first;
}

function joinsTwoRooms(arrow: string): boolean {
  const [from, to] = arrow.split(" -> ");
  return from !== to;
}

/** Lines that are neither blank nor comment. */
function countCode(text: string): number {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "");
  return code.split("\n").filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;
}

/** The longest way from a file along imports, in files; there are no cycles. */
function findDeepestChain(files: readonly Source[]): readonly string[] {
  const importsOf = new Map(files.map(({ path, imports }) => [path, imports]));
  const longest = new Map<string, readonly string[]>();
  const follow = (path: string): readonly string[] => {
    const known = longest.get(path);
    if (known !== undefined) return known;
    const below = (importsOf.get(path) ?? []).map(follow);
    const chain = [path, ...below.reduce((best, each) => (each.length > best.length ? each : best), [])];
    longest.set(path, chain);
    return chain;
  };
  return files.map(({ path }) => follow(path)).reduce((a, b) => (b.length > a.length ? b : a), []);
}

function findNamesExportedTwice(files: readonly Source[]): string[] {
  const places = new Map<string, Set<string>>();
  const exported =
    /^export (?:async |declare |abstract )*(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;
  for (const { path, text } of files) {
    for (const match of text.matchAll(exported)) {
      places.set(match[1]!, (places.get(match[1]!) ?? new Set()).add(path));
    }
  }
  return [...places].filter(([, paths]) => paths.size > 1).map(([name]) => name);
}

function countBy(keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const key of keys.toSorted()) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

function countLongFunctions(): number {
  const scratch = createScratchFolder("aurora-house-");
  const rule = { level: "error", options: { maxLines: longFunctionLines } };
  const rules = { recommended: false, complexity: { noExcessiveLinesPerFunction: rule } };
  writeFileSync(join(scratch.path, "biome.json"), JSON.stringify({ root: true, linter: { rules } }));
  const biome = join(packageRoot(), "node_modules", "@biomejs", "biome", "bin", "biome");
  const folders = [join(root, "src"), join(root, "firmware-bridge")];
  const { stdout } = spawnSync(
    process.execPath,
    [
      biome,
      "lint",
      `--config-path=${scratch.path}`,
      "--max-diagnostics=10000",
      "--reporter=json",
      ...folders,
    ],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly { readonly category: string }[] };
  return diagnostics.filter(({ category }) => category.endsWith("noExcessiveLinesPerFunction")).length;
}
