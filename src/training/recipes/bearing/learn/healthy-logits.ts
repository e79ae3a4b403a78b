/**
 * How a student's raw logits lie on healthy machines that it did not learn from: what a gateway holds a machine against
 * as long as it knows nothing of it (`core/decision/fast-lane.ts`). One scale for all failure modes.
 */
import type { HealthyLogits } from "../../../../core/contract/bundle/baseline-spec.ts";
import { computeMedian, computeQuantile } from "../../../../core/maths/robust.ts";
import type { ScoredSet } from "../../../judge/scored-set.ts";

/** Share of machines and modes that lie below what the deviation from machine to machine reaches, and its deviate. */
const reachShare = 0.975;
const reachDeviate = 1.96;
/**
 * Least deviation from machine to machine, of that of a window: rigs in a laboratory are more alike than machines in the
 * field. Chosen on the healthy hours of four bearings on another rig, one of which lies 3 deviations out and must stay quiet.
 */
const leastMachines = 1.5;
/** Recordings of seconds do not show how a machine wanders over hours: taken as this share of a window's deviation. */
const wanderShare = 0.9;
/** The slice of invented recordings that hear a faulty neighbour (`invented-rows.ts`). */
const neighbourLabel = "neighbour";
/** Windows of a recording whose deviation counts. */
const fewestWindows = 4;

/**
 * Measures on the healthy recordings of `sets`, each scored by a student that had not seen it.
 * @throws RangeError when none of them is healthy, or none has four windows.
 */
export function measureHealthyLogits(sets: readonly ScoredSet[]): HealthyLogits {
  const means: number[] = [];
  const deviations: number[] = [];
  for (const { outputs, scores, signals } of sets) {
    let at = 0;
    for (const { truth, rows, slices } of signals) {
      const own = scores.int8!.subarray(at * outputs, (at + rows) * outputs);
      at += rows;
      // A machine whose neighbour fails is no healthy machine.
      if (truth !== null || rows === 0 || slices.recording === neighbourLabel) continue;
      for (let output = 0; output < outputs; output++) {
        const column = Array.from({ length: rows }, (_, row) => own[row * outputs + output]!);
        const mean = column.reduce((sum, value) => sum + value, 0) / rows;
        means.push(mean);
        if (rows < fewestWindows) continue;
        const squares = column.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        deviations.push(Math.sqrt(squares / (rows - 1)));
      }
    }
  }
  if (means.length === 0 || deviations.length === 0) {
    throw new RangeError("no healthy recording of four windows says how healthy logits lie");
  }
  const location = computeMedian(means);
  const window = computeMedian(deviations);
  const machine = Math.max(
    (computeQuantile(means, reachShare) - location) / reachDeviate,
    leastMachines * window,
  );
  return { location, machine, window, wander: wanderShare * window };
}
