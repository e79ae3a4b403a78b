/**
 * Invented bearing rigs for trying a bundle where nobody has seen the rig: every rig has its own bearing, resonances,
 * gears, hum and noise, drawn from a seed. Imitates no public recording; nothing is trained or tuned on it.
 */
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { type FaultKind, faultKinds } from "../../src/core/contract/bundle/bearing-fault.ts";
import { computeBearingOrders } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { createRandom, type Random } from "../../src/core/maths/random.ts";
import { createFaultExcitation } from "../../src/core/simulate/fault-excitation.ts";
import { createResonators, type Resonance } from "../../src/core/simulate/resonator.ts";

/** What is difficult about a family of rigs. Levels are in multiples of the broadband noise's rms. */
export interface RigFamily {
  readonly name: string;
  readonly rateHz: number;
  readonly shaftRpm: number;
  readonly seconds: number;
  /** Peak of a blow's ringing, lowest and highest. */
  readonly blow: readonly [low: number, high: number];
  /** True speed over the stated one, less one: drawn between ± this. */
  readonly speedError?: number;
  /** Where the housing rings, lowest and highest; absent: from 900 Hz, once at least below 5 kHz. */
  readonly ringsHz?: readonly [low: number, high: number];
  /** Amplitude of the gear mesh. */
  readonly gear?: number;
  /** Amplitude of mains harmonics and of a converter's lines. */
  readonly hum?: number;
  /** Random knocks a second, as strong as a fault's blows. */
  readonly knocks?: number;
  /** Value that the recording's 1 stands for, in noise rms. */
  readonly amplitude?: number;
  /** Constant part, in noise rms. */
  readonly offset?: number;
  /** The converter clips at this, in noise rms. */
  readonly clip?: number;
}

/** Kinds of fault that a recording has at once, equally strong; none: it is healthy. */
export type RigFaults = readonly FaultKind[];

/** Healthy, and each kind of fault alone. */
export const oneKind: readonly RigFaults[] = [[], ...faultKinds.map((kind) => [kind])];

/** Healthy, two kinds of fault at once, and all three. */
export const severalKinds: readonly RigFaults[] = [
  [],
  ...faultKinds.map((kind) => faultKinds.filter((other) => other !== kind)),
  faultKinds,
];

/** One recording. */
export interface RigRecording {
  readonly faults: RigFaults;
  readonly bearing: BearingOrders;
  readonly samples: Float64Array;
}

/** Recordings of rig number `seed` of a family, one for each of `cases`. */
export function recordRig(family: RigFamily, seed: number, cases: readonly RigFaults[]): RigRecording[] {
  const { root, plan } = designRig(family, seed);
  return cases.map((faults) => {
    const random = root.fork(`recording ${faults.join(" and ") || "healthy"}`);
    return { faults, bearing: plan.bearing, samples: record(family, plan, { faults, random }) };
  });
}

/** The same rig healthy at other times; `take` counts from 1, and changes the noise alone. */
export function recordHealthyRig(family: RigFamily, seed: number, take: number): RigRecording {
  const { root, plan } = designRig(family, seed);
  const random = root.fork(`recording healthy ${take}`);
  return { faults: [], bearing: plan.bearing, samples: record(family, plan, { faults: [], random }) };
}

/** The bearing of rig number `seed`, of whichever family. */
export function drawRigBearing(seed: number): BearingOrders {
  return drawBearing(createRandom(seed).fork("design"));
}

function designRig(family: RigFamily, seed: number): { readonly root: Random; readonly plan: RigPlan } {
  const root = createRandom(seed);
  const design = root.fork("design");
  const bearing = drawBearing(design);
  const resonances = drawResonances(design, family);
  const speed = 1 + (family.speedError ?? 0) * (2 * design.uniform() - 1);
  const plan = {
    bearing,
    resonances,
    trueRpm: family.shaftRpm * speed,
    teeth: 17 + design.integer(24),
    mainsHz: design.uniform() < 0.5 ? 50 : 60,
    converterHz: 1000 * (2 + 4 * design.uniform()),
    roughness: 0.3 * design.uniform(),
    wander: 0.002 * design.uniform(),
    white: 0.2 + 0.8 * design.uniform(),
  };
  return { root, plan };
}

interface RigPlan {
  readonly bearing: BearingOrders;
  readonly resonances: readonly Resonance[];
  readonly trueRpm: number;
  readonly teeth: number;
  readonly mainsHz: number;
  readonly converterHz: number;
  /** Depth of the noise's modulation by the shaft: healthy machines are cyclostationary too. */
  readonly roughness: number;
  /** Relative deviation of the speed within the recording. */
  readonly wander: number;
  /** White share of the noise; the rest rings in the resonances. */
  readonly white: number;
}

/** 7 to 16 elements that fit their ring. */
function drawBearing(random: Random): BearingOrders {
  const rollingElements = 7 + random.integer(10);
  const pitchDiameterMm = 100;
  const elementDiameterMm =
    pitchDiameterMm * Math.sin(Math.PI / rollingElements) * (0.55 + 0.3 * random.uniform());
  const contactAngleDeg = random.uniform() < 0.5 ? 0 : 15 * random.uniform();
  return computeBearingOrders({
    designation: "drawn",
    rollingElements,
    elementDiameterMm,
    pitchDiameterMm,
    contactAngleDeg,
  });
}

/** Two to four, the first of them where a 12 kHz chain can hear it; the others up to 0.45 of the rate. */
function drawResonances(random: Random, { rateHz, ringsHz }: RigFamily): Resonance[] {
  const count = 2 + random.integer(3);
  return Array.from({ length: count }, (_, index) => {
    const [lowest, highest] = ringsHz ?? [900, index === 0 ? 5000 : 0.45 * rateHz];
    return {
      frequencyHz: lowest + (highest - lowest) * random.uniform(),
      dampingRatio: 0.015 + 0.065 * random.uniform(),
      noiseRmsG: (0.3 + 0.7 * random.uniform()) / Math.sqrt(count),
      impactPeakG: (0.3 + 0.7 * random.uniform()) / Math.sqrt(count),
    };
  });
}

function record(
  family: RigFamily,
  plan: RigPlan,
  { faults, random }: { readonly faults: RigFaults; readonly random: Random },
): Float64Array {
  const { rateHz, seconds } = family;
  const length = Math.round(rateHz * seconds);
  const noise = new Float64Array(length);
  const impacts = new Float64Array(length + 1);
  const out = new Float64Array(length);
  const excitations = faults.map((kind, at) =>
    createFaultExcitation(kind, plan.bearing, random.fork(at === 0 ? "fault" : `fault ${at}`)),
  );
  const [low, high] = family.blow;
  const blow = low * (high / low) ** random.uniform();
  const wanderHz = 0.1 + 0.4 * random.uniform();
  const phases = Array.from({ length: 8 }, () => 2 * Math.PI * random.uniform());
  const tonesAt = createTones(family, plan, phases);
  const forces = { noise, impacts };
  const block = 256;
  let turns = random.uniform();
  for (let from = 0; from < length; from += block) {
    const samples = Math.min(block, length - from);
    const timeS = from / rateHz;
    const rpm = plan.trueRpm * (1 + plan.wander * Math.sin(2 * Math.PI * wanderHz * timeS + phases[0]!));
    const perSample = rpm / 60 / rateHz;
    const struck = {
      samples,
      fromRevolutions: turns,
      toRevolutions: turns + samples * perSample,
      strength: blow,
    };
    for (const excitation of excitations) excitation.addTo(impacts.subarray(from), struck);
    if (random.uniform() < ((family.knocks ?? 0) * samples) / rateHz)
      impacts[from]! += high * 2 * random.uniform();
    for (let index = from; index < from + samples; index++) {
      const turn = turns + (index - from) * perSample;
      noise[index] = random.normal() * (1 + plan.roughness * Math.cos(2 * Math.PI * turn));
      out[index] = plan.white * random.normal() + tonesAt(turn, index / rateHz);
    }
    turns += samples * perSample;
  }
  createResonators(plan.resonances, rateHz).addTo(out, forces, length);
  const { amplitude = 1, offset = 0, clip = Number.POSITIVE_INFINITY } = family;
  for (let index = 0; index < length; index++) {
    out[index] = Math.max(-clip, Math.min(clip, out[index]! + offset)) * amplitude;
  }
  return out;
}

function createTones(
  family: RigFamily,
  plan: RigPlan,
  phases: readonly number[],
): (turn: number, timeS: number) => number {
  return (turn, timeS) => {
    const angle = 2 * Math.PI * turn;
    const shaft = 0.3 * Math.cos(angle + phases[1]!) + 0.15 * Math.cos(2 * angle + phases[2]!);
    const mesh =
      (family.gear ?? 0) === 0
        ? 0
        : family.gear! *
          (1 + 0.3 * Math.cos(angle + phases[3]!)) *
          (Math.cos(plan.teeth * angle + phases[4]!) + 0.5 * Math.cos(2 * plan.teeth * angle + phases[5]!));
    const mains = 2 * Math.PI * plan.mainsHz * timeS;
    const hum =
      (family.hum ?? 0) === 0
        ? 0
        : family.hum! *
          (Math.cos(2 * mains + phases[6]!) +
            0.4 * Math.cos(6 * mains) +
            0.5 *
              (1 + 0.8 * Math.cos(2 * mains)) *
              Math.cos(2 * Math.PI * plan.converterHz * timeS + phases[7]!));
    return shaft + mesh + hum;
  };
}
