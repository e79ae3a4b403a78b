/**
 * The gate's questions about what a model takes: bytes, and time on a device's cycle model or on this machine. A model must
 * not fit because it gave itself more room than the active one has.
 */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { bundleFileNames, type DeviceBudget, mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import { countMultiplyAdds } from "../../core/contract/bundle/quantised-mlp.ts";
import { openEngine } from "../../core/inference/open-engine.ts";
import { bundledFilesOf, studentOf } from "../bundle/bundled-files.ts";
import { cortexM4CyclesPerMultiplyAdd } from "../bundle/create-mcu-model.ts";
import { answer, type GateCheck, skip } from "./gate-check.ts";

/** Inferences that are timed, after as many to warm up. */
const timed = 2000;

/** Multiply-adds a microsecond on a Cortex-M4 at 64 MHz. */
const cortexM4MacsPerMicrosecond = 64 / cortexM4CyclesPerMultiplyAdd;

/**
 * Does the model fit into the budgets of its device classes, and of those that the active model serves? Latency on this
 * machine is another check.
 */
export function checkSize(bundle: Bundle, against: Bundle | null = null): GateCheck {
  const student = studentOf(bundle);
  const macs = countMultiplyAdds(student);
  const rows = listBudgets(bundle, against).map((budget) => {
    const isMcu = budget.device !== "gateway";
    const name = isMcu ? mcuModelFileName : bundleFileNames.model;
    const bytes = bundle.files.get(name)?.length ?? Number.NaN;
    const microseconds = isMcu ? macs / cortexM4MacsPerMicrosecond : 0;
    const fits = bytes <= budget.maxModelBytes && microseconds <= budget.maxInferenceMicroseconds;
    return { budget, bytes, microseconds, fits };
  });
  const tooLarge = rows.filter(({ fits }) => !fits).map(({ budget }) => budget.device);
  return answer("size-budget", tooLarge.length === 0 && rows.length > 0, {
    measured: Object.fromEntries(
      rows.map(({ budget, bytes }) => [budget.device, Number.isNaN(bytes) ? null : bytes]),
    ),
    limits: Object.fromEntries(rows.map(({ budget }) => [budget.device, budget.maxModelBytes])),
    words:
      rows.length === 0
        ? "the manifest states no budget"
        : rows
            .map(
              ({ budget, bytes, microseconds }) =>
                `${budget.device} ${Number.isNaN(bytes) ? "no model" : `${bytes} of ${budget.maxModelBytes} bytes`}${microseconds > 0 ? `, ${microseconds.toFixed(0)} of ${budget.maxInferenceMicroseconds} µs by the cycle model` : ""}`,
            )
            .join("; "),
  });
}

/**
 * How long does one inference take on this machine, with the engine that a gateway uses? Differs from run to run, so the
 * answer is volatile. The median is judged: a bundle must not fail because something else ran on the machine.
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
      ...answer("latency-budget", median <= limit, {
        measured: { engine: engine.kind, medianMicroseconds: median, p95Microseconds: p95 },
        limits: { medianMicroseconds: limit },
        words: `one window takes ${median.toFixed(1)} µs (p95 ${p95.toFixed(1)}) with the ${engine.kind} engine, ${limit} are allowed`,
      }),
      volatile: true,
    };
  } finally {
    await engine.close();
  }
}

/**
 * The bundle's own budgets, none looser than the active model's, and the active model's for devices that the bundle
 * leaves out: a new model must not fit because it gave itself more room, or because it gave a device up.
 */
function listBudgets(bundle: Bundle, against: Bundle | null): readonly DeviceBudget[] {
  const own = bundle.manifest.budgets;
  const active = against?.manifest.budgets ?? [];
  const left = active.filter(({ device }) => own.every((budget) => budget.device !== device));
  return [...own, ...left].map((budget) => {
    const rival = active.find(({ device }) => device === budget.device) ?? budget;
    return {
      device: budget.device,
      maxModelBytes: Math.min(budget.maxModelBytes, rival.maxModelBytes),
      maxInferenceMicroseconds: Math.min(budget.maxInferenceMicroseconds, rival.maxInferenceMicroseconds),
    };
  });
}
