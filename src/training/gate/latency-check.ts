/** How long one inference takes on this machine, with the engine that a gateway uses. Differs from run to run. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { openEngine } from "../../core/inference/open-engine.ts";
import { bundledFilesOf } from "./bundled-files.ts";
import { listBudgets } from "./device-budgets.ts";
import { answer, type GateCheck, skip } from "./gate-check.ts";

/** Inferences that are timed, after as many to warm up. */
const timed = 2000;

/**
 * Times single windows. The median is judged: a bundle must not fail because something else ran on the machine.
 * Devices other than a gateway are judged by the cycle model in the size check.
 */
export async function checkLatency(bundle: Bundle, against: Bundle | null = null): Promise<GateCheck> {
  const budget = listBudgets(bundle, against).find(({ device }) => device === "gateway");
  if (budget === undefined) return skip("latency-budget", "the manifest states no budget for a gateway");
  const { engine } = await openEngine(bundledFilesOf(bundle, bundleFileNames.model), { prefer: "auto" });
  try {
    const row = new Float32Array(engine.inputs);
    const micros: number[] = [];
    for (let run = 0; run < 2 * timed; run++) {
      const start = performance.now();
      await engine.run(row, 1);
      if (run >= timed) micros.push(1000 * (performance.now() - start));
    }
    micros.sort((a, b) => a - b);
    const at = (share: number): number => micros[Math.floor(share * (micros.length - 1))]!;
    const [median, p95] = [at(0.5), at(0.95)];
    const limit = budget.maxInferenceMicroseconds;
    return {
      ...answer(
        "latency-budget",
        median <= limit,
        { engine: engine.kind, medianMicroseconds: median, p95Microseconds: p95 },
        { medianMicroseconds: limit },
        `one window takes ${median.toFixed(1)} µs (p95 ${p95.toFixed(1)}) with the ${engine.kind} engine, ${limit} are allowed`,
      ),
      volatile: true,
    };
  } finally {
    await engine.close();
  }
}
