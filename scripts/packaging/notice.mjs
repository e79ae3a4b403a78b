// Writes NOTICE: every package of the production tree (`dependencies` and all that they need) with its version, licence and
// the licence's text, from the lock file and the installed packages. A text that several share stands once.
//   node scripts/packaging/notice.mjs
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const head = `aurora-edge
Licensed under the Apache License, Version 2.0 (see LICENSE).

What follows are the packages of others that an installation holds, wholly or in part, and their licences. Made by
scripts/packaging/notice.mjs.
`;

/** The production tree, sorted: [{ name, version, license, folder }]. */
function listProductionTree() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(([path, entry]) => path !== "" && !(entry.dev || entry.optional || entry.devOptional))
    .map(([path, { version, license = "see below" }]) => ({
      name: path.split("node_modules/").at(-1),
      version,
      license,
      folder: join(root, path),
    }))
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/** The text of a package's licence; undefined where it brings none. */
function readLicence(folder) {
  if (!existsSync(folder)) throw new Error(`${folder} is not installed: run npm ci`);
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying)/i.test(name));
  const texts = files.map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\r", "").trim());
  return texts.length === 0 ? undefined : texts.join("\n\n");
}

function renderNotice() {
  const tree = listProductionTree();
  const users = new Map();
  for (const { name, version, license, folder } of tree) {
    const text = readLicence(folder) ?? `${license} (the package brings no text of it)`;
    const of = users.get(text) ?? [];
    of.push(`${name} ${version}`);
    users.set(text, of);
  }
  const list = [...new Set(tree.map(({ name, version, license }) => `${name} ${version}: ${license}`))];
  const texts = [...users].map(([text, names]) => {
    const plain = text.replace(/[ \t]+$/gm, "");
    return `${"-".repeat(80)}\n${[...new Set(names)].join(", ")}\n\n${plain}\n`;
  });
  return [head, `${list.join("\n")}\n`, ...texts].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(join(root, "NOTICE"), renderNotice());
}
