/**
 * The one door to TensorFlow: loads `@tensorflow/tfjs-node` where its native library is there, else `@tensorflow/tfjs`
 * with the WebAssembly backend on one thread (so that sums have one order and a seed gives one model), always the
 * latter with `AURORA_TENSORFLOW=wasm` in the environment. Trains nothing.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as TensorFlow from "@tensorflow/tfjs";
import { AuroraError } from "../../core/contract/aurora-error.ts";

/** The library, whichever of its packages runs. */
export type TensorLibrary = typeof TensorFlow;
/** Its types, for what trains with it. */
export type { GradSaveFunc, Optimizer, Scalar, Tensor, Tensor2D, Tensor3D, Variable } from "@tensorflow/tfjs";

interface LoadedTensorFlow {
  readonly tf: TensorLibrary;
  readonly name: "tfjs-node" | "tfjs-wasm";
  /** The packages that run, all of one version. */
  readonly packages: readonly string[];
}

/** Loads it and says which one it is. Fails with TRAINING when neither loads. */
export async function loadTensorFlow(log: (message: string) => void): Promise<LoadedTensorFlow> {
  const require = createRequire(import.meta.url);
  try {
    if (process.env.AURORA_TENSORFLOW === "wasm") throw new Error("WebAssembly is asked for");
    const tf = require("@tensorflow/tfjs-node") as TensorLibrary;
    log(`TensorFlow ${tf.version_core} runs natively (tfjs-node)`);
    return { tf, name: "tfjs-node", packages: ["@tensorflow/tfjs-node"] };
  } catch {
    // No native library here (the usual case where its download is blocked, and on Node 23 and later), or not wanted.
  }
  try {
    const tf = require("@tensorflow/tfjs") as TensorLibrary;
    const wasm = require("@tensorflow/tfjs-backend-wasm") as {
      setWasmPaths(prefix: string): void;
      setThreadsCount(threads: number): void;
    };
    const entry = require.resolve("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(join(dirname(entry), "/"));
    wasm.setThreadsCount(1);
    const restore = rememberListeners();
    const started = await tf.setBackend("wasm");
    await tf.ready();
    restore();
    if (!started) throw new Error("the wasm backend did not start");
    log(`TensorFlow ${tf.version_core} runs in WebAssembly on one thread (not in tfjs-node)`);
    return { tf, name: "tfjs-wasm", packages: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"] };
  } catch (cause) {
    throw new AuroraError("TRAINING", "TensorFlow does not load", {
      op: "load TensorFlow",
      subject: "@tensorflow/tfjs",
      hint: "run npm ci without --omit, and see the cause above",
      cause,
    });
  }
}

/**
 * Emscripten's glue listens for uncaught errors of the whole process and throws them again, with its own megabyte of
 * source as their place: what was not listening before is taken off again.
 */
function rememberListeners(): () => void {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as "exit")));
  return () => {
    for (const [index, event] of events.entries()) {
      for (const listener of process.listeners(event as "exit")) {
        if (!before[index]!.has(listener)) process.removeListener(event, listener as () => void);
      }
    }
  };
}
