/** A daemon of the house as a process of its own, which may be killed at any moment, also while it starts or stops. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { daemonNodeOptions } from "../../src/cli/demo/child-daemon.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { isReadyMessage, type ReadyMessage } from "../../src/core/platform/daemon/run-daemon.ts";
import { endChild } from "../../test/support/has-ended.ts";

export interface DaemonPlan {
  /** The program of `aurora`. */
  readonly command: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Further options of Node, for example to load something first. */
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with every line that it logs. */
  readonly onLine?: (line: string) => void;
}

/** A daemon that is started again and again. */
export interface DaemonProcess {
  /** Starts it; resolves when it is ready. Rejects with its last words when it ends before. */
  start(): Promise<ReadyMessage>;
  /** Starts it and does not wait. */
  spawn(): void;
  /** SIGKILL; resolves when it is gone. Nothing where it does not run. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGTERM, which is not waited for. */
  askToStop(): void;
  readonly isRunning: boolean;
  /** Runs begun so far. */
  readonly runs: number;
  readonly pid: number | undefined;
  /** Of the run that was ready last. */
  readonly url: string;
  /** The end of what all runs have logged. */
  readonly log: string;
  /** Ends that nobody asked for. */
  readonly crashes: readonly string[];
}

/** How long what must come is waited for, ms: long, for a machine that is busy is no fault. */
export const patienceMs = 300_000;

const keptLog = 400_000;

/** Plans a daemon; nothing runs yet. */
export function createDaemonProcess(plan: DaemonPlan): DaemonProcess {
  let child: ChildProcess | null = null;
  let wanted = false;
  let runs = 0;
  let url = "";
  let log = "";
  const crashes: string[] = [];

  const listen = (stream: NodeJS.ReadableStream): void => {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-keptLog);
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) plan.onLine?.(line);
    });
  };
  const spawn = (): ChildProcess => {
    const started = endWithProcess(
      fork(plan.command, plan.args, {
        execArgv: [...daemonNodeOptions, ...(plan.nodeOptions ?? [])],
        env: { ...process.env, NO_COLOR: "1", ...plan.environment },
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      }),
    );
    wanted = true;
    runs += 1;
    child = started;
    listen(started.stdout!);
    listen(started.stderr!);
    started.on("message", (message) => {
      if (isReadyMessage(message)) url = message.httpUrl;
    });
    started.once("exit", (code, signal) => {
      if (wanted && child === started)
        crashes.push(`ended by itself with ${code ?? signal}: ${log.slice(-600)}`);
      if (child === started) child = null;
    });
    return started;
  };
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    wanted = false;
    if (child !== null) await endChild(child, signal);
  };
  return {
    start: async () => {
      const started = spawn();
      const ready = new Promise<ReadyMessage>((resolve) => {
        started.on("message", (message) => {
          if (isReadyMessage(message)) resolve(message);
        });
      });
      const ended = once(started, "exit").then((): never => {
        throw new Error(`${plan.args.join(" ")} ended before it was ready: ${log.slice(-1500)}`);
      });
      const late = delay(patienceMs, undefined, { ref: false }).then((): never => {
        throw new Error(`${plan.args.join(" ")} was not ready within ${patienceMs} ms: ${log.slice(-1500)}`);
      });
      return Promise.race([ready, ended, late]);
    },
    spawn: () => void spawn(),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    askToStop: () => {
      wanted = false;
      child?.kill("SIGTERM");
    },
    get isRunning() {
      return child !== null;
    },
    get runs() {
      return runs;
    },
    get pid() {
      return child?.pid;
    },
    get url() {
      return url;
    },
    get log() {
      return log;
    },
    crashes,
  };
}
