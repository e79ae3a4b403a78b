// What `npm pack` does around its work: before it the bundle is made of `dist`, and `package.json` becomes that of a
// package, which needs no other one; afterwards the checkout has its own back. A pack that was killed in between is
// mended by the next one, or by `node scripts/packaging/pack.mjs restore`.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleFolder, makeBundle, platforms } from "./bundle.mjs";
import { shippedDocuments } from "./documents.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const manifestFile = join(root, "package.json");
/** The checkout's own, meanwhile. */
const keptFile = join(root, "build", "package.json.checkout");

/** The manifest of the package that a checkout's manifest describes. */
function describePackage(checkout) {
  const kept = ["name", "version", "private", "description", "license", "type", "engines"];
  const { optionalDependencies } = checkout;
  return {
    ...Object.fromEntries(kept.map((key) => [key, checkout[key]])),
    os: ["linux"],
    cpu: ["x64", "arm64"],
    bin: { aurora: `${bundleFolder}/main.js` },
    files: [
      bundleFolder,
      "models",
      "NOTICE",
      ...shippedDocuments,
      "scripts/examples",
      "scripts/packaging/install-sqlite.mjs",
      "scripts/packaging/postinstall.mjs",
      "scripts/packaging/sqlite",
    ],
    scripts: {
      postinstall: "node scripts/packaging/postinstall.mjs",
      postpack: "node scripts/packaging/pack.mjs restore",
    },
    // What training asks for by name; npm installs none of it by itself.
    peerDependencies: optionalDependencies,
    peerDependenciesMeta: Object.fromEntries(
      Object.keys(optionalDependencies).map((each) => [each, { optional: true }]),
    ),
  };
}

function restore() {
  if (existsSync(keptFile)) renameSync(keptFile, manifestFile);
}

async function make() {
  restore();
  if (!existsSync(join(root, "dist", "src"))) {
    const { status } = spawnSync(process.execPath, [join(root, "scripts", "build.mjs")], {
      stdio: ["ignore", 2, 2],
    });
    if (status !== 0) throw new Error("dist could not be compiled");
  }
  await makeBundle({ out: join(root, bundleFolder), platforms });
  mkdirSync(dirname(keptFile), { recursive: true });
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8"));
  copyFileSync(manifestFile, keptFile);
  writeFileSync(manifestFile, `${JSON.stringify(describePackage(manifest), null, 2)}\n`);
}

if (process.argv[2] === "make") await make();
else if (process.argv[2] === "restore") restore();
else throw new Error("pack.mjs make | restore");
