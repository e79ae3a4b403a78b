/** What every part of the run on one's own recordings needs: the command as a user calls it, and invented sets. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";

/** How a call ended. */
export interface CommandEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One folder for the whole run, and the command in it. */
export interface OwnDataRig {
  readonly folder: string;
  /** Runs `aurora ARGS` to its end. */
  aurora(...args: readonly string[]): Promise<CommandEnd>;
  /** Starts `aurora ARGS`, which is ended with this process at the latest. */
  start(...args: readonly string[]): ChildProcess;
  /** Invents recordings in a new folder of that name (`invent_recordings.py`); gives its path. */
  invent(name: string, ...options: readonly string[]): Promise<string>;
  /** Invents a farm's tables and log in a new folder of that name (`invent_tables.py`); gives its path. */
  inventFarm(name: string, ...options: readonly string[]): Promise<string>;
  readonly say: (text: string) => void;
}

const longestMs = 900_000;
const largestOutput = 64 << 20;

/** A Python that has numpy; null: none here has. */
export async function findPython(): Promise<string | null> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const found = await promisify(execFile)(python, ["-c", "import numpy"]).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  return null;
}

/** @param folder of its own, which outlives the rig. */
export function createOwnDataRig(folder: string, python: string, say: (text: string) => void): OwnDataRig {
  const command = join(packageRoot(), "dist", "src", "cli", "main.js");
  // WebAssembly computes the same everywhere; nothing is kept outside of the folder.
  const env = {
    ...process.env,
    NO_COLOR: "1",
    AURORA_TENSORFLOW: "wasm",
    XDG_CACHE_HOME: join(folder, "cache"),
  };
  const run = async (program: string, args: readonly string[]): Promise<CommandEnd> => {
    const options = { cwd: folder, env, timeout: longestMs, maxBuffer: largestOutput };
    try {
      const { stdout, stderr } = await promisify(execFile)(program, [...args], options);
      return { code: 0, stdout, stderr };
    } catch (error) {
      const {
        code,
        stdout = "",
        stderr = "",
      } = error as { code?: unknown; stdout?: string; stderr?: string };
      return {
        code: typeof code === "number" ? code : -1,
        stdout,
        stderr: stderr === "" ? String(error) : stderr,
      };
    }
  };
  const invent = async (script: string, name: string, ...options: readonly string[]): Promise<string> => {
    const dir = join(folder, name);
    const path = join(packageRoot(), "scripts", "own-data", script);
    const { code, stderr } = await run(python, ["-B", path, dir, ...options]);
    if (code !== 0) throw new Error(`${script} invented nothing: ${stderr}`);
    return dir;
  };
  return {
    folder,
    say,
    aurora: (...args) => run(process.execPath, [command, ...args]),
    start: (...args) =>
      endWithProcess(
        spawn(process.execPath, [command, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] }),
      ),
    invent: (...args) => invent("invent_recordings.py", ...args),
    inventFarm: (...args) => invent("invent_tables.py", ...args),
  };
}

/** Starts `aurora ARGS`, and ends it with a signal after some time. False: it had come to its end before. */
export async function interrupt(
  rig: Pick<OwnDataRig, "start">,
  args: readonly string[],
  { afterMs, signal }: { readonly afterMs: number; readonly signal: "SIGKILL" | "SIGINT" },
): Promise<boolean> {
  const child = rig.start(...args);
  const gone = once(child, "exit");
  child.stdout!.resume();
  child.stderr!.resume();
  let isMet = false;
  const timer = setTimeout(() => {
    isMet = child.kill(signal);
  }, afterMs);
  await gone;
  clearTimeout(timer);
  return isMet;
}

/** A JSON file as it stands. */
export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

/** The text of a file, or nothing where there is none. */
export function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Makes the folder of a path that is to be written. */
export function makeDir(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
