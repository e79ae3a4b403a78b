/**
 * The words of an update: its states, the events that move it, the effects that it asks for. What leads where stands
 * in `step-update.ts`.
 */
import type { UpdateRecord } from "../../core/contract/uplink-record.ts";
import type { SlotName } from "../../core/serving/slots.ts";
import type { CheckedBundle } from "./check-bundle.ts";
import type { FailureClass } from "./classify-failure.ts";
import type { JournalState, PendingUpdate } from "./journal.ts";
import type { ProofReport } from "./proof-message.ts";
import type { OfferedTarget } from "./tuf-client.ts";

/** What came of a look. */
export type LookOutcome =
  | { readonly kind: "current" }
  | { readonly kind: "activated"; readonly version: string; readonly slotDir: string }
  /** The repository cannot be reached, or not all of the update could be fetched. */
  | { readonly kind: "unreachable"; readonly reason: string }
  /** Not taken; `final` says that it is not tried again. `version` is null when the metadata itself is refused. */
  | {
      readonly kind: "refused";
      readonly version: string | null;
      readonly reason: string;
      readonly final: boolean;
    };

/** The bundle that serves when a look begins. */
export interface ServingBundle {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** The slot that it serves from; null for the shipped one. */
  readonly slot: SlotName | null;
}

/** Where a bundle was staged. */
export interface StagedSlot {
  readonly slot: SlotName;
  readonly dir: string;
}

/** What was told last, so that the same trouble is told once and not at every look. */
interface ToldReasons {
  readonly accident: string | null;
  readonly metadata: string | null;
}

/** What holds for the whole of a look. */
export interface LookContext {
  readonly told: ToldReasons;
  readonly serving: ServingBundle;
  readonly runtimeVersion: string;
  /** Proofs begun before an update is given up. */
  readonly maxAttempts: number;
  readonly refused: JournalState["refused"];
  readonly isDoubtful: boolean;
}

/** An update under way in a look. */
export interface UnderWay {
  readonly look: LookContext;
  readonly update: PendingUpdate;
}

/** … whose tar is the signed bundle. */
interface Checked extends UnderWay {
  readonly checked: CheckedBundle;
}

/** … which is in a slot. */
interface Staged extends Checked {
  readonly place: StagedSlot;
}

/** How far a look has come; each name is of the step that was completed last. */
export type UpdateState =
  | { readonly kind: "resting"; readonly told: ToldReasons }
  | { readonly kind: "looking"; readonly look: LookContext; readonly pending: PendingUpdate | null }
  | ({ readonly kind: "found" } & UnderWay)
  | ({ readonly kind: "fetched" } & UnderWay)
  | ({ readonly kind: "verified" } & Checked)
  | ({ readonly kind: "staged" } & Staged)
  | ({ readonly kind: "proved" } & Staged)
  | ({ readonly kind: "served" } & Staged);

/** What happens to an update. */
export type UpdateEvent =
  | ({ readonly kind: "look"; readonly journal: JournalState } & Omit<
      LookContext,
      "told" | "refused" | "isDoubtful"
    >)
  | { readonly kind: "offered"; readonly targets: readonly OfferedTarget[] }
  /** The signed metadata is expired, rolled back, forged … */
  | { readonly kind: "metadata-refused"; readonly reason: string }
  | { readonly kind: "metadata-missing"; readonly reason: string }
  | { readonly kind: "fetched"; readonly tar: Uint8Array }
  | { readonly kind: "verified"; readonly checked: CheckedBundle }
  | { readonly kind: "staged"; readonly place: StagedSlot }
  | { readonly kind: "proved"; readonly report: ProofReport }
  /** Windows go to the new bundle; after a restart it is still the old one's turn. */
  | { readonly kind: "served" }
  | { readonly kind: "activated" }
  | {
      readonly kind: "failed";
      readonly failure: FailureClass;
      readonly reason: string;
      /** What a device sends that is in its way; absent: nothing is. */
      readonly sent?: string;
    }
  /** The look broke off by an error that says nothing about the update. */
  | { readonly kind: "interrupted" };

/** What is to be done. The first four answer nothing; each of the others is the last of its row. */
export type UpdateEffect =
  | { readonly kind: "report"; readonly record: Omit<UpdateRecord, "kind" | "timeMs"> }
  | { readonly kind: "save"; readonly journal: JournalState }
  | { readonly kind: "discard-downloads" }
  | { readonly kind: "mend-pointer"; readonly slot: SlotName; readonly digest: string }
  | { readonly kind: "read-metadata" }
  | { readonly kind: "fetch"; readonly target: OfferedTarget }
  | { readonly kind: "verify"; readonly target: OfferedTarget; readonly tar: Uint8Array }
  | { readonly kind: "stage"; readonly checked: CheckedBundle }
  | { readonly kind: "prove"; readonly checked: CheckedBundle; readonly place: StagedSlot }
  | { readonly kind: "serve"; readonly checked: CheckedBundle; readonly place: StagedSlot }
  | { readonly kind: "activate"; readonly slot: SlotName; readonly digest: string }
  | { readonly kind: "rest"; readonly outcome: LookOutcome };
