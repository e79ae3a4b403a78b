/** The Python that a peer runs in: a virtual environment in the system's temporary folder, kept from one run to the next. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";

const run = promisify(execFile);
const packages = ["numpy", "scipy", "onnxruntime", "cobs", "protobuf", "grpcio-tools"];
const reported = /^(numpy|scipy|onnxruntime|cobs|protobuf) (\S+)$/i;
const installMs = 600_000;

/** A Python with what the peer imports. */
export interface PeerEnvironment {
  readonly python: string;
  /** Where the messages generated from `device.proto` lie. */
  readonly messages: string;
  /** Versions of Python and of what it imports. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Makes the environment, or finds it. Says in words why there is none: no Python here, or nothing to install from. */
export async function openPeerEnvironment(): Promise<PeerEnvironment | { readonly missing: string }> {
  const key = createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 8);
  const folder = join(tmpdir(), `aurora-bench-peer-${key}`);
  const python = join(folder, "bin", "python");
  try {
    if (!existsSync(join(folder, "messages"))) await install(folder);
    const { stdout } = await run(python, [
      "-c",
      "import sys, importlib.metadata as m; print('python', sys.version.split()[0])\n" +
        `for name in ${JSON.stringify(packages)}: print(name, m.version(name))`,
    ]);
    const versions: Record<string, string> = {};
    for (const line of stdout.trim().split("\n")) {
      const [, name, version] = reported.exec(line) ?? /^(python) (\S+)$/.exec(line) ?? [];
      if (name !== undefined) versions[name] = version!;
    }
    return { python, messages: join(folder, "messages"), versions };
  } catch (error) {
    const words = (error as { readonly stderr?: string }).stderr || String(error);
    return { missing: `python3 with ${packages.join(", ")}: ${words.trim().split("\n").at(-1)}` };
  }
}

/** The folder of the messages is made last and in one step: one that is there is whole. */
async function install(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await run("python3", ["-m", "venv", folder]);
  const python = join(folder, "bin", "python");
  await run(python, ["-m", "pip", "install", "--quiet", ...packages], {
    maxBuffer: 64e6,
    timeout: installMs,
  });
  const made = join(folder, "messages.new");
  await mkdir(made);
  const proto = join(packageRoot(), "firmware-bridge", "proto");
  await run(python, ["-m", "grpc_tools.protoc", `-I${proto}`, `--python_out=${made}`, "device.proto"]);
  await rename(made, join(folder, "messages"));
}
