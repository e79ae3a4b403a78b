/** Rules for a device that sends or scores nothing although it may, and for one whose connection does not last. */
import type { DeviceFacts, DiagnosisVerdict } from "./device-facts.ts";

/** Thresholds of these rules. */
export const unheardLimits = {
  /** A push begins as soon as the device took its configuration. */
  noModelMs: 15_000,
  noScoresMs: 45_000,
  silentMs: 45_000,
  /** Of a device that sends snapshots, in pauses as they usually are. */
  silentPauses: 3,
  endsInMinute: 3,
} as const;

/** A device that shall infer, and has nothing to infer with. */
export function findNoModel(facts: DeviceFacts): DiagnosisVerdict {
  const { contact, model, modelTrouble, hasScored } = facts;
  if (!facts.infersItself || hasScored === true || typeof model.runs === "string") return null;
  if (!isWellInContact(facts) || model.runs === undefined) return undefined;
  // What went wrong with a push has a name of its own.
  if (model.isPushed || modelTrouble !== null) return null;
  if (contact.forMs < unheardLimits.noModelMs) return null;
  return {
    text: "has no model, and in mode edge sends nothing but its scores",
    cure: model.hasKey
      ? "Its bundle has no image for microcontrollers (the gateway's log says why none is pushed): use one that has, or mode raw."
      : "Give the device a `keyFile` in the gateway's configuration, so that the model is pushed, or flash it with an image (`aurora device image`); or use mode raw.",
  };
}

/** A device that shall infer and has never scored, of a machine whose speed was stated because nobody measures it. */
export function findNoScores(facts: DeviceFacts): DiagnosisVerdict {
  const { contact, model, hasScored, tellsSpeed } = facts;
  // One that says its speed may stand, and of one that does not count its scores nobody knows.
  if (tellsSpeed || hasScored !== false) return null;
  if (!facts.infersItself || !model.statesSpeed || model.runs === null) return null;
  if (!isWellInContact(facts) || model.runs === undefined) return undefined;
  if (contact.forMs < unheardLimits.noScoresMs) return null;
  return {
    text: "is in contact and has a model, and has never sent a score; `shaftRpm` of its measuring point is not used in mode edge",
    cure: "Unless its machine stands: it scores nothing without the shaft's speed. Give the device a tachometer, or use mode raw.",
  };
}

/** It is in contact, and nothing that it should send came for longer than its pauses are. */
export function sendsNoData(facts: DeviceFacts): boolean {
  const { contact, silentMs, pauseMs, infersItself, expected } = facts;
  // A device that infers has nothing to say while its turbine stands, and one without a configuration must not.
  if (infersItself || expected.length === 0 || !isWellInContact(facts)) return false;
  const mostMs = Math.max(unheardLimits.silentMs, unheardLimits.silentPauses * pauseMs);
  return Math.min(silentMs, contact.forMs) >= mostMs;
}

/** A connection that comes and is ended, as by a device that lets the last caller alone speak. */
export function findConnectionEnds({ contact, restartsInMinute }: DeviceFacts): DiagnosisVerdict {
  const { endsInMinute, endedBy } = contact;
  // Each restart of a device ends one.
  if (endsInMinute - restartsInMinute < unheardLimits.endsInMinute) return null;
  return {
    text: `connections are ended again and again, ${endsInMinute} times in 1 min: ${endedBy}`,
    cure: "Does another gateway, or another program, connect to this address? A device serves one at a time. Else look at its network, and at what ends idle connections.",
  };
}

/** It knows what it shall do, and nothing stands in the way of its doing so. */
function isWellInContact({ contact }: DeviceFacts): boolean {
  return contact.state === "established" && contact.unconfiguredMs === 0;
}
