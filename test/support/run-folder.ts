/**
 * One temporary folder for a whole run: whatever tests and the programs that they start write to the system's temporary
 * folder lies in it. What they leave there, and processes that still run when all tests are done, are named, removed and
 * make the run fail; a run that is interrupted removes them without a word.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { atProcessEnd } from "../../src/core/platform/daemon/at-process-end.ts";

/** How long processes that were told to end may take, milliseconds. */
const patienceMs = 5_000;

/** Called before the first test; what it returns is called after the last. */
export function setup(): () => Promise<void> {
  const outside = process.env.TMPDIR;
  const { path, remove } = createScratchFolder("tests");
  const endProcesses = atProcessEnd(() => {
    for (const { pid } of findProcessesIn(path)) process.kill(pid, "SIGKILL");
  });
  process.env.TMPDIR = path;
  return async () => {
    const end = performance.now() + patienceMs;
    while (findProcessesIn(path).length > 0 && performance.now() < end) await delay(50);
    const left = [
      ...findProcessesIn(path).map(({ pid, command }) => `process ${pid}: ${command}`),
      ...readdirSync(path)
        .filter((name) => name.startsWith("aurora-"))
        .map((name) => `${name}: ${listFolder(join(path, name)).join(", ")}`),
    ];
    endProcesses();
    remove();
    if (outside === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outside;
    if (left.length === 0) return;
    process.exitCode = 1;
    throw new Error(`tests left something behind:\n${left.join("\n")}`);
  };
}

/** Processes that were started with this temporary folder; none where there is no `/proc`. */
function findProcessesIn(folder: string): readonly { readonly pid: number; readonly command: string }[] {
  const variable = `TMPDIR=${folder}`;
  return listFolder("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const inherits = readProcess(name, "environ").split("\0").includes(variable);
    return inherits ? [{ pid, command: readProcess(name, "cmdline").replaceAll("\0", " ").trim() }] : [];
  });
}

function listFolder(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** A file of a process, or nothing when it has just ended or is another user's. */
function readProcess(name: string, file: "environ" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${name}/${file}`, "utf8");
  } catch {
    return "";
  }
}
