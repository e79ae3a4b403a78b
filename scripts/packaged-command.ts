/** The `aurora` command as a package has it: bundled into a few files, without what trains. A daemon of it starts in two thirds of the time. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../src/core/platform/files/package-root.ts";

const made = new Map<string, string>();

/** Bundles `dist` for this machine in `build/<folder>`, once a process; returns its program. No two processes at a time may have one folder. */
export function packagedCommand(folder: string): string {
  const known = made.get(folder);
  if (known !== undefined) return known;
  const root = packageRoot();
  const out = join(root, "build", folder);
  const script = join(root, "scripts", "packaging", "bundle.mjs");
  const ended = spawnSync(process.execPath, [script, out, `${process.platform}-${process.arch}`], {
    encoding: "utf8",
  });
  if (ended.status !== 0) throw new Error(`the bundle was not made: ${ended.stderr}`);
  const program = join(out, "main.js");
  made.set(folder, program);
  return program;
}
