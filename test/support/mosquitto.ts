import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { endChild, hasEnded } from "./has-ended.ts";
import { untilListening } from "./until-listening.ts";

const program = "/usr/sbin/mosquitto";

/** Is the Debian package installed? Tests that need it are skipped by name otherwise. */
export const hasMosquitto: boolean = existsSync(program);

/** The plugin that refuses subscriptions (an access list of mosquitto grants them and keeps silent), where it is installed. */
export const dynamicSecurity: string | undefined = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/mosquitto_dynamic_security.so`)
  .find((path) => existsSync(path));

/** A mosquitto on loopback that anyone may use. */
export interface Mosquitto {
  readonly port: number;
  /** As a power cut would: nothing is saved, nobody is told. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Lets it read its access lists again. */
  reload(): void;
  /** Kills and tidies up. */
  close(): Promise<void>;
}

/** Starts one on `port`; `extra` are further lines of its configuration. */
export async function startMosquitto(port: number, extra: readonly string[] = []): Promise<Mosquitto> {
  const scratch = createScratchFolder("mosquitto");
  const config = join(scratch.path, "mosquitto.conf");
  writeFileSync(
    config,
    [`listener ${port} 127.0.0.1`, "allow_anonymous true", "persistence false", ...extra].join("\n"),
  );
  let child: ChildProcess | null = null;
  const broker: Mosquitto = {
    port,
    async kill() {
      if (child !== null) await endChild(child, "SIGKILL");
      child = null;
    },
    async start() {
      const started = endWithProcess(spawn(program, ["-c", config], { stdio: "ignore" }));
      child = started;
      await untilListening(port, "mosquitto");
      // Who answers may be another that has the port.
      if (hasEnded(started)) throw new Error(`mosquitto ended at its start on port ${port}`);
    },
    reload() {
      child?.kill("SIGHUP");
    },
    async close() {
      await broker.kill();
      scratch.remove();
    },
  };
  await broker.start();
  return broker;
}
