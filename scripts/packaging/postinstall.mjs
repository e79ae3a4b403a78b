// What an installation still does with what npm has unpacked: one SQLite loads, and of the native files those of other
// platforms go. In a checkout with its development packages they stay: the checks of other processors use them. Never
// fails an installation.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import "./install-sqlite.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Removes every entry of `folder` but one, if that one is there. */
function keepOnly(folder, name) {
  if (!existsSync(join(folder, name))) return;
  for (const entry of readdirSync(folder)) {
    if (entry !== name) rmSync(join(folder, entry), { recursive: true, force: true });
  }
}

// Of what stands in src a package has documents alone.
const isPackage = !existsSync(join(root, "src", "cli"));
const isProduction = (process.env.npm_config_omit ?? "").split(/\s/).includes("dev");
try {
  if (isPackage) keepOnly(join(root, "build", "aurora", "native"), `${process.platform}-${process.arch}`);
  if (!isPackage && isProduction) {
    const runtime = join(root, "node_modules", "onnxruntime-node", "bin", "napi-v6");
    keepOnly(runtime, process.platform);
    keepOnly(join(runtime, process.platform), process.arch);
  }
} catch (error) {
  // Files of another user, or of a file system that cannot be written: they take room and do no harm.
  console.error(`aurora-edge: ${error instanceof Error ? error.message : String(error)}`);
}
