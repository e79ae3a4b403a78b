// Makes sure that one SQLite loads: the built-in `node:sqlite`, or better-sqlite3 compiled for this Node.
// Where no prebuilt binary can be downloaded, better-sqlite3 is compiled against the headers beside the
// running Node, which node-gyp does not find by itself with an empty HOME. Never fails an installation.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

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

function npm(args, env) {
  const cli = process.env.npm_execpath;
  const command = cli ? process.execPath : "npm";
  return spawnSync(command, cli ? [cli, ...args] : args, { cwd: root, env, stdio: ["ignore", 2, 2] });
}

if (!sqliteLoads() && !process.env.AURORA_INSTALLING_SQLITE) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const nodedir = nodeHeadersPrefix();
  const env = {
    ...process.env,
    AURORA_INSTALLING_SQLITE: "1",
    ...(nodedir ? { npm_config_nodedir: nodedir } : {}),
  };
  const resolve = createRequire(join(root, "package.json")).resolve;
  let present = true;
  try {
    resolve("better-sqlite3/package.json");
  } catch {
    present = false;
  }
  console.error("aurora-edge: compiling SQLite for this Node (about a minute) ...");
  if (!present) {
    npm(
      [
        "install",
        "--no-save",
        "--no-package-lock",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        `better-sqlite3@${optionalDependencies["better-sqlite3"]}`,
      ],
      env,
    );
  }
  npm(["rebuild", "better-sqlite3", "--foreground-scripts"], env);
  if (!sqliteLoads()) {
    console.error(
      "aurora-edge: no SQLite could be loaded. Use Node >= 22.13 (built in), or install a C++ compiler and python3 and run `npm ci` again.",
    );
  }
}
