import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { transformSync } from "esbuild";
import { makeOnce } from "./make-once.ts";

const root = join(import.meta.dirname, "..", "..");
const name = "aurora-edge";
/** Only what runs: the lint looks at types. */
const compilerOptions = [
  "--noCheck",
  ...["declaration", "isolatedDeclarations", "sourceMap"].flatMap((option) => [`--${option}`, "false"]),
];

/**
 * The installation as users have it, compiled from the sources as they stand: a process from there starts in a third of
 * the time that it takes from source. Returns its root, a folder with `dist`.
 */
export function compiledRoot(): string {
  const folder = makeOnce("compiled", (outside) => {
    // Data lie beside the repository.
    const data = join(root, "..", "shared");
    if (existsSync(data)) symlinkSync(data, join(outside, "shared"));
    const inside = join(outside, name);
    mkdirSync(inside);
    for (const entry of readdirSync(root)) {
      if (entry !== "dist") symlinkSync(join(root, entry), join(inside, entry));
    }
    const build = [join(root, "scripts", "build.mjs"), join(inside, "dist"), ...compilerOptions];
    execFileSync(process.execPath, build, { stdio: ["ignore", "pipe", "inherit"] });
  });
  return join(folder, name);
}

/** The `aurora` command of {@link compiledRoot}. */
export function compiledCommand(): string {
  return join(compiledRoot(), "dist", "src", "cli", "main.js");
}

/** A program of the tests (its path below the repository) as JavaScript that imports what is compiled; it takes no other of the tests'. */
export function compiledProgram(path: string): string {
  const script = join(compiledRoot(), "dist", path.replace(/\.ts$/, ".js"));
  makeOnce(`program-${basename(path)}`, () => {
    const { code } = transformSync(readFileSync(join(root, path), "utf8"), { loader: "ts" });
    mkdirSync(dirname(script), { recursive: true });
    writeFileSync(script, code.replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"'));
  });
  return script;
}
