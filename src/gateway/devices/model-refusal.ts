/** When a model that a device would not have, or went back from, is given to it again. A pure rule; `src/adr/0020-a-key-a-device.md`. */
import { findModelReason } from "../../../firmware-bridge/model/model-reasons.ts";
import type { HelloMessage } from "../../core/contract/device/device-message.ts";
import { hourMs, minuteMs } from "../../core/maths/durations.ts";

/** A push that cost the device's flash nothing is tried again this much later, if the device is in contact. */
export const retryMs: number = 5 * minuteMs;
/** One for which it erased a slot: at most 24 times a day, so that 10,000 erasures last for a year. */
const eraseRetryMs = hourMs;

type Boot = Pick<HelloMessage, "sessionId" | "firmware">;

/** What a device refused, or went back from. */
export interface ModelRefusal {
  /** Of the image. */
  readonly sha256: string;
  /** It may be otherwise the next time, with nothing changed. */
  readonly passes: boolean;
  /** The boot that refused it; undefined: it was out of contact by then. */
  readonly boot: Boot | undefined;
  readonly restMs: number;
  /** It was so long ago. */
  isRested: boolean;
}

/** A refusal of just now. */
export function createRefusal(sha256: string, deviceReason: number, boot: Boot | undefined): ModelRefusal {
  const { passes, erases } = findModelReason(deviceReason);
  return { sha256, passes, boot, restMs: erases ? eraseRetryMs : retryMs, isRested: false };
}

/** Is it too early to give the device this image again, or would that end as before? */
export function isHeldBack(
  refusal: ModelRefusal | null,
  sha256: string,
  { sessionId, firmware }: Boot,
): boolean {
  if (refusal?.sha256 !== sha256) return false;
  if (!refusal.isRested) return true;
  return !refusal.passes && refusal.boot?.sessionId === sessionId && refusal.boot.firmware === firmware;
}

/** What to do about a push that left the device without the model, and when it is tried again. @param deviceReason null: it did not answer */
export function adviseModelTrouble(deviceReason: number | null): string {
  if (deviceReason === null)
    return "Check its line, and that its firmware answers a ModelBegin (firmware-bridge/PROTOCOL.md, section 8). It is tried again every 5 min.";
  const { cure, passes, erases } = findModelReason(deviceReason);
  const rest = erases ? "1 h" : "5 min";
  return passes
    ? `${cure} It is tried again every ${rest}.`
    : `${cure} It is tried again once the device was restarted, ${rest} after the last try at the earliest; at once when the gateway starts.`;
}
