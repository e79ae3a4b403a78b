/** What to do about a device whose data breaks the model's contract, by the reason. */
import type { Quarantine, QuarantineReason } from "../../core/contract/stream.ts";
import type { ModelStanding } from "./device-facts.ts";

/** Reasons that say nothing of the device, or have a diagnosis of their own. */
export const blamelessReasons: ReadonlySet<QuarantineReason> = new Set([
  "gap",
  "shaft-speed-changed",
  "overload",
]);

const advice: Readonly<Record<QuarantineReason, string>> = {
  "unknown-channel": "No measuring point takes this channel: name it as the configuration does.",
  unit: "Announce the unit that the model expects, and scale to it.",
  rate: "Set the converter to a rate that the model takes.",
  range:
    "Hold scale and unit against the sensor's data sheet (9.81 times too much is m/s2 for g, 1,000 times mg); else its range is too small.",
  "not-finite": "Look for a division by zero in scale or time stamp, or a dead signal.",
  "time-backwards": "Its clock is set back again and again: let it run, or send a time stamp of 0.",
  "time-jump":
    "Its clock jumps again and again: let it run, or send a time stamp of 0. If it sends snapshots, let first_sample count on over the pause between them.",
  gap: "See frames and samples that are lost.",
  stuck:
    "The sensor or its cable is dead, or the converter is not read: check its supply, or restart the device.",
  "missing-value": "Send the values that the model needs.",
  "no-shaft-speed":
    "Hold unit and scale of the shaft speed against what measures it; a number by which its source says that there is none belongs under `invalid` of the mapped channel.",
  "shaft-speed-changed": "None: the turbine changes its speed.",
  malformed: "Hold its messages against `firmware-bridge/PROTOCOL.md`.",
  "unknown-model":
    "Push the model that serves here (`aurora device push`), or flash the firmware anew with it.",
  "score-mismatch": "Its processor or compiler computes otherwise: run `npm run test:mcu` for its board.",
  overload: "None: the gateway is too slow.",
};

/** What to do where a device has a newer model than the one that serves here. */
export function adviseNewerModel({ runs, serves }: ModelStanding): string {
  return `The device has ${runs}, and takes no older model: update this gateway to ${runs}, or publish ${serves} again under a higher version (\`aurora bundle republish\`).`;
}

/** @param why its last values were not accepted; empty: they were, or none came */
function adviseMappedSpeed(why: string): string {
  const last = why === "" ? "" : ` (the last one that was set aside: ${why})`;
  return `Its shaft speed is mapped from SCADA, and no value of it was accepted lately${last}: look at the source, under \`sources\` of /status or of the turbine's state. A value counts for \`operation.dataTimeoutSeconds\`.`;
}

/** The converter's end is no unit, and an older model is not taken. */
export function adviseSetAside(
  { reason, cause }: Pick<Quarantine, "reason" | "cause">,
  model: ModelStanding,
): string {
  if (reason === "unknown-model" && model.isNewer) return adviseNewerModel(model);
  if (cause === "unknown-speed")
    return model.mappedSpeed === null
      ? "Send the shaft speed, map it from SCADA, or write `shaftRpm` at the measuring point."
      : adviseMappedSpeed(model.mappedSpeed);
  if (cause === "saturated")
    return "The signal is clipped: choose a larger range of the sensor or less gain, and check that it is not loose.";
  if (cause === "sent-again")
    return "None: it sends again what it sent before, as a logger does after it was cut off; each reading counts once.";
  return advice[reason];
}
