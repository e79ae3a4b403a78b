/**
 * Real servers of S3 on loopback, each a process of its own that may be killed: s3rver, which the tests bring along, and rclone where it
 * is installed. Both hold every request against its signature.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { findFreePort } from "./free-port.ts";
import { endChild } from "./has-ended.ts";
import { untilListening } from "./until-listening.ts";

export interface S3Server {
  readonly port: number;
  /** As the configuration of a collector names it: `evidence.s3`. */
  readonly settings: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly accessKeyIdFile: string;
    readonly secretAccessKeyFile: string;
  };
  /** Folder that its bucket is kept in. */
  readonly dir: string;
  /** As a power cut would. */
  kill(): Promise<void>;
  /** On the same port, with what was stored. */
  start(): Promise<void>;
  /** Kills and tidies up. */
  close(): Promise<void>;
}

/** Programs by name, with what starts them. */
const root = new URL("../..", import.meta.url).pathname;
const serve = `
  const S3rver = require("@20minutes/s3rver");
  const [directory, port] = process.argv.slice(1);
  const configureBuckets = [{ name: "evidence" }];
  new S3rver({ address: "127.0.0.1", port: Number(port), silent: true, directory, configureBuckets }).run();
`;
const programs = {
  s3rver: (dir: string, port: number): ChildProcess =>
    spawn(process.execPath, ["-e", serve, dir, String(port)], { cwd: root, stdio: "ignore" }),
  rclone: (dir: string, port: number): ChildProcess =>
    spawn(
      "rclone",
      [
        "serve",
        "s3",
        "--addr",
        `127.0.0.1:${port}`,
        "--auth-key",
        "S3RVER,S3RVER",
        "--vfs-cache-mode",
        "off",
        dir,
      ],
      { stdio: "ignore" },
    ),
} as const;

export type S3Program = keyof typeof programs;

/** Is an rclone installed that serves S3 (1.65 or later)? Tests that need it are skipped by name otherwise. */
export const hasRclone: boolean = canServe();

function canServe(): boolean {
  try {
    return execFileSync("rclone", ["serve", "s3", "--help"], { stdio: "pipe" }).includes("--auth-key");
  } catch {
    return false; // not installed, or too old to know it
  }
}

/** Starts one with an empty bucket named `evidence`. */
export async function startS3Server(program: S3Program = "s3rver"): Promise<S3Server> {
  const scratch = createScratchFolder("s3");
  const dir = join(scratch.path, "data", "evidence");
  mkdirSync(dir, { recursive: true });
  const port = await findFreePort();
  const accessKeyIdFile = join(scratch.path, "id");
  const secretAccessKeyFile = join(scratch.path, "secret");
  for (const file of [accessKeyIdFile, secretAccessKeyFile]) writeFileSync(file, "S3RVER\n", { mode: 0o600 });
  let child: ChildProcess | null = null;
  const server: S3Server = {
    port,
    settings: {
      endpoint: `http://127.0.0.1:${port}`,
      bucket: "evidence",
      accessKeyIdFile,
      secretAccessKeyFile,
    },
    dir,
    kill: async () => {
      if (child !== null) await endChild(child, "SIGKILL");
      child = null;
    },
    start: async () => {
      child = endWithProcess(programs[program](join(scratch.path, "data"), port));
      await untilListening(port, program);
    },
    close: async () => {
      await server.kill();
      scratch.remove();
    },
  };
  await server.start();
  return server;
}
