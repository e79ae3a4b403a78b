/**
 * Which rule of the protocol a device breaks with what it sends, by what its link counts: the causes in the order in which a
 * packet meets them (its binding, its flag, its payload, its number, the index of its samples), the first one alone.
 */
import type { DiagnosisCode } from "../../core/contract/device/device-diagnosis.ts";
import type { DeviceFacts, DiagnosisFinding, RecentCount } from "./device-facts.ts";
import { sayShare } from "./diagnosis-words.ts";
import { sendsNoData } from "./find-unheard.ts";

interface BrokenRule {
  readonly finding: DiagnosisFinding;
  /** What follows from it, and is no mistake of its own. */
  readonly explains: readonly DiagnosisCode[];
}

const leastFrames = 3;
/** What a line does to a frame breaks no rule of the payload: a few of these are a habit of the firmware. */
const malformedShare = 0.01;
/** A firmware binds and flags what it sends, or forgets it: fewer come from another that sends in its place. */
const unboundShare = 0.5;
/** All but the first, and what bears no number. */
const standingShare = 0.9;

const unheard: readonly DiagnosisCode[] = [
  "no-contact",
  "not-configured",
  "hello-again",
  "silent",
  "frames-lost",
];

/** Null: none. Undefined: nothing came. */
export function findBrokenRule(facts: DeviceFacts): BrokenRule | null | undefined {
  const { contact, returns, recent, isOverMqtt, lastMalformed, malformedSince } = facts;
  const { frames, damaged, unbound, unflagged, malformed, twice, blocks, standing } = recent;
  // Nothing of a device that is turned away is expected; two of one id have two sessions.
  if (contact.refusal !== null || returns > 0) return null;
  const came = frames.count + damaged.count;
  if (came === 0) return undefined;
  if (isHabit(unbound, came, unboundShare))
    return {
      finding: {
        text: `${sayShare(unbound.count / came)} of the frames have the flag session, and are not bound to its session_id`,
        cure: `${isOverMqtt ? "Append the four bytes of its session_id" : "XOR its session_id into the check"} (another one at each boot): firmware-bridge/PROTOCOL.md, sections 1 and 6.`,
      },
      explains: [...unheard, "frames-damaged"],
    };
  if (isHabit(unflagged, came, unboundShare))
    return {
      finding: {
        text: `${sayShare(unflagged.count / came)} of the frames come without the flag session`,
        cure: "Set it, and bind the packet, on all but a Hello once the Config has it; or say protocol_minor 0: firmware-bridge/PROTOCOL.md, section 6.",
      },
      explains: unheard,
    };
  const isOften = isHabit(malformed, came, malformedShare);
  // Rare snapshots make no habit: where no data came since, what breaks a rule was all of them.
  if (isOften || (malformedSince >= leastFrames && sendsNoData(facts))) {
    const which = isOften
      ? `${sayShare(malformed.count / came)} of the frames`
      : `it sends no data, and ${malformedSince} frames since the last`;
    return {
      finding: {
        text: `${which} break the protocol: ${lastMalformed.slice(0, 300)}`,
        cure: "Hold what it sends against firmware-bridge/PROTOCOL.md, section 4, and its examples in section 9.",
      },
      explains: ["silent"],
    };
  }
  if (isHabit(twice, came, standingShare))
    return {
      finding: {
        text: "its packets all have the same number",
        cure: "Count the sequence number up by one with each packet but Ack and Nack: firmware-bridge/PROTOCOL.md, section 6.",
      },
      explains: ["silent", "frames-twice"],
    };
  if (isHabit(standing, blocks.count, standingShare))
    return {
      finding: {
        text: "first_sample of its raw windows does not advance",
        cure: "Let it count all samples of the channel since the boot: firmware-bridge/PROTOCOL.md, section 4.",
      },
      explains: ["frames-twice"],
    };
  return null;
}

/** @param all of which `bad` ones are a part */
function isHabit(bad: RecentCount, all: number, share: number): boolean {
  return bad.isHabit && bad.count >= leastFrames && bad.count >= share * all;
}
