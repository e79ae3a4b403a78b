// Builds the package for Debian of what stands in `dist`, from npm packages and Debian's tools alone.
//   npm run package:deb -- --help
// Needs dpkg-deb and binutils; for another architecture than this machine's its strip (binutils-aarch64-linux-gnu).
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { bundleFolder, makeBundle } from "./bundle.mjs";
import { shippedDocuments } from "./documents.mjs";
import { writeManPages } from "./man-pages.mjs";
import { fetchNode, nodeVersion, run, stripBinary } from "./node-binary.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const platformOf = { amd64: "linux-x64", arm64: "linux-arm64" };
const home = join("usr", "lib", "aurora-edge");
const documents = join("usr", "share", "doc", "aurora-edge");

/** Files of `debian/` and where they go. */
const installed = [
  ["aurora", "usr/bin/aurora"],
  ["gateway.yaml", "etc/aurora/gateway.yaml"],
  ["collector.yaml", "etc/aurora/collector.yaml"],
  ["aurora-edge.sysusers", "usr/lib/sysusers.d/aurora-edge.conf"],
  ["aurora-edge.tmpfiles", "usr/lib/tmpfiles.d/aurora-edge.conf"],
  ["lintian-overrides", "usr/share/lintian/overrides/aurora-edge"],
  ["postinst", "DEBIAN/postinst"],
  ["prerm", "DEBIAN/prerm"],
  ["postrm", "DEBIAN/postrm"],
];

const completions = {
  bash: "usr/share/bash-completion/completions/aurora",
  zsh: "usr/share/zsh/vendor-completions/_aurora",
  fish: "usr/share/fish/vendor_completions.d/aurora.fish",
};

const apacheText = "The Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0";

/** Everything else is a file to read. */
const programs = [
  "usr/bin/aurora",
  join(home, "bin", "node"),
  "DEBIAN/postinst",
  "DEBIAN/prerm",
  "DEBIAN/postrm",
];

/** The time that all files bear: the last commit's, so that one state of the sources makes one package. */
function sourceTime() {
  const given =
    process.env.SOURCE_DATE_EPOCH ?? run("git", ["log", "-1", "--format=%ct"], { cwd: root }).trim();
  return Number(given);
}

/** Writes a file below `tree`, with the folders above it. */
function write(tree, path, content) {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content);
}

/** Every entry below `folder`, files and folders. */
function walk(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => ({
    path: join(entry.parentPath, entry.name),
    isFile: entry.isFile(),
  }));
}

/** A service's unit with the lines that both have in common. */
export function renderUnit(name) {
  const common = readFileSync(join(here, "debian", "hardening.conf"), "utf8");
  return readFileSync(join(here, "debian", name), "utf8").replace("@HARDENING@\n", () => common);
}

async function installProgram(tree, architecture) {
  const platform = platformOf[architecture];
  const out = join(tree, home, bundleFolder);
  await makeBundle({ out, platforms: [platform] });
  // /usr/bin/aurora starts it.
  const main = readFileSync(join(out, "main.js"), "utf8");
  writeFileSync(join(out, "main.js"), main.replace(/^#!.*\n/, ""));
  for (const file of readdirSync(join(out, "native", platform))) {
    stripBinary(join(out, "native", platform, file), architecture);
  }
  cpSync(join(root, "models"), join(tree, home, "models"), { recursive: true });
  const { name, version, type } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  write(
    tree,
    join(home, "package.json"),
    `${JSON.stringify({ name, version, type, private: true }, null, 2)}\n`,
  );
  const { node, licence } = fetchNode(architecture);
  write(tree, join(home, "bin", "node"), readFileSync(node));
  return { version, nodeLicence: readFileSync(licence, "utf8") };
}

function renderCopyright(nodeLicence) {
  const text = [
    "aurora-edge is licensed under the Apache License, Version 2.0; on Debian its text",
    "is in /usr/share/common-licenses/Apache-2.0.",
    "",
    "Copyright 2026 the authors of aurora-edge",
    "",
    readFileSync(join(root, "NOTICE"), "utf8"),
    "-".repeat(80),
    `Node.js ${nodeVersion}, /usr/lib/aurora-edge/bin/node`,
    "",
    nodeLicence,
  ].join("\n");
  // Debian has this licence's text once for all packages.
  return text.replaceAll(
    /[ \t]*Apache License\s+Version 2\.0, January 2004[\s\S]*?(?:END OF TERMS AND CONDITIONS|(?=\n-{80}))/g,
    () => apacheText,
  );
}

function installDocuments(tree, { version, nodeLicence, date }) {
  const changelog = `aurora-edge (${version}) stable; urgency=medium\n\n  * Version ${version}.\n\n -- aurora-edge maintainers <maintainers@aurora-edge.example>  ${date.toUTCString().replace("GMT", "+0000")}\n`;
  write(tree, join(documents, "changelog.gz"), gzipSync(changelog, { level: 9 }));
  write(tree, join(documents, "copyright"), renderCopyright(nodeLicence));
  cpSync(join(root, "scripts", "examples"), join(tree, documents, "examples"), { recursive: true });
  for (const path of shippedDocuments) write(tree, join(documents, path), readFileSync(join(root, path)));
  const manual = join(tree, "usr", "share", "man", "man1");
  mkdirSync(manual, { recursive: true });
  const program = [process.execPath, join(tree, home, bundleFolder, "main.js")];
  for (const page of writeManPages(manual, program, { version, date: date.toISOString().slice(0, 10) })) {
    write(tree, `usr/share/man/man1/${page}.gz`, gzipSync(readFileSync(join(manual, page)), { level: 9 }));
    rmSync(join(manual, page));
  }
  for (const [shell, path] of Object.entries(completions)) {
    write(tree, path, run(program[0], [program[1], "completion", shell]));
  }
}

function installControl(tree, { version, architecture }) {
  for (const [from, to] of installed) write(tree, to, readFileSync(join(here, "debian", from)));
  for (const unit of ["aurora-gateway.service", "aurora-collector.service"]) {
    write(tree, `usr/lib/systemd/system/${unit}`, renderUnit(unit));
  }
  const files = walk(tree).filter(({ path, isFile }) => isFile && !path.startsWith(join(tree, "DEBIAN")));
  const kibibytes = files.reduce((sum, { path }) => sum + Math.ceil(statSync(path).size / 1024), 0);
  const control = readFileSync(join(here, "debian", "control"), "utf8")
    .replace("@VERSION@", version)
    .replace("@ARCHITECTURE@", architecture)
    .replace("@SIZE@", String(kibibytes));
  write(tree, "DEBIAN/control", control);
  write(tree, "DEBIAN/conffiles", "/etc/aurora/collector.yaml\n/etc/aurora/gateway.yaml\n");
  const sums = files
    .map(({ path }) => relative(tree, path))
    .filter((path) => !path.startsWith("etc/"))
    .sort()
    .map((path) => run("md5sum", [path], { cwd: tree }));
  write(tree, "DEBIAN/md5sums", sums.join(""));
}

/**
 * Builds a package; returns its path. `version` replaces that of package.json (a test upgrades); `quick` compresses less.
 * @param {{ architecture: "amd64" | "arm64", out: string, version?: string, quick?: boolean }} options
 */
export async function buildDeb({ architecture, out, version: other, quick = false }) {
  const tree = join(root, "build", `deb-${architecture}`);
  rmSync(tree, { recursive: true, force: true });
  const { version: own, nodeLicence } = await installProgram(tree, architecture);
  const version = other ?? own;
  const seconds = sourceTime();
  installDocuments(tree, { version, nodeLicence, date: new Date(seconds * 1000) });
  installControl(tree, { version, architecture });
  const entries = walk(tree);
  for (const { path, isFile } of entries) {
    chmodSync(path, !isFile || programs.includes(relative(tree, path)) ? 0o755 : 0o644);
  }
  for (const { path } of [...entries].reverse()) utimesSync(path, seconds, seconds);
  mkdirSync(out, { recursive: true });
  const file = join(out, `aurora-edge_${version}_${architecture}.deb`);
  const compression = quick ? ["-Zgzip", "-z1"] : ["-Zxz", "-z6"];
  run("dpkg-deb", ["--root-owner-group", ...compression, "--build", tree, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(seconds) },
  });
  return file;
}

/** The package that was built last for `architecture`, once more under another version and little compressed: for trying upgrades. */
export function repackDeb(architecture, { out, version }) {
  const tree = join(root, "build", `deb-${architecture}`);
  const control = readFileSync(join(tree, "DEBIAN", "control"), "utf8");
  writeFileSync(join(tree, "DEBIAN", "control"), control.replace(/^Version: .*$/m, `Version: ${version}`));
  const file = join(out, `aurora-edge_${version}_${architecture}.deb`);
  run("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z1", "--build", tree, file]);
  return file;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { readOneOf, readOptions, refuseWrong } = await import("../../dist/scripts/suite-options.js");
  const known = Object.keys(platformOf);
  const { values } = readOptions({
    command: "npm run package:deb",
    does: "Builds the package for Debian.",
    options: {
      arch: { type: "string", value: "NAME", means: `${known.join(", ")} or all (this machine's)` },
      out: { type: "string", default: join(root, "build"), value: "DIR", means: "where it goes (build)" },
    },
  });
  const arch = values.arch ?? run("dpkg", ["--print-architecture"]).trim();
  const asked = refuseWrong(() => readOneOf("arch", arch, [...known, "all"]));
  for (const architecture of asked === "all" ? known : [asked]) {
    const file = await buildDeb({ architecture, out: resolve(values.out) });
    console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  }
}
