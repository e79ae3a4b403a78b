/**
 * Reads all verdicts of a period together and says of each that moved what moved it: one sensor, one turbine, one site, the
 * fleet, or that it is not known. A cause is a reading of numbers, not a finding on the machine: what speaks against it stands
 * beside it.
 */
import type { DriftVerdict } from "../contract/drift-verdict.ts";
import { finishSteps, type Steps } from "../maths/steps.ts";
import { explainCause } from "./explain-cause.ts";
import { type DriftFleet, viewFleet } from "./fleet-view.ts";
import { placeDrift } from "./place-drift.ts";
import { createVerdictReader, type ReadVerdict } from "./read-verdicts.ts";

/**
 * The same verdicts in the same order; every warning and drift has a cause, every other one none.
 * @param verdicts of one period
 */
export function findCauses(verdicts: readonly DriftVerdict[], fleet: DriftFleet): readonly DriftVerdict[] {
  return finishSteps(findCausesByStep(verdicts, fleet));
}

/** As {@link findCauses}, for who has other work to do between two steps. A step takes a millisecond or so at a thousand points. */
export function* findCausesByStep(
  verdicts: readonly DriftVerdict[],
  fleet: DriftFleet,
): Steps<readonly DriftVerdict[]> {
  const readVerdict = createVerdictReader();
  const read: ReadVerdict[] = [];
  for (const verdict of verdicts) {
    read.push(readVerdict(verdict));
    yield;
  }
  const view = yield* viewFleet(read, fleet);
  const caused: DriftVerdict[] = [];
  for (const own of read) {
    const cause = own.hasMoved ? explainCause(own, placeDrift(own, view), view) : null;
    caused.push({ ...own.verdict, cause });
    yield;
  }
  return caused;
}
