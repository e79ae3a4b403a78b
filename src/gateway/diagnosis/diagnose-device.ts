/**
 * The table of what can be wrong with a device: for each a rule over the facts, a sentence with its figures and a cure, worst
 * first. Why its thresholds are what they are: `src/adr/0047-a-sloppy-device-has-a-name.md`.
 */
import { type DiagnosisCode, diagnosisCodes } from "../../core/contract/device/device-diagnosis.ts";
import type { DeviceFacts, DiagnosisVerdict, RecentCount } from "./device-facts.ts";
import { sayShare } from "./diagnosis-words.ts";
import { findBrokenRule } from "./find-broken-rule.ts";
import { findClockError, findDrift, findRate } from "./find-clock-error.ts";
import { findDamaged, findLost, findNoContact, judgeFrames, lineLimits } from "./find-line-fault.ts";
import { findClipped, findCoarse, findLevel, findNoVibration, findSpeed } from "./find-sensor-fault.ts";
import { findConnectionEnds, findNoModel, findNoScores, sendsNoData, unheardLimits } from "./find-unheard.ts";
import type { SnapshotLoss } from "./sample-runs.ts";
import { adviseNewerModel, adviseSetAside } from "./set-aside-advice.ts";

/** Thresholds of the table. */
const diagnosisLimits = {
  silences: 3,
  restartsInMinute: 3,
  restartsInHour: 6,
  returns: 2,
  /** Of samples, before it is more than a mishap. */
  setAsideShare: 0.2,
  notNumbersShare: 0.2,
  twiceShare: 0.05,
  /** In half a minute, of a device that is in contact for so long. */
  hellos: 10,
  /** In half a minute: so often a connection is made anew that does not last. */
  rejoins: 3,
} as const;

const rules: Readonly<
  Record<Exclude<DiagnosisCode, "breaks-protocol">, (facts: DeviceFacts) => DiagnosisVerdict>
> = {
  "no-contact": (facts) =>
    isRestarting(facts) || facts.returns >= diagnosisLimits.returns || fallsSilent(facts)
      ? null
      : findNoContact(facts),
  refused: ({ contact: { refusal } }) =>
    refusal === null
      ? null
      : { text: refusal.reason, cure: refusal.hint === "" ? "See the gateway's log." : refusal.hint },
  "two-devices": ({ returns }) =>
    returns < diagnosisLimits.returns
      ? null
      : {
          text: `two devices use its id: earlier sessions came back ${returns} times in 2 min`,
          cure: "Give each device an id of its own, and over MQTT a login and client id of its own.",
        },
  restarts: (facts) => {
    if (!isRestarting(facts)) return null;
    const { restartsInMinute: minute, restartsInHour: hour } = facts;
    return {
      text:
        minute >= diagnosisLimits.restartsInMinute
          ? `restarted ${minute} times in 1 min`
          : `restarted ${hour} times in 1 h`,
      cure: "Look at its supply, its watchdog and its console: windows that a restart cuts are lost.",
    };
  },
  // A device that restarts ends its connections too, as two devices of one id do.
  "connection-ends": (facts) => (isRestarting(facts) || facts.returns > 0 ? null : findConnectionEnds(facts)),
  "not-configured": (facts) => {
    const { state, unconfiguredMs, objection, refusal } = facts.contact;
    if (refusal !== null) return null;
    // It is taken for gone, or for two, or has no time to answer.
    if (state !== "established" || facts.returns > 0 || isRestarting(facts)) return undefined;
    if (!isDeaf(facts) && !(unconfiguredMs >= lineLimits.contactMs))
      return unconfiguredMs === 0 ? null : undefined;
    return objection === ""
      ? {
          text: "says hello, and never acknowledges its configuration",
          cure: "Check the line from the gateway to the device (its RX pin, its baud rate; over MQTT that it subscribes to its rx topic). If it hears, let it answer each Config by an Ack of that number: firmware-bridge/PROTOCOL.md, sections 5 and 6.",
        }
      : {
          text: `refuses its configuration: ${objection}`,
          cure: "Give it a `mode` in the gateway's configuration that its firmware knows, or mend its firmware: firmware-bridge/PROTOCOL.md, section 4.",
        };
  },
  "hello-again": (facts) =>
    !saysHelloAgain(facts) || !facts.recent.configurations.isHabit
      ? null
      : {
          text: `says hello ${facts.recent.hellos.count} times in half a minute, though it has its configuration`,
          cure: "Say hello at the start, after a new connection and when the gateway does; if it restarts, let it draw another session_id at each boot. Over MQTT look for another client with its client id, which throws it out.",
        },
  "wrong-channel": ({ announced, expected }) => {
    if (announced === null) return undefined;
    const missing = expected.filter((name) => !announced.includes(name));
    if (missing.length === 0) return null;
    return {
      text: `announces ${announced.length === 0 ? "no channel" : listNames(announced)}; ${listNames(missing)} is expected`,
      cure: `Name the channel ${listNames(missing)} in the firmware, or write the device's name as \`channel\` of the measuring point.`,
    };
  },
  "model-push": ({ modelTrouble, model }) =>
    modelTrouble === null
      ? null
      : {
          text: `did not take ${modelTrouble.text}`,
          cure: model.isNewer
            ? adviseNewerModel(model)
            : `It goes on with the model that it had, if any. ${modelTrouble.cure}`,
        },
  "no-model": findNoModel,
  "no-scores": findNoScores,
  silent: (facts) => {
    if (fallsSilent(facts))
      return {
        text: "takes its configuration, and is not heard again",
        cure: "It must send a packet every 2 s, a Health when there is nothing else (firmware-bridge/PROTOCOL.md, section 4); or it stops at its configuration: look at its console.",
      };
    if (saysHelloAgain(facts) || !sendsNoData(facts)) return null;
    return {
      text: "is in contact, and sends no data",
      cure: "Its sensor task may have died: restart it, and look at its console.",
    };
  },
  "set-aside": ({ recent: { samples, setAside }, setAsideFor, announced, expected, model }) => {
    if (samples.count === 0) return undefined;
    // The same mistake as wrong-channel.
    const isMisnamed = expected.some((name) => announced?.includes(name) === false);
    if (setAsideFor?.reason === "unknown-channel" && isMisnamed) return null;
    const share = Math.min(1, setAside.count / samples.count);
    if (setAsideFor === null || !setAside.isHabit || share < diagnosisLimits.setAsideShare) return null;
    return {
      text: `${sayShare(share)} of its data is set aside: ${setAsideFor.detail}`,
      cure: adviseSetAside(setAsideFor, model),
    };
  },
  "not-a-number": ({ recent: { readings, notNumbers } }) => {
    if (readings.count === 0) return undefined;
    const share = notNumbers.count / readings.count;
    if (!notNumbers.isHabit || share < diagnosisLimits.notNumbersShare) return null;
    return {
      text: `${sayShare(share)} of its readings ${share >= 0.995 ? "are" : "is"} not a number (NaN)`,
      cure: "Look for a sensor that does not answer: send nothing rather than NaN.",
    };
  },
  speed: findSpeed,
  "no-vibration": findNoVibration,
  coarse: findCoarse,
  clipped: findClipped,
  level: findLevel,
  clock: findClockError,
  "clock-drift": findDrift,
  rate: findRate,
  "frames-twice": (facts) => {
    const { frames, twice, standing } = facts.recent;
    if (saysHelloAgain(facts)) return null;
    if (frames.count === 0) return undefined;
    const count = twice.count + standing.count;
    const share = count / Math.max(1, frames.count - count);
    const isHabit = twice.isHabit || standing.isHabit;
    if (!isHabit || count < lineLimits.leastFrames || share < diagnosisLimits.twiceShare) return null;
    return {
      text: share > 0.9 ? "every frame arrives twice" : `${sayShare(share)} of the frames arrive twice`,
      cure: `Repeat only what asks for an acknowledgement${facts.isOverMqtt ? "; look for two bridges of one broker" : ""}.`,
    };
  },
  "samples-again": ({ recent: { blocks, again } }) =>
    judgeFrames(blocks.count, again, (share) => ({
      text: `${sayShare(share)} of the frames bring the samples of the frame before them again`,
      cure: "Give a buffer away only once it was filled anew: look at the halves of its double buffer, or at a sensor that is read faster than it measures.",
    })),
  "frames-out-of-order": ({ recent: { frames, late } }) =>
    judgeFrames(frames.count, late, (share) => ({
      text: `${sayShare(share)} of the frames arrive out of order, and what is late is lost`,
      cure: "Send frames from one task, in the order of their numbers, over one connection.",
    })),
  "frames-damaged": findDamaged,
  "frames-lost": findLost,
  "samples-missing": ({ recent, snapshotLoss, infersItself, isOverMqtt, returns }) => {
    const { samples, missing, lost } = recent;
    // Two devices of one id have two counts.
    if (returns > 0 || infersItself || lost.isHabit) return null;
    if (samples.count + snapshotLoss.samples === 0) return undefined;
    const {
      missing: count,
      samples: came,
      isHabit,
    } = missing.isHabit ? toLoss(samples, missing) : snapshotLoss;
    const share = count / (came + count);
    if (!isHabit || share < lineLimits.frameShare) return null;
    const text = `${sayShare(share)} of the samples are missing between frames that all arrive`;
    const { hellos } = recent;
    if (hellos.isHabit && hellos.count >= diagnosisLimits.rejoins) {
      return {
        text: `${text}, and it introduced itself ${hellos.count} times in half a minute`,
        cure: `Its connection does not last, and what is measured meanwhile is lost. ${isOverMqtt ? "Look for another client with its client id, which the broker lets throw it out: each device needs one of its own (`aurora-device-GATEWAY-DEVICE`, for example). Else look at its network, and at what restarts its link." : "Look at its line and its plug, and at what restarts its link."}`,
      };
    }
    return {
      text,
      cure: "The device measures more than it can send (12 kHz are 24 kB/s, 115,200 baud carry 11.5) or compute: use a faster line, a lower rate, or, where it scores, mode raw.",
    };
  },
};

/** What the table says of a device, in its order. */
export function diagnoseDevice(facts: DeviceFacts): ReadonlyMap<DiagnosisCode, DiagnosisVerdict> {
  const broken = findBrokenRule(facts);
  const judge = (code: DiagnosisCode): DiagnosisVerdict => {
    if (code === "breaks-protocol") return broken === null ? null : broken?.finding;
    return broken?.explains.includes(code) ? null : rules[code](facts);
  };
  return new Map(diagnosisCodes.map((code) => [code, judge(code)]));
}

function toLoss(samples: RecentCount, missing: RecentCount): SnapshotLoss {
  return { samples: samples.count, missing: missing.count, isHabit: missing.isHabit };
}

/** It comes and goes so often that each time is no news. */
export function isRestarting({
  restartsInMinute,
  restartsInHour,
}: Pick<DeviceFacts, "restartsInMinute" | "restartsInHour">): boolean {
  return (
    restartsInMinute >= diagnosisLimits.restartsInMinute || restartsInHour >= diagnosisLimits.restartsInHour
  );
}

/** It begins again and again in one session; the hellos that make a contact are not meant. */
function saysHelloAgain(facts: DeviceFacts): boolean {
  const { contact, recent, returns } = facts;
  const { hellos } = diagnosisLimits;
  if (contact.state !== "established" || contact.forMs < lineLimits.contactMs) return false;
  return recent.hellos.isHabit && recent.hellos.count >= hellos && returns === 0 && !isRestarting(facts);
}

/** Each connection ends in silence as soon as it is configured; while there is none, it is made again within half a minute. */
function fallsSilent(facts: DeviceFacts): boolean {
  const { state, forMs, silences } = facts.contact;
  if (silences < diagnosisLimits.silences || isRestarting(facts)) return false;
  return state === "established" || forMs < unheardLimits.silentMs;
}

/** It says hello all the time, and nothing that was sent to it since was acknowledged. */
function isDeaf(facts: DeviceFacts): boolean {
  return saysHelloAgain(facts) && facts.recent.configurations.count === 0;
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 4).map((name) => name.slice(0, 64));
  return names.length > shown.length
    ? `${shown.join(", ")} and ${names.length - shown.length} more`
    : shown.join(", ");
}
