/** Runs the `aurora` command as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { compiledCommand } from "../support/compiled.ts";

const root = join(import.meta.dirname, "..", "..");

/** What a command left behind. */
export interface Finished {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export interface Running {
  readonly child: ChildProcess;
  /** Everything on both streams so far. */
  readonly output: () => string;
  readonly finished: Promise<Finished>;
}

/** Starts `aurora …args`; what is left of it after the test is killed. */
export function startAurora(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(process.execPath, [compiledCommand(), ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const finished = new Promise<Finished>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, output: () => stdout + stderr, finished };
}

/** Runs `aurora …args` to its end. */
export function aurora(...args: readonly string[]): Promise<Finished> {
  return startAurora(args).finished;
}
