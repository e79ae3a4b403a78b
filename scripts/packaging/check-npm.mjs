// The npm package: what is in it, and that it installs in an empty prefix and runs to the alert.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { shippedDocuments } from "./documents.mjs";
import { run } from "./node-binary.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const megabyte = 1_000_000;
export const limits = { globalInstallMb: 180, gatewayMb: 60, debMb: 60 };

/** Bytes of all files below a folder, as megabytes. */
export function measureMb(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Math.round((files.reduce((sum, file) => sum + statSync(file).size, 0) / megabyte) * 10) / 10;
}

/** Is what `aurora demo --json` printed whole, and says what it must? Returns what is wrong, or undefined. */
export function judgeDemo(printed, folder) {
  const file = join(folder, "demo.json");
  writeFileSync(file, printed);
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(root, "scripts", "check-demo-json.mjs"), file],
    {
      encoding: "utf8",
    },
  );
  return status === 0 ? undefined : stderr;
}

/** What must not be in a package. */
const unwanted = /(^|\/)(node_modules|test|src|firmware-bridge|playwright)\/|\.(ts|map)$|@tensorflow|tfjs/;

/** What a copy of the checkout is packed without: its modules are lent to it, the others are in no package. */
const notCopied = ["node_modules", ".git", "build"];

/**
 * A copy of the checkout to pack: while it packs, npm finds another `package.json` there, and whatever else runs
 * commands of this checkout meanwhile would find it too.
 */
function copyCheckout(copy) {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const name of readdirSync(root).filter((each) => !notCopied.includes(each)))
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
}

export async function checkNpm(book, { work, quick }) {
  mkdirSync(work, { recursive: true });
  let tarball;
  await book.check("npm pack", () => {
    const copy = join(work, "checkout");
    copyCheckout(copy);
    const said = run("npm", ["pack", "--silent", "--pack-destination", work], { cwd: copy });
    tarball = join(work, said.trim().split("\n").at(-1));
    book.figure("npmPackageMb", Math.round((statSync(tarball).size / megabyte) * 10) / 10);
  });
  if (tarball === undefined) return;
  const held = run("tar", ["-tzf", tarball]).trim().split("\n");
  const documents = shippedDocuments.map((path) => `package/${path}`);
  await book.check("the npm package holds no sources, tests, source maps, and nothing of training", () => {
    const found = held.filter((name) => unwanted.test(name) && !documents.includes(name));
    return found.length > 0 ? found.slice(0, 5).join(", ") : undefined;
  });
  await book.check("the npm package holds the documents that help and hints name", () => {
    const missing = documents.filter((name) => !held.includes(name));
    return missing.length > 0 ? `without ${missing.join(", ")}` : undefined;
  });
  if (!quick) await checkProduction(book, join(work, "production"));
  for (const version of quick ? [24] : [20, 22, 24]) await checkOnNode(book, { work, tarball, version });
}

/** What a checkout is installed from, and what was compiled of it. */
const checkout = ["package.json", "package-lock.json", ".npmrc", "scripts", "src", "models", "dist"];
const forDevelopment = ["vitest", "typescript", "esbuild", "@tensorflow"];

/** A checkout that was compiled, installed without what only its makers and trainers need. */
async function checkProduction(book, folder) {
  const omitting = ["ci", "--omit=dev", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  await book.check(`npm ${omitting.slice(0, 3).join(" ")} of a checkout`, () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of checkout) cpSync(join(root, name), join(folder, name), { recursive: true });
    run("npm", omitting, { cwd: folder });
    const modules = join(folder, "node_modules");
    book.figure("productionModulesMb", measureMb(modules));
    const found = forDevelopment.filter((name) => existsSync(join(modules, name)));
    return found.length > 0 ? found.join(", ") : undefined;
  });
  await book.check("what such a checkout has runs the demonstration to the alert", () => {
    const main = join(folder, "dist", "src", "cli", "main.js");
    const options = ["demo", "--until", "alert", "--json", "--seed", "7"];
    return judgeDemo(run(process.execPath, [main, ...options], { cwd: folder }), dirname(folder));
  });
}

function getNode(work, version) {
  const folder = join(work, `node${version}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  run(
    "npm",
    [
      "install",
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      `node-linux-${process.arch}@${version}`,
    ],
    {
      cwd: folder,
    },
  );
  return join(folder, "node_modules", `node-linux-${process.arch}`, "bin");
}

/** Installs it globally with nothing but the registry: an empty home, cache and prefix. */
async function checkOnNode(book, { work, tarball, version }) {
  const prefix = join(work, `prefix${version}`);
  const home = join(work, `home${version}`);
  const installed = join(prefix, "lib", "node_modules", "aurora-edge");
  let env = process.env;
  const isThere = await book.check(`npm install -g on Node ${version}`, () => {
    const bin = getNode(work, version);
    for (const folder of [prefix, home]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    }
    env = {
      ...process.env,
      HOME: home,
      npm_config_cache: join(home, "cache"),
      PATH: `${bin}:${process.env.PATH}`,
    };
    const npm = process.env.npm_execpath ?? run("which", ["npm"]).trim();
    const started = performance.now();
    run(join(bin, "node"), [npm, "install", "-g", "--no-audit", "--no-fund", "--prefix", prefix, tarball], {
      cwd: home,
      env,
    });
    book.figure(`installSecondsNode${version}`, Math.round((performance.now() - started) / 1000));
    const size = measureMb(prefix);
    book.figure(`globalInstallMbNode${version}`, size);
    return size > limits.globalInstallMb ? `${size} MB` : undefined;
  });
  if (!isThere) return;
  await book.check(`only this machine's native files on Node ${version}`, () => {
    const found = readdirSync(join(installed, "build", "aurora", "native"));
    return found.join() === `linux-${process.arch}` ? undefined : found.join();
  });
  await book.check(`no second tree on Node ${version}`, () => {
    const inner = join(installed, "node_modules");
    // Where Node has no SQLite, that of better-sqlite3 and the two packages that load it.
    const found = existsSync(inner) ? readdirSync(inner).filter((name) => !name.startsWith(".")) : [];
    const wanted = version < 22 ? "better-sqlite3,bindings,file-uri-to-path" : "";
    return found.sort().join() === wanted ? undefined : found.join();
  });
  const aurora = join(prefix, "bin", "aurora");
  await book.check(`aurora demo runs to the alert on Node ${version}`, () => {
    const printed = run(aurora, ["demo", "--until", "alert", "--json", "--seed", "7"], { cwd: home, env });
    return judgeDemo(printed, work);
  });
  await book.check(`aurora train says what is missing on Node ${version}`, () => {
    const { status, stderr } = spawnSync(aurora, ["train", "x.yaml"], { cwd: home, env, encoding: "utf8" });
    return status === 1 && /training is not part of this installation/.test(stderr)
      ? undefined
      : `${status}: ${stderr}`;
  });
}
