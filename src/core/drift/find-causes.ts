/**
 * Reads all verdicts of a period together and says of each that moved what moved it: one sensor, one turbine, one site, the
 * fleet, or that it is not known. A cause is a reading of numbers, not a finding on the machine: what speaks against it stands
 * beside it.
 */
import type { DriftCause, DriftVerdict } from "../contract/drift-verdict.ts";
import { explainCause } from "./explain-cause.ts";
import { type DriftFleet, placeDrift, readVerdicts, viewFleet } from "./place-drift.ts";

/**
 * The same verdicts in the same order; every warning and drift has a cause, every other one none.
 * @param verdicts of one period
 */
export function findCauses(verdicts: readonly DriftVerdict[], fleet: DriftFleet): readonly DriftVerdict[] {
  const read = readVerdicts(verdicts);
  const view = viewFleet(read);
  return read.map((own): DriftVerdict => {
    const cause: DriftCause | null = own.hasMoved
      ? explainCause(own, placeDrift(own, view, fleet), fleet)
      : null;
    return { ...own.verdict, cause };
  });
}
