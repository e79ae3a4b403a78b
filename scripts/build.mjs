// Compiles TypeScript to dist/ and copies what the compiler leaves behind (.proto files).
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = spawnSync(
  process.execPath,
  [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", root],
  { stdio: "inherit" },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

/** Copies every file below `folder` whose name ends in `suffix` to the same place below dist/. */
function copyAssets(folder, suffix) {
  for (const entry of readdirSync(join(root, folder), { recursive: true })) {
    if (!entry.endsWith(suffix)) continue;
    mkdirSync(dirname(join(root, "dist", folder, entry)), { recursive: true });
    cpSync(join(root, folder, entry), join(root, "dist", folder, entry));
  }
}
for (const suffix of [".proto", ".css", ".client.js"]) {
  copyAssets("src", suffix);
  copyAssets("firmware-bridge", suffix);
}
