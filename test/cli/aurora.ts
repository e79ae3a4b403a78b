/** Runs the `aurora` command: as a process of its own, or in this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { runCommand } from "../../src/cli/run-command.ts";
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

let before: Promise<unknown> = Promise.resolve();

/**
 * Runs `aurora …args` to its end in this process, one call after the other, which takes a tenth of the time: for what it
 * says and writes, not for how a process begins, is interrupted and ends.
 */
export function auroraHere(...args: readonly string[]): Promise<Finished> {
  const finished = before.then(() => runHere(args));
  before = finished;
  return finished;
}

async function runHere(args: readonly string[]): Promise<Finished> {
  const { exitCode } = process;
  const memoryScore = readMemoryScore();
  const heard = [listenTo(process.stdout), listenTo(process.stderr)] as const;
  try {
    process.exitCode = undefined;
    const code = await runCommand([process.execPath, "aurora", ...args]);
    return { code, signal: null, stdout: heard[0].text(), stderr: heard[1].text() };
  } finally {
    process.exitCode = exitCode;
    if (readMemoryScore() !== memoryScore) writeFileSync(memoryScoreFile, memoryScore!);
    for (const { end } of heard) end();
  }
}

const memoryScoreFile = "/proc/self/oom_score_adj";

/** How early this process is ended where memory runs short, which a command may change; undefined: not Linux. */
function readMemoryScore(): string | undefined {
  return existsSync(memoryScoreFile) ? readFileSync(memoryScoreFile, "utf8").trim() : undefined;
}

/** Keeps what is written to a stream of this process, instead of writing it. */
function listenTo(stream: NodeJS.WriteStream): { text(): string; end(): void } {
  const { write } = stream;
  let text = "";
  stream.write = (part: string | Uint8Array, ...rest: unknown[]): boolean => {
    text += typeof part === "string" ? part : Buffer.from(part).toString();
    const written = rest.at(-1);
    if (typeof written === "function") written();
    return true;
  };
  return {
    text: () => text,
    end: () => {
      stream.write = write;
    },
  };
}
