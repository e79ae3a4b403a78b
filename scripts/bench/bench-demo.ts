/** The demonstration's scenario over many seeds: what is raised, how long after the onset, and whether it stands. */
import type { WatchedWindow } from "../../src/core/decision/reference/own-reference.ts";
import { computeQuantile } from "../../src/core/maths/robust.ts";
import { planScenario } from "../../src/core/simulate/scenario.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { type BenchModel, createBenchWatch, observe } from "./alarm-scenes.ts";

const endS = 60;
const stayS = 600;

/** Prints a row for each moment at which the gateway connects, seconds into the run. */
export function benchDemo(
  bench: BenchModel,
  {
    seeds,
    phases,
    stays,
  }: { readonly seeds: number; readonly phases: readonly number[]; readonly stays: "asked" | "not asked" },
): void {
  for (const fromS of phases) {
    const seconds: number[] = [];
    const count = { right: 0, wrong: 0, missed: 0, early: 0, healthyRaised: 0, healthy: 0, stood: 0 };
    for (let seed = 0; seed < seeds; seed++) {
      const plan = planScenario(seed);
      for (let turbine = 0; turbine < 3; turbine++) {
        const simulation = createTurbineSimulation({ seed, turbines: 3, fault: plan });
        const watch = createBenchWatch(bench, 0.1);
        let raised: { readonly mode: string; readonly atS: number } | null = null;
        const take = (window: WatchedWindow): void => {
          watch.update(window);
          const [first] = watch.active;
          if (raised === null && first !== undefined)
            raised = { mode: first.failureMode, atS: window.prediction.toMs / 1000 };
        };
        const isFaulty = turbine === plan.turbine;
        const toS = endS + (isFaulty && stays === "asked" ? stayS : 0);
        observe(bench, simulation, { turbine, fromS, toS, take });
        const told = raised as { readonly mode: string; readonly atS: number } | null;
        if (!isFaulty) {
          count.healthy++;
          if (told !== null) count.healthyRaised++;
          continue;
        }
        if (told === null) count.missed++;
        else if (told.atS < plan.onsetS) count.early++;
        else if (told.mode !== plan.kind) count.wrong++;
        else count.right++;
        if (told !== null && told.atS >= plan.onsetS) seconds.push(told.atS - plan.onsetS);
        if (watch.active.length > 0) count.stood++;
      }
    }
    const [p50, p90, max] = [0.5, 0.9, 1].map((share) => computeQuantile(seconds, share).toFixed(1));
    const stood = stays === "asked" ? `; ${count.stood} stand ${stayS} s later` : "";
    process.stdout.write(
      `from ${fromS} s: ${count.right} right, ${count.wrong} another kind, ${count.missed} missed, ` +
        `${count.early} before the onset of ${seeds}; seconds p50 ${p50} p90 ${p90} max ${max}; ` +
        `healthy raised ${count.healthyRaised} of ${count.healthy}${stood}\n`,
    );
  }
}
