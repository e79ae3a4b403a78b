// Writes NOTICE: every package of the production tree (`dependencies` and all that they need) with its version, licence and
// the licence's text, from the lock file, the installed packages and, for those that bring no text or not that of what is
// compiled into them, the folder licences. It fails where a package has none. A text that several share stands once.
//   node scripts/packaging/notice.mjs
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** One folder for each package and version, with the author's texts. */
const keptTexts = join(root, "scripts", "packaging", "licences");
/** Name of that folder: a scope's slash would make two. */
const nameKept = ({ name, version }) => `${name.replace("/", "+")}-${version}`;

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

/** The texts of licences in a folder, of a package or of those kept for it; undefined where there are none. */
function readTexts(folder) {
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|thirdpartynotices)/i.test(name));
  const texts = files.sort().map((name) => {
    const bytes = readFileSync(join(folder, name));
    return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8").replaceAll("\r", "").trim();
  });
  return texts.length === 0 ? undefined : texts.join("\n\n");
}

/** The section of a package's README that is the licence; undefined where it only names one. */
function readSection(folder) {
  const readme = readdirSync(folder).find((name) => /^readme\.md$/i.test(name));
  if (readme === undefined) return undefined;
  const text = readFileSync(join(folder, readme), "utf8").replaceAll("\r", "");
  const section = /^#+ licen[cs]e\n(.*)/ims.exec(text)?.[1];
  return section?.includes("Permission is hereby granted") ? section.trim() : undefined;
}

/** The text of a package's licence, with those of what is compiled into it. */
function readLicence(part) {
  const { name, version, folder } = part;
  if (!existsSync(folder)) throw new Error(`${folder} is not installed: run npm ci`);
  const kept = join(keptTexts, nameKept(part));
  const text = existsSync(kept) ? readTexts(kept) : (readTexts(folder) ?? readSection(folder));
  if (text !== undefined) return text;
  throw new Error(`${name} ${version} brings no text of its licence: keep its author's in ${kept}/LICENSE`);
}

/** A text may change with the version that it was kept for. */
function refuseOutdated(tree) {
  const locked = new Set(tree.map(nameKept));
  const outdated = readdirSync(keptTexts).filter((name) => !locked.has(name));
  if (outdated.length === 0) return;
  throw new Error(`${keptTexts} keeps texts for what is not locked: ${outdated.join(", ")}`);
}

function renderNotice() {
  const tree = listProductionTree();
  refuseOutdated(tree);
  const users = new Map();
  for (const each of tree) {
    const text = readLicence(each);
    const of = users.get(text) ?? [];
    of.push(`${each.name} ${each.version}`);
    users.set(text, of);
  }
  const list = [...new Set(tree.map(({ name, version, license }) => `${name} ${version}: ${license}`))];
  const texts = [...users].map(([text, names]) => {
    const plain = text.replace(/[ \t]+$/gm, "");
    return `${"-".repeat(80)}\n${[...new Set(names)].join(", ")}\n\n${plain}\n`;
  });
  return [head, `${list.join("\n")}\n`, ...texts].join("\n");
}

writeFileSync(join(root, "NOTICE"), renderNotice());
