/** When a model that a device would not have, went back from, or did not take is given to it again. A pure rule; `src/adr/0020-a-key-a-device.md`. */
import type { ModelPushResult } from "../../../firmware-bridge/model/model-push-options.ts";
import { findModelReason, type ModelReason } from "../../../firmware-bridge/model/model-reasons.ts";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import { hourMs, minuteMs } from "../../core/maths/durations.ts";

/** A push that cost the device's flash nothing is tried again this much later, if the device is in contact. */
const freeRetryMs = 5 * minuteMs;
/** One for which it may have erased a slot. */
const eraseRetryMs = hourMs;
/** Rests are longer by up to this share, so that devices which were refused together do not come together again. */
const restSpread = 0.1;
/** Starts that a device does not take further, one after another, before it rests. */
export const maxStartsInVain = 3;

type Boot = Pick<HelloMessage, "sessionId" | "firmware">;

/** What a device refused, went back from, or did not take. */
export interface ModelRefusal {
  /** Of the image. */
  readonly sha256: string;
  readonly kind: RefusalKind;
  /** The boot that refused it; undefined: it was out of contact by then. */
  readonly boot: Boot | undefined;
  /** It was so long ago. */
  isRested: boolean;
}

/** What to do about a refusal, whether the next try may end otherwise with nothing changed, and whether the device may have erased a slot. */
export type RefusalKind = Pick<ModelReason, "cure" | "passes" | "erases">;

/** @param startsInVain those since the device last came further, the one that ended so among them */
export function classifyRefusal(
  { outcome, deviceReason }: Pick<ModelPushResult, "outcome" | "deviceReason">,
  startsInVain: number,
): RefusalKind {
  if (outcome !== "failed") return findModelReason(deviceReason);
  return {
    cure: "Check its line and its supply, whether it is reset while it takes the model, and that its firmware answers a ModelBegin (firmware-bridge/PROTOCOL.md, section 8).",
    passes: true,
    erases: startsInVain > 0,
  };
}

/** How long a refused image rests. @param random 0 to 1 */
export function computeRestMs({ erases }: RefusalKind, random: number): number {
  return (erases ? eraseRetryMs : freeRetryMs) * (1 + restSpread * random);
}

/** Is it too early to give the device this image again, or would that end as before? */
export function isHeldBack(
  refusal: ModelRefusal | null,
  sha256: string,
  { sessionId, firmware }: Boot,
): boolean {
  if (refusal?.sha256 !== sha256) return false;
  if (!refusal.isRested) return true;
  return !refusal.kind.passes && refusal.boot?.sessionId === sessionId && refusal.boot.firmware === firmware;
}

/** What to do about a push that left the device without the model, and when it is tried again. */
export function adviseModelTrouble({ cure, passes, erases }: RefusalKind): string {
  const rest = erases ? "1 h" : "5 min";
  return passes
    ? `${cure} It is tried again every ${rest}.`
    : `${cure} It is tried again once the device was restarted, ${rest} after the last try at the earliest; at once when the gateway starts.`;
}
