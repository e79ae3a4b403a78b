/**
 * What people find at a point's machine, beside what the model had said of it. One inspection is one outcome, however often it is told:
 * after it the same finding is nothing new until the point is held against a reference again. Another finding corrects it as long as the
 * machine has not been heard since; else it is one of its own, beside what the model has said by then.
 */
import type { Decision } from "../../core/contract/prediction.ts";
import { vibrationLevelMode } from "../../core/decision/choose-alarm.ts";
import { findHighestRisk } from "../../core/decision/roll-up-health.ts";
import type { ModelOutcome } from "../../core/drift/outcome-event.ts";

interface ConfirmedOutcomes {
  /** A window was decided. */
  note(decision: Decision): void;
  /** Somebody has looked, and found a fault or none. */
  confirm(foundFault: boolean): void;
  /** Whether a fault was there, as was told last; null: nothing was since the point is held against its reference. */
  readonly told: boolean | null;
}

/**
 * @param lastTold as the last run left it
 * @param onOutcome what is told, and until when the model had said so, ms
 */
export function createConfirmedOutcomes(
  lastTold: boolean | null,
  onOutcome: (outcome: ModelOutcome, atMs: number) => void,
): ConfirmedOutcomes {
  /** Of the machine when it ran last; null: not in this run. */
  let said: Decision | null = null;
  let told = lastTold;
  return {
    get told() {
      return told;
    },
    note: (decision) => {
      if (decision.modes.length === 0) return;
      said = decision;
      if (isHeldAgainst(decision)) told = null;
    },
    confirm: (foundFault) => {
      // Where this run has heard no machine nobody knows what was said of it.
      if (said === null || foundFault === told) return;
      // A point that learns without an alarm has a model that says nothing, and misses nothing.
      if (!isHeldAgainst(said) && !said.modes.some(({ active }) => active)) return;
      told = foundFault;
      onOutcome(composeOutcome(said, foundFault), said.toMs);
    },
  };
}

/** Is there a reference, which alone gives a failure mode a risk while no alarm stands? */
function isHeldAgainst({ modes }: Pick<Decision, "modes">): boolean {
  return modes.some(({ active, risk }) => !active && risk !== null);
}

/**
 * What somebody found at a machine, beside what the model had said of it: the risk is that of its likeliest failure mode. That a machine
 * is loud is not the model's word.
 */
export function composeOutcome(said: Pick<Decision, "model" | "modes">, isFault: boolean): ModelOutcome {
  const modes = said.modes.filter(({ failureMode }) => failureMode !== vibrationLevelMode);
  const raised = modes.some(({ active }) => active);
  return { modelDigest: said.model.digest, raised, risk: findHighestRisk(modes), isFault };
}
