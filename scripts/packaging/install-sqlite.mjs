// Makes sure that one SQLite loads: the built-in `node:sqlite`, or better-sqlite3 compiled for this Node, of the version
// and with the packages that `sqlite/package-lock.json` names. Only its library and its compiled half are kept.
// Where no prebuilt binary can be downloaded, it is compiled against the headers beside the running Node, which node-gyp
// does not find by itself with an empty HOME. Never fails an installation.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));

/** Does some SQLite open a database in a fresh process? */
function sqliteLoads() {
  const probe =
    "try{require('node:sqlite').DatabaseSync;process.exit(0)}catch{}" +
    "const B=require('better-sqlite3');new B(':memory:').close()";
  const run = spawnSync(process.execPath, ["--no-warnings", "-e", probe], { cwd: root, stdio: "ignore" });
  return run.status === 0;
}

/** The prefix of the running Node, if its C++ headers are beside it. */
function nodeHeadersPrefix() {
  const prefix = dirname(dirname(process.execPath));
  for (const candidate of [prefix, join(dirname(process.execPath), "include", "node")]) {
    if (existsSync(join(candidate, "include", "node", "node.h")) || existsSync(join(candidate, "node.h"))) {
      return candidate;
    }
  }
  return undefined;
}

/** What npm tells its scripts of the installation under way (global, where, what not) is none of the inner one's business. */
const outerSettings =
  /^npm_(package_|lifecycle_|command$|config_(global|location|prefix|local_prefix|omit|include|ignore_scripts|dry_run|save|package_lock|workspaces?|force|install_links)$)/i;

function innerEnvironment() {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !outerSettings.test(name)));
  const nodedir = nodeHeadersPrefix();
  return {
    ...env,
    // The compiler's scripts ask for `node`: the one that runs, which need not be the first on the path.
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}`,
    // What SQLite's makers compile it with: the third level takes half as long again, for some hundredths of its speed.
    CFLAGS: `-O2 -g0 ${process.env.CFLAGS ?? ""}`,
    CXXFLAGS: `-O1 -g0 ${process.env.CXXFLAGS ?? ""}`,
    ...(nodedir ? { npm_config_nodedir: nodedir } : {}),
  };
}

function npm(args, cwd) {
  const cli = process.env.npm_execpath;
  const command = cli ? process.execPath : "npm";
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  return spawnSync(command, cli ? [cli, ...args, ...quiet] : [...args, ...quiet], {
    cwd,
    env: innerEnvironment(),
    stdio: ["ignore", 2, 2],
  });
}

/** What of better-sqlite3 and the two packages that it loads its compiled half with is needed at run time. */
const kept = [
  "better-sqlite3/package.json",
  "better-sqlite3/LICENSE",
  "better-sqlite3/lib",
  "better-sqlite3/build/Release/better_sqlite3.node",
  "bindings",
  "file-uri-to-path",
];

/** Installs it in a folder of its own and moves what is kept to where the code looks for it. */
function installBetter() {
  const work = join(root, "node_modules", ".aurora-sqlite");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const file of ["package.json", "package-lock.json"])
    cpSync(join(here, "sqlite", file), join(work, file));
  npm(["ci", "--ignore-scripts"], work);
  npm(["rebuild", "better-sqlite3", "--foreground-scripts"], work);
  for (const entry of kept) {
    const from = join(work, "node_modules", entry);
    if (!existsSync(from)) continue;
    rmSync(join(root, "node_modules", entry), { recursive: true, force: true });
    cpSync(from, join(root, "node_modules", entry), { recursive: true });
  }
  rmSync(work, { recursive: true, force: true });
}

if (!sqliteLoads()) {
  console.error("aurora-edge: installing SQLite for this Node (a minute where it is compiled) ...");
  try {
    installBetter();
  } catch (error) {
    console.error(`aurora-edge: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!sqliteLoads()) {
    console.error(
      "aurora-edge: no SQLite could be loaded. Use Node >= 22.13 (built in), or install a C++ compiler and python3 and install again.",
    );
  }
}
