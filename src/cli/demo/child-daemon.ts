/** Starts a subcommand of aurora as a process of its own, waits until it is ready, and stops it for certain. */
import { type ChildProcess, fork } from "node:child_process";
import { dirname, join } from "node:path";
import { AuroraError } from "../../contract/aurora-error.ts";
import { isReadyMessage, type ReadyMessage } from "../../contract/process-message.ts";
import { daemonNodeOptions } from "../daemon-node-options.ts";

/** A running daemon. */
export interface ChildDaemon {
  readonly ready: ReadyMessage;
  readonly pid: number;
  /** Resolves with a description when the process ends. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What to start. */
export interface ChildDaemonOptions {
  /** Subcommand and its arguments. */
  readonly args: readonly string[];
  /** Longest wait for the ready message. */
  readonly readyTimeoutMs: number;
  /** Called with every chunk of the daemon's stderr. */
  readonly onLog: (chunk: Buffer) => void;
}

/**
 * Forks `aurora <args>`; runs from source (through tsx) when this file does.
 * @throws AuroraError PROCESS with the last words of a daemon that ended before it was ready.
 */
export async function startChildDaemon(options: ChildDaemonOptions): Promise<ChildDaemon> {
  const fromSource = import.meta.filename.endsWith(".ts");
  const entry = join(dirname(import.meta.dirname), fromSource ? "main.ts" : "main.js");
  const child = fork(entry, options.args, {
    execArgv: [...daemonNodeOptions, ...(fromSource ? ["--import", "tsx"] : [])],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A process group of its own: Ctrl-C reaches only the parent, which stops the daemons in order.
    detached: true,
  });
  let lastWords = "";
  const listen = (chunk: Buffer): void => {
    lastWords = (lastWords + chunk.toString()).slice(-2000);
    options.onLog(chunk);
  };
  child.stderr?.on("data", listen);
  child.stdout?.on("data", listen);
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once("error", (error) => resolve(error.message));
  });
  const overdue = setTimeout(() => child.kill("SIGKILL"), options.readyTimeoutMs);
  const ready = await Promise.race([
    new Promise<ReadyMessage>((resolve) => {
      child.on("message", (message) => {
        if (isReadyMessage(message)) resolve(message);
      });
    }),
    ended.then((how): never => {
      throw notStarted(options, how, lastWords);
    }),
  ]).finally(() => clearTimeout(overdue));
  return { ready, pid: child.pid ?? -1, ended, stop: (graceMs) => stop(child, ended, graceMs) };
}

function notStarted(options: ChildDaemonOptions, how: string, lastWords: string): AuroraError {
  const late = how === "SIGKILL" ? ` after ${options.readyTimeoutMs} ms` : "";
  return new AuroraError(
    "PROCESS",
    `aurora ${options.args[0]} ended (${how}${late}) before it was ready\n${lastWords.trim()}`,
    {
      op: "start daemon",
      subject: options.args.join(" "),
      hint: "The lines above are the daemon's own last words.",
    },
  );
}

async function stop(child: ChildProcess, ended: Promise<string>, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await ended;
  clearTimeout(kill);
}
