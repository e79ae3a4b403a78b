// Compiles TypeScript to dist/ (or to the folder given; further arguments are the compiler's), copies what the compiler
// leaves behind (.proto files), and notes what was compiled: a bundle names the digest of the code that made it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [out = join(root, "dist"), ...options] = process.argv.slice(2);
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
if (process.env.npm_lifecycle_event === "prepare" && !existsSync(compiler)) {
  console.error("aurora-edge: nothing is compiled, since the compiler is not installed (npm ci --omit=dev)");
  process.exit(0);
}
rmSync(out, { recursive: true, force: true });
// Read before the compiler does: what is changed meanwhile must not pass for compiled.
const sources = Object.fromEntries(["src", "firmware-bridge"].flatMap(digestSources).sort());
const tsc = spawnSync(process.execPath, [compiler, "-p", root, "--outDir", out, ...options], {
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

/** [path, SHA-256] of every source below `folder`. */
function digestSources(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((entry) => entry.endsWith(".ts"))
    .map((entry) => {
      const sha256 = createHash("sha256").update(readFileSync(join(root, folder, entry)));
      return [`${folder}/${entry.replaceAll("\\", "/")}`, sha256.digest("hex")];
    });
}

/** Copies every file below `folder` whose name ends in `suffix` to the same place below `out`. */
function copyAssets(folder, suffix) {
  for (const entry of readdirSync(join(root, folder), { recursive: true })) {
    if (!entry.endsWith(suffix)) continue;
    mkdirSync(dirname(join(out, folder, entry)), { recursive: true });
    cpSync(join(root, folder, entry), join(out, folder, entry));
  }
}
for (const suffix of [".proto", ".css", ".client.js"]) {
  copyAssets("src", suffix);
  copyAssets("firmware-bridge", suffix);
}
writeFileSync(join(out, "sources.json"), `${JSON.stringify(sources, null, 1)}\n`);
