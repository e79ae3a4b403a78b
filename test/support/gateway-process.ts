/** A real gateway, or collector, as a process of its own, which may be killed at any moment. Depends on no test runner. */
import { type ChildProcess, fork } from "node:child_process";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { isReadyMessage } from "../../src/core/platform/daemon/run-daemon.ts";
import { compiledCommand } from "./compiled.ts";
import { endChild } from "./has-ended.ts";

export interface GatewayProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it has logged. */
  log(): string;
  /** A page of its HTTP server, as text. */
  read(path: string): Promise<string>;
  /** `/status`. */
  status(): Promise<Record<string, unknown>>;
  /** As a power cut would, but for what the kernel still holds. Resolves when it is gone. */
  kill(): Promise<void>;
  /** As `systemctl stop` does. */
  stop(): Promise<void>;
}

/** Starts `aurora gateway`, or another daemon; resolves when it is ready, rejects with its log when it ends before. */
export async function startGatewayProcess(
  configPath: string,
  daemon: "gateway" | "collector" = "gateway",
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const child = endWithProcess(
    fork(compiledCommand(), [daemon, "--config", configPath], {
      env: { ...process.env, NO_COLOR: "1", ...environment },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    }),
  );
  let log = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
  }
  const url = await new Promise<string>((resolve, reject) => {
    child.on("message", (message) => {
      if (isReadyMessage(message)) resolve(message.httpUrl);
    });
    child.once("exit", (code) => reject(new Error(`the ${daemon} ended with ${code}: ${log}`)));
  });
  const read = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
  return {
    url,
    child,
    log: () => log,
    read,
    status: async () => JSON.parse(await read("/status")) as Record<string, unknown>,
    kill: () => endChild(child, "SIGKILL"),
    stop: () => endChild(child, "SIGTERM"),
  };
}
