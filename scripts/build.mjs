// Compiles TypeScript to dist/ (or to the folder given; further arguments are the compiler's) and copies what the
// compiler leaves behind (.proto files).
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [out = join(root, "dist"), ...options] = process.argv.slice(2);
rmSync(out, { recursive: true, force: true });
const tsc = spawnSync(
  process.execPath,
  [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", root, "--outDir", out, ...options],
  { stdio: "inherit" },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

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
