/** The rules about what sensors carry: a speed in another unit, nothing, a hum, too coarse or cut off, and a level that asks about its unit. */
import type { ChannelLevel, DeviceFacts, DiagnosisVerdict, ModelStanding } from "./device-facts.ts";
import { formatValue, formatWhole, sayShare } from "./diagnosis-words.ts";
import { runningKw } from "./speed-doubt.ts";

/** A converter's own noise. */
const quietCounts = 2;
/** Times of the slow part that are left where there is nothing else: what is faster than a hum is more. */
const humShare = 0.1;
const coarseSteps = 2;
const hertzShare = 0.9;
const louderDb = 12;
const quieterDb = 9;

/**
 * Its device and SCADA say two speeds; or the shaft hardly turns, and yet it vibrates or makes power: the speed would be one of
 * operation if it were in Hz, or it has lasted. Or it turns, always as slowly as that.
 */
export function findSpeed(facts: DeviceFacts): DiagnosisVerdict {
  const { vibratesStanding, makesPowerStanding, model } = facts;
  const { blocks, hertz } = facts.recent;
  if (blocks.count === 0) return undefined;
  const isHertz = hertz.isHabit && hertz.count >= hertzShare * blocks.count;
  if (facts.contradictsScada) return findContradiction(facts, isHertz);
  if (!isHertz && !vibratesStanding && !makesPowerStanding) return findSlowShaft(facts);
  const ownRpm = findOwnRpm(facts);
  const isTold = Number.isNaN(ownRpm);
  const shaftRpm = isTold ? Math.abs(model.toldRpm) : ownRpm;
  // A value that comes late.
  if (Number.isNaN(shaftRpm)) return undefined;
  // It runs by now; what was counted is of before.
  if (shaftRpm >= facts.standbyBelowRpm) return null;
  const said = sayRpm(shaftRpm);
  const power = Number.isNaN(model.toldKw) ? "power" : `${formatWhole(model.toldKw)} kW`;
  const vibrates = isHertz || vibratesStanding ? "vibrates as one that runs" : "";
  const signs = makesPowerStanding
    ? `, while it makes ${power}${vibrates && ` and ${vibrates}`}`
    : `, and ${isTold ? "it " : ""}${vibrates}`;
  const what = `${isTold ? "SCADA says" : "says"} ${said} rpm, at which its turbine stands by${signs}`;
  const question = isHertz
    ? `: is the speed in ${sayUnit(shaftRpm)}`
    : ", for ten minutes and more: is the shaft still heard";
  const other = isTold ? ", or is it another shaft's" : "";
  const isQuestion = !makesPowerStanding && (!isHertz || model.toldKw < runningKw);
  const atRest = makesPowerStanding ? atRestWithPower : isQuestion ? atRestBesideOthers : "";
  const text = `${what}${question}${other}?`;
  const cure = `${adviseSpeed(isHertz, isTold, model)} ${atRest}${slowShaft}`;
  return isQuestion ? { text, cure, isQuestion } : { text, cure };
}

/** Nothing of a main shaft is decided where standby begins at a generator's speeds. */
function findSlowShaft(facts: DeviceFacts): DiagnosisVerdict {
  const { steadyRpm, standbyBelowRpm } = facts;
  if (Number.isNaN(steadyRpm)) return null;
  const teller = Number.isNaN(findOwnRpm(facts)) ? "SCADA says" : "says";
  return {
    text: `${teller} ${sayRpm(steadyRpm)} rpm, for an hour and more and none faster since the gateway started, and below ${sayRpm(standbyBelowRpm)} rpm its turbine stands by: is the shaft as slow as that?`,
    cure: `Nothing is decided. ${slowShaft} If its turbine idles, there is nothing to do.`,
    isQuestion: true,
  };
}

/** By its samples, else by readings of its own; NaN: it says none. */
const findOwnRpm = ({ shaftRpm, model }: DeviceFacts): number =>
  Number.isNaN(shaftRpm) ? Math.abs(model.readingRpm) : shaftRpm;

const sayRpm = (rpm: number): string => String(Number(rpm.toFixed(2)));

/** Where the device's speed is one of operation its machine is watched by that. */
function findContradiction(facts: DeviceFacts, isHertz: boolean): DiagnosisVerdict {
  const ownRpm = findOwnRpm(facts);
  const scadaRpm = Math.abs(facts.model.scadaRpm);
  // A value that comes late.
  if (Number.isNaN(ownRpm) || Number.isNaN(scadaRpm)) return undefined;
  const stands = ownRpm < facts.standbyBelowRpm;
  const isUnit = [hertzRpm, radianRpm].some((factor) => isNear(ownRpm * factor, scadaRpm));
  if (isUnit || (isHertz && stands))
    return {
      text: `says ${sayRpm(ownRpm)} rpm, and SCADA says ${sayRpm(scadaRpm)} rpm of its turbine: is the speed in ${sayUnit(ownRpm, scadaRpm)}?`,
      cure: adviseSpeed(true, false, facts.model),
    };
  const found = {
    text: `says ${sayRpm(ownRpm)} rpm, and SCADA says ${sayRpm(scadaRpm)} rpm of its turbine: which is right, or are they two shafts'?`,
    cure: "The device's speed counts. Check the tachometer (its distance to the shaft, its cable, its pulses a revolution) and what is mapped: both in revolutions a minute, of the shaft that the sensor sits on. Where the device's is wrong, let it say none: SCADA's counts then. Where SCADA's is another shaft's, which other sensors need, there is nothing to do.",
  };
  return stands ? found : { ...found, isQuestion: true };
}

/** No generator of a wind turbine turns faster. */
const mostGeneratorRpm = 4_000;

const hertzRpm = 60;
const radianRpm = 30 / Math.PI;
const isNear = (rpm: number, otherRpm: number): boolean => Math.abs(rpm - otherRpm) < 0.1 * otherRpm;

/** What the speed may be in, and what it were then; the one that SCADA's speed bears out, where it does one. */
function sayUnit(value: number, scadaRpm = Number.NaN): string {
  const isRadian = isNear(value * radianRpm, scadaRpm);
  const isHertz = !isRadian && value * hertzRpm <= mostGeneratorRpm;
  const unit = isHertz ? "Hz" : "rad/s";
  const rpm = value * (isHertz ? hertzRpm : radianRpm);
  return `${unit} (${sayRpm(value)} ${unit} are ${formatWhole(rpm)} rpm)`;
}

const atRestWithPower = "Or the turbine stands, and its meter counts what it takes as positive. ";
const atRestBesideOthers = "If it stands, and what is heard is a machine beside it, there is nothing to do. ";
const slowShaft =
  "If the shaft is as slow as that, write a lower operation.standbyBelowRpm into the gateway's configuration.";

function adviseSpeed(isHertz: boolean, isTold: boolean, { mappedSpeed }: ModelStanding): string {
  if (isTold)
    return "Until it is right, nothing is decided: map the speed of the shaft that the sensor sits on (the generator's, not the rotor's), in revolutions a minute, and check what measures it.";
  if (isHertz) return "Send the shaft speed in revolutions a minute.";
  const without =
    mappedSpeed === null
      ? ", and map the speed from SCADA or write `shaftRpm` at the measuring point"
      : ": the speed that is mapped from SCADA counts then";
  return `Until it is, nothing is decided: check the tachometer, its distance to the shaft and its cable, and that what is sent is revolutions a minute; without one leave shaft_rpm out${without}.`;
}

/** It hears nothing while the shaft turns, or nothing but a hum. */
export function findNoVibration({ levels }: DeviceFacts): DiagnosisVerdict {
  if (levels.length === 0) return undefined;
  const { channel, unit, mean, rms, rmsCounts, fastRmsCounts, hertz } = quietestOf(levels);
  if (rmsCounts <= quietCounts)
    return {
      text: `${channel} is a constant ${formatValue(mean)} ${unit} while the shaft turns: what alternates is ${formatValue(rms)} ${unit}, ${formatValue(rmsCounts)} counts of its converter`,
      cure: "Check the sensor, its mounting and its cable, and that it is not the bias voltage that is sampled.",
    };
  if (fastRmsCounts > quietCounts || fastRmsCounts > humShare * rmsCounts) return null;
  return {
    text: `${channel} carries a hum of about ${formatWhole(hertz)} Hz and nothing else while the shaft turns: what is faster is ${formatValue(fastRmsCounts)} counts of its converter`,
    cure: "Check the sensor and its cable: a broken shield, an open input or a loop of earths hears the mains. What filters before the converter has to let the bearing's band through.",
  };
}

/** What alternates is hardly more than one step of the converter. */
export function findCoarse({ levels }: DeviceFacts): DiagnosisVerdict {
  if (levels.length === 0) return undefined;
  const { channel, unit, scale, step, rms, rmsCounts } = quietestOf(levels);
  if (step === 1 || rmsCounts <= quietCounts || rmsCounts > coarseSteps * step) return null;
  return {
    text: `${channel} moves in steps of ${formatValue(step * scale)} ${unit} (${formatWhole(step)} counts), and what alternates is ${formatValue(rms)} ${unit}: too coarse to hear a bearing`,
    cure: "Send all bits that the converter has: look for a shift or an 8-bit type in the driver; else choose a smaller range of the sensor.",
  };
}

/** Peaks are cut off before the end of the numbers. */
export function findClipped({ levels }: DeviceFacts): DiagnosisVerdict {
  if (levels.length === 0) return undefined;
  // A constant is told as what it is: neither a larger range nor less gain would mend it.
  const clipped = levels.find(({ cutShare, rmsCounts }) => cutShare > 0 && rmsCounts > quietCounts);
  if (clipped === undefined) return null;
  const { channel, unit, cutShare, cutAt } = clipped;
  return {
    text: `${channel} is clipped: ${sayShare(cutShare)} of its samples stand at an end of ${formatValue(cutAt)} ${unit} that none passes`,
    cure: "Choose a larger range of the sensor or less gain, and check that it is not loose.",
  };
}

/** All of the signal is louder or quieter than healthy machines are. */
export function findLevel({ level, levels }: DeviceFacts): DiagnosisVerdict {
  if (level === null) return undefined;
  // Said by what it is.
  if (levels.some(({ rmsCounts, cutShare }) => rmsCounts <= quietCounts || cutShare > 0)) return null;
  const { meanDb, commonDb } = level;
  if (commonDb < louderDb && commonDb > -quieterDb) return null;
  const size = Math.abs(meanDb);
  const guess = size < 40 ? "is the unit m/s2" : size < 75 ? "is the unit mg" : "is the scale right";
  const unit =
    "Hold the scale and the unit of its hello against the sensor's data sheet: 20 dB is the factor 9.81 between g and m/s2, 60 dB the 1,000 between g and mg.";
  if (meanDb > 0)
    return {
      text: `level ${Math.round(size)} dB above a healthy machine: ${guess}?`,
      cure: `${unit} Samples are signed, low byte first: a converter that counts up from 0 (subtract half its range) and bytes that are swapped are as loud.`,
    };
  return {
    text: `level ${Math.round(size)} dB below a healthy machine: ${guess}, or does the machine stand while a speed is stated of it?`,
    cure: `${unit} Of a machine that stands say so: send its speed, or map speed or power from SCADA.`,
  };
}

function quietestOf(levels: readonly ChannelLevel[]): ChannelLevel {
  return levels.reduce((quietest, level) => (level.rmsCounts < quietest.rmsCounts ? level : quietest));
}
