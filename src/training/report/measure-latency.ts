/** Times one window through each network, on this machine, for the report alone: no clock reaches a bundle. */
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { createIntegerKernel } from "../../core/inference/integer-engine.ts";
import { encodeStudent } from "../../core/inference/onnx-codec.ts";
import { openEngine } from "../../core/inference/open-engine.ts";
import { runDense } from "../learn/tied-network.ts";
import type { ReportStep } from "./report-parts.ts";

/** Median microseconds a window; null where it does not run so. */
export interface StepLatency {
  /** In plain TypeScript: floats for float networks, integers for int8. */
  readonly typescript: number | null;
  /** In ONNX Runtime, the way a gateway runs int8. */
  readonly onnx: number | null;
}

const runs = 400;

/** Times what the step names. */
export async function measureStep(step: ReportStep): Promise<StepLatency> {
  const { timed } = step;
  if (timed === undefined) return { typescript: null, onnx: null };
  if (isQuantised(timed)) {
    const kernel = createIntegerKernel(timed);
    const row = new Float32Array(timed.layers[0]!.inputs);
    const out = new Uint8Array(kernel.outputs);
    const typescript = await time(() => kernel.runInto(row, 1, out));
    const { engine } = await openEngine(encodeStudent(timed), { prefer: "auto" });
    try {
      return { typescript, onnx: engine.kind === "onnx" ? await time(() => engine.run(row, 1)) : null };
    } finally {
      await engine.close();
    }
  }
  const row = new Float32Array(timed[0]?.[0]?.inputs ?? 0);
  const typescript = await time(() => {
    for (const network of timed) runDense(network, row, 1);
  });
  return { typescript, onnx: null };
}

function isQuantised(timed: NonNullable<ReportStep["timed"]>): timed is QuantisedMlp {
  return "layers" in timed;
}

async function time(run: () => unknown): Promise<number> {
  const micros: number[] = [];
  for (let each = 0; each < 2 * runs; each++) {
    const start = performance.now();
    await run();
    if (each >= runs) micros.push(1000 * (performance.now() - start));
  }
  return micros.sort((a, b) => a - b)[runs >> 1]!;
}
