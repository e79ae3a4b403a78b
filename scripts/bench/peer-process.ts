/** The peer as a process on one core: `peer_gateway.py` beside the bench's devices. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { createScratchFolder } from "../scratch-folder.ts";
import { pinCommand } from "./bench-gateway.ts";
import type { PeerEnvironment } from "./peer-environment.ts";

/**
 * What glibc's allocator is told: to keep the memory of arrays that were freed. By its own rule it gives back what is
 * at the heap's end, and arrays of 128 kB and more at once, so that the kernel clears every page of the next one anew,
 * which takes about a third of the peer's time. Who looks at a profile of such a script sets both.
 */
const keepingFreedMemory = {
  MALLOC_MMAP_THRESHOLD_: "1073741824",
  MALLOC_TRIM_THRESHOLD_: "1073741824",
};

/** How the peer whitens: as the bundle asks, anew every block, or once a window, which is less work. */
export type PeerWhitening = "block" | "window";

/** What a run is about. */
export interface PeerJob {
  readonly environment: PeerEnvironment;
  /** Folder of the bundle. */
  readonly bundle: string;
  readonly orders: Readonly<Record<string, number>>;
  readonly samplesPerDevice: number;
  readonly whitening: PeerWhitening;
  readonly addresses: readonly string[];
}

/** What it says at its end. */
export interface PeerResult {
  readonly samples: number;
  readonly windows: number;
  readonly cpuSeconds: number;
  readonly rssMb: number;
  /** Of the first device's first window. */
  readonly firstFeatures: readonly number[];
  /** The output for each window of each device in their order, as hexadecimal bytes. */
  readonly scores: readonly (readonly string[])[];
}

/** Starts it; resolves when it is connected to every device. */
export async function startPeer(job: PeerJob): Promise<{ readonly result: Promise<PeerResult> }> {
  const scratch = createScratchFolder("bench-peer");
  const path = join(scratch.path, "job.json");
  const { environment, bundle, addresses, ...rest } = job;
  const { python, messages } = environment;
  const model = join(bundle, "model.int8.onnx");
  await writeFile(
    path,
    JSON.stringify({ messages, model, manifest: join(bundle, "manifest.json"), ...rest }),
  );
  const script = join(packageRoot(), "scripts", "bench", "peer_gateway.py");
  const { command, args } = pinCommand([python, "-B", script, path, ...addresses]);
  const env = { ...process.env, ...keepingFreedMemory };
  const child = endWithProcess(spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] }));
  let ready = (): void => {};
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const result = new Promise<PeerResult>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "ready") ready();
      else resolve(JSON.parse(line) as PeerResult);
    });
    child.once("exit", (code) => {
      scratch.remove();
      reject(new Error(`the peer ended with ${code}`));
    });
  });
  await Promise.race([isReady, result]);
  return { result };
}
