/** What somebody found at a machine, beside what the model had said of it. Decides nothing. */
import type { Decision } from "../../core/contract/prediction.ts";
import { vibrationLevelMode } from "../../core/decision/choose-alarm.ts";
import type { ModelOutcome } from "../../core/drift/outcome-event.ts";

/** The risk is that of the model's likeliest failure mode; null: it is not known. That a machine is loud is not the model's word. */
export function composeOutcome(said: Pick<Decision, "model" | "modes">, isFault: boolean): ModelOutcome {
  const modes = said.modes.filter(({ failureMode }) => failureMode !== vibrationLevelMode);
  const risks = modes.flatMap(({ risk }) => (typeof risk === "number" ? [risk] : []));
  return {
    modelDigest: said.model.digest,
    raised: modes.some(({ active }) => active),
    risk: risks.length === 0 ? null : Math.max(...risks),
    isFault,
  };
}
