/**
 * The one door to onnxruntime-node. Loads it only when an engine is wanted, so that a machine without the native
 * library still runs the integer engine; hands it only graphs that our own codec wrote, never a file's bytes.
 */

import type * as Onnx from "onnxruntime-node";
import { AuroraError } from "../contract/aurora-error.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { decodeStudent, encodeStudent, studentInputName, studentOutputName } from "./onnx-codec.ts";
import {
  createProbeInput,
  encodeProbe,
  probeInputName,
  probeOutputName,
  probeShape,
  readProbeSums,
  type SaturationProbe,
} from "./saturation-probe.ts";
import type { StudentEngine } from "./student-engine.ts";

/** The native library, as far as it is used. */
export type OnnxRuntime = Pick<typeof Onnx, "InferenceSession" | "Tensor">;

export interface OnnxEngineOptions {
  /** Loads the native library; a test passes one that fails. */
  readonly loadRuntime?: () => Promise<OnnxRuntime>;
}

const sessionOptions: Onnx.InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  // A student is far too small to be worth a second thread, and a gateway's cores have other work.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  // With less the QDQ graph is not fused into integer kernels, and some in 10,000 outputs differ from the definition.
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
};

/**
 * Opens a student in ONNX Runtime. Rejects with INFERENCE when the bytes are not a student, the native library does
 * not load, or it adds 7-bit products wrongly on this CPU.
 */
export async function createOnnxEngine(
  bytes: Uint8Array,
  options: OnnxEngineOptions = {},
): Promise<StudentEngine> {
  const mlp = decodeStudent(bytes);
  const runtime = await loadRuntime(options.loadRuntime ?? importRuntime);
  const probe = await probeRuntime(runtime);
  if (!probe.sevenBitExact) {
    throw new AuroraError("INFERENCE", "ONNX Runtime adds 7-bit products wrongly on this CPU", {
      op: "open model",
      hint: "the integer engine serves instead when the engine is set to auto",
    });
  }
  const session = await guard("open model", () =>
    runtime.InferenceSession.create(encodeStudent(mlp), sessionOptions),
  );
  const { inputs } = mlp.layers[0]!;
  const { outputs, outputScale, outputZeroPoint } = mlp.layers[mlp.layers.length - 1]!;
  return {
    kind: "onnx",
    inputs,
    outputs,
    outputScale,
    outputZeroPoint,
    run: async (standardised, rows) => {
      if (rows === 0) return new Uint8Array(0);
      const size = rows * inputs;
      const values = standardised.length === size ? standardised : standardised.subarray(0, size);
      const results = await guard("run model", () =>
        session.run({ [studentInputName]: new runtime.Tensor("float32", values, [rows, inputs]) }),
      );
      return results[studentOutputName]!.data as Uint8Array;
    },
    close: () => guard("close model", () => session.release()),
  };
}

const probes = new WeakMap<OnnxRuntime, Promise<SaturationProbe>>();

/** What this CPU's kernels do with 7- and 8-bit weights; measured once a process. Rejects with INFERENCE. */
export function probeRuntime(runtime: OnnxRuntime): Promise<SaturationProbe> {
  return findOrMake(probes, runtime, () => guard("probe the CPU", () => measureSaturation(runtime)));
}

export async function importRuntime(): Promise<OnnxRuntime> {
  // From 1.30 on the native library tells its vendor about sessions and leaves files in the temporary folder. A gateway
  // connects only to what its operator named; the variable is read when the library is loaded.
  process.env.ORT_DISABLE_TELEMETRY = "1";
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  runtimeOnce ??= { InferenceSession, Tensor };
  return runtimeOnce;
}

let runtimeOnce: OnnxRuntime | undefined;

async function measureSaturation(runtime: OnnxRuntime): Promise<SaturationProbe> {
  const session = await runtime.InferenceSession.create(encodeProbe(), sessionOptions);
  try {
    const input = new runtime.Tensor("uint8", createProbeInput(), probeShape);
    const results = await session.run({ [probeInputName]: input });
    return readProbeSums(results[probeOutputName]!.data as Int32Array);
  } finally {
    await session.release();
  }
}

async function loadRuntime(load: () => Promise<OnnxRuntime>): Promise<OnnxRuntime> {
  try {
    return await load();
  } catch (cause) {
    throw new AuroraError("INFERENCE", "the native library of ONNX Runtime does not load on this machine", {
      op: "open model",
      subject: "onnxruntime-node",
      hint: "the integer engine needs no native library: set the engine to auto or integer",
      cause,
    });
  }
}

async function guard<T>(op: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AuroraError("INFERENCE", `ONNX Runtime failed: ${message}`, { op, cause });
  }
}
