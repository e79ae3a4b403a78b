/** Starts a subcommand of aurora as a process of its own, waits until it is ready, and stops it for certain. */
import { type ChildProcess, fork } from "node:child_process";
import { dirname, join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { isReadyMessage, type ReadyMessage } from "../../core/platform/daemon/run-daemon.ts";

/** A started daemon, ready or not. */
export interface ChildDaemon {
  /** Rejects with PROCESS and the last words of a daemon that ended before it was ready. */
  readonly ready: Promise<ReadyMessage>;
  /** Resolves with a description when the process ends. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

interface ChildDaemonOptions {
  readonly args: readonly string[];
  /** Longest wait for the ready message. */
  readonly readyTimeoutMs: number;
  /** Called with every chunk of the daemon's stderr. */
  readonly onLog: (chunk: Buffer) => void;
}

/**
 * Options of the Node process that runs a daemon. A young generation of 2 MB instead of 16: what a daemon allocates
 * dies at once (socket chunks, messages), and the smaller space keeps a gateway some 25 MB smaller at the same
 * throughput (`npm run bench`). Functions are copied into others up to half of what V8 would copy: less is compiled while a
 * gateway begins, and what comes of it is no slower. The `aurora` command's first line says the same.
 */
export const daemonNodeOptions: readonly string[] = [
  "--max-semi-space-size=2",
  "--max-inlined-bytecode-size-cumulative=460",
];

/**
 * Environment of a gateway's process. Node's threads for files and compilation, and ONNX Runtime in them, otherwise free what
 * they no longer need into an arena of each thread, where it stays: 7 MB (`npm run bench -- --only memory`). And glibc otherwise
 * takes the largest block that was ever freed for one that will be wanted again, and keeps as much of what the start took: a
 * bound that is said stays where it is. The package's `aurora` says the same.
 */
export const gatewayEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "65536",
  MALLOC_TRIM_THRESHOLD_: "65536",
};

/** Longest wait for the rest of what a daemon said before it ended. */
const pipeGraceMs = 1000;

/** Forks `aurora <args>`; runs from source (through tsx) when this file does. */
export function startChildDaemon(options: ChildDaemonOptions): ChildDaemon {
  const fromSource = import.meta.filename.endsWith(".ts");
  const entry = join(dirname(import.meta.dirname), fromSource ? "main.ts" : "main.js");
  const child = fork(entry, options.args, {
    execArgv: [...daemonNodeOptions, ...(fromSource ? ["--import", "tsx"] : [])],
    env: { ...process.env, ...(options.args[0] === "gateway" ? gatewayEnvironment : {}) },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A process group of its own: Ctrl-C reaches only the parent, which stops the daemons in order.
    detached: true,
  });
  return watchDaemon(child, options);
}

/** Follows a process that was forked with pipes for its output; once it has ended, `onLog` is not called any more. */
export function watchDaemon(child: ChildProcess, options: ChildDaemonOptions): ChildDaemon {
  let lastWords = "";
  const listen = (chunk: Buffer): void => {
    lastWords = (lastWords + chunk.toString()).slice(-2000);
    options.onLog(chunk);
  };
  child.stderr?.on("data", listen);
  child.stdout?.on("data", listen);
  const gone = new Promise<string>((resolve) => {
    // `exit` comes while the pipes may still hold what it said last; `close` comes after that was read.
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once("error", (error) => resolve(error.message));
    child.once("exit", () => closePipes(child));
  });
  const overdue = setTimeout(() => child.kill("SIGKILL"), options.readyTimeoutMs);
  const ready = Promise.race([
    new Promise<ReadyMessage>((resolve) => {
      child.on("message", (message) => {
        if (isReadyMessage(message)) resolve(message);
      });
    }),
    gone.then((how): never => {
      throw notStarted(options, how, lastWords);
    }),
  ]).finally(() => clearTimeout(overdue));
  // Whoever stops the daemon first does not ask any more whether it became ready.
  ready.catch(() => {});
  return {
    ready,
    ended: gone.then((how) => `${how}\n${lastWords.trim()}`),
    stop: async (graceMs) => {
      child.kill("SIGTERM");
      const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await gone;
      clearTimeout(kill);
    },
  };
}

/** A process of the daemon's own that outlives it may hold its pipes open: they are not waited for any longer. */
function closePipes(child: ChildProcess): void {
  const close = setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, pipeGraceMs);
  child.once("close", () => clearTimeout(close));
}

function notStarted(options: ChildDaemonOptions, how: string, lastWords: string): AuroraError {
  const late = how === "SIGKILL" ? ` after ${options.readyTimeoutMs} ms` : "";
  return new AuroraError(
    "PROCESS",
    `aurora ${options.args[0]} ended (${how}${late}) before it was ready\n${withoutRoutine(lastWords)}`,
    {
      op: "start daemon",
      subject: options.args.join(" "),
      hint: "The lines above are the daemon's own last words.",
    },
  );
}

/** Why it ended, without the log's records of what went well. */
function withoutRoutine(lastWords: string): string {
  return lastWords
    .split("\n")
    .filter((line) => !line.startsWith('{"level":"info"'))
    .join("\n")
    .trim();
}
