/** Rules for the line to a device: nothing comes of it, or not what was sent. */
import type { DeviceFacts, DiagnosisFinding, DiagnosisVerdict } from "./device-facts.ts";
import { sayShare } from "./diagnosis-words.ts";
import { unheardLimits } from "./find-unheard.ts";

/** Thresholds of these rules. */
export const lineLimits = {
  contactMs: 15_000,
  /** Of frames, before it is more than a mishap. */
  frameShare: 0.01,
  leastFrames: 5,
  /** A frame that was damaged leaves a number out. Where fewer numbers than this share are missing, most of what was damaged was no frame. */
  lostShareOfDamaged: 0.5,
} as const;

/** The device is not heard, and the gateway has what it needs to hear it. */
export function findNoContact({ contact, recent, isOverMqtt }: DeviceFacts): DiagnosisVerdict {
  const { state, reason, hint, forMs, refusal } = contact;
  if (refusal !== null || state === "established" || state === "refused") return null;
  if (state === "closed" || state === "no-broker" || forMs < lineLimits.contactMs) return undefined;
  if (hint === "" && !isOverMqtt && recent.bytes.isHabit && recent.frames.count === 0)
    return {
      text: "bytes come, but none is a frame",
      cure: "Is `baud` of the configuration the rate of the firmware? Or does another program use this port (a login console, ModemManager)? `fuser PORT` names it, and `systemctl disable --now serial-getty@NAME` ends a console (ttyS0, for example). Over TCP check the address in `connect`. Else check its power and its line.",
    };
  const why = state === "connecting" ? reason : `the line is open, but no device says hello (${reason})`;
  return {
    text: `nothing is heard of it: ${why}`,
    cure:
      hint === "" ? "Check its power, its line, and the address in `connect` of the configuration." : hint,
  };
}

/** What comes between two delimiters is no frame. */
export function findDamaged({ recent, returns, isOverMqtt }: DeviceFacts): DiagnosisVerdict {
  const { frames, damaged, lost } = recent;
  if (returns > 0) return null;
  const isBetween = !isOverMqtt && lost.count < lineLimits.lostShareOfDamaged * damaged.count;
  return judgeFrames(frames.count + damaged.count, damaged, (share) =>
    isBetween
      ? {
          text: "something that is no frame comes between the frames",
          cure: "The firmware's console, or another program, writes on this line: give it another one. If nothing does, check baud rate and ground.",
        }
      : {
          text: `${sayShare(share)} of the frames arrive damaged`,
          cure: "Check baud rate, ground and length of the line; use a shielded cable or a lower rate.",
        },
  );
}

/** Numbers are left out. */
export function findLost({ recent, returns, contact }: DeviceFacts): DiagnosisVerdict {
  const { frames, lost, late, damaged } = recent;
  // A connection that is ended takes what is on its way with it.
  if (returns > 0 || contact.endsInMinute >= unheardLimits.endsInMinute - 1) return null;
  // What came late or damaged has a name of its own.
  const count = lost.count - late.count - damaged.count;
  return judgeFrames(frames.count + count, { ...lost, count }, (share) => ({
    text: `${sayShare(share)} of the frames never arrive`,
    cure: "The line or a buffer is too small for what is sent: check its rate, or use a faster line.",
  }));
}

/** Are there too many bad ones? @param frames all of which `bad` ones are a part */
export function judgeFrames(
  frames: number,
  bad: { readonly count: number; readonly isHabit: boolean },
  describe: (share: number) => DiagnosisFinding,
): DiagnosisVerdict {
  if (frames === 0) return undefined;
  const share = bad.count / frames;
  const isOften = bad.isHabit && bad.count >= lineLimits.leastFrames && share >= lineLimits.frameShare;
  return isOften ? describe(share) : null;
}
