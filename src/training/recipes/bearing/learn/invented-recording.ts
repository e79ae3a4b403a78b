/** One recording of an invented rig: blows, knocks and noise ring in the housing; tones, the sensor's noise and its converter come on top. */
import type { Random } from "../../../../core/maths/random.ts";
import type { RecordedSignal } from "../../../dataset/recordings/recording-set.ts";
import { type Blow, inventBlows } from "./invented-blows.ts";
import { drawEven, drawRatio, type InventedCase, type InventedRig, type Ring } from "./invented-rigs.ts";

/** Full scale of a sensor's converter. */
const fullScale = 30_000;

/** Where the shaft stands at each sample. */
interface Motion {
  readonly turns: Float64Array;
  readonly samples: number;
}

/** Records; the same arguments give the same counts. */
export function recordInvented(rig: InventedRig, what: InventedCase, random: Random): RecordedSignal {
  const { sampleRateHz, shaftRpm } = rig;
  const samples = Math.ceil((rig.revolutions / shaftRpm) * 60 * sampleRateHz) + 2;
  const motion = turnShaft(rig, samples, random.fork("motion"));
  const noise = recordNoise(rig, motion, random.fork("noise"));
  const out = addTones(rig, motion, { out: noise, random: random.fork("tones") });
  for (const { blows, peak } of listStrikes(rig, what, { motion, random: random.fork("strikes") })) {
    const rung = ring(rig, strike(motion, blows));
    const scale = peak / highOf(rung);
    for (let index = 0; index < samples; index++) out[index]! += scale * rung[index]!;
  }
  return convert(rig, out, random.fork("converter"));
}

function turnShaft(
  { sampleRateHz, shaftRpm, speedFactor, wander }: InventedRig,
  samples: number,
  random: Random,
): Motion {
  const perSample = (shaftRpm * speedFactor) / 60 / sampleRateHz;
  const swayHz = drawRatio(random, 0.05, 1.5);
  const phase = random.uniform();
  const turns = new Float64Array(samples);
  let drift = 0;
  let turn = random.uniform();
  for (let index = 0; index < samples; index++) {
    turns[index] = turn;
    if (wander > 0 && index % 256 === 0) drift = 0.98 * drift + 0.2 * random.normal();
    const sway = cosine((swayHz * index) / sampleRateHz + phase);
    turn += perSample * (1 + wander * (0.7 * sway + 0.3 * drift));
  }
  return { turns, samples };
}

/** Noise of rms 1 that breathes with the machine: partly rung by the housing, partly the sensor's own. */
function recordNoise(rig: InventedRig, { turns, samples }: Motion, random: Random): Float64Array {
  const phases = rig.breaths.map(() => random.uniform());
  const machine = new Float64Array(samples);
  const sensor = new Float64Array(samples);
  let held = 0;
  for (let index = 0; index < samples; index++) {
    let swell = 1;
    for (const [at, { order, depth }] of rig.breaths.entries()) {
      swell += depth * cosine(order * turns[index]! + phases[at]!);
    }
    machine[index] = random.normal() * Math.max(0, swell);
    held = rig.sensorColour * held + random.normal();
    sensor[index] = held;
  }
  const rung = ring(rig, machine);
  const [a, b] = [(1 - rig.sensorShare) / rmsOf(rung), rig.sensorShare / rmsOf(sensor)];
  for (let index = 0; index < samples; index++) rung[index] = a * rung[index]! + b * sensor[index]!;
  const scale = 1 / rmsOf(rung);
  for (let index = 0; index < samples; index++) rung[index]! *= scale;
  return rung;
}

/** Whatever strikes the housing, and how high it rings in rms of the noise. */
function listStrikes(
  rig: InventedRig,
  what: InventedCase,
  { motion, random }: { readonly motion: Motion; readonly random: Random },
): { readonly blows: readonly Blow[]; readonly peak: number }[] {
  const first = motion.turns[0]!;
  const turns = motion.turns.at(-1)! - first;
  const peakOf = (low: number, high: number): number => drawRatio(random, low, high);
  const strikes: { readonly blows: readonly Blow[]; readonly peak: number }[] = [];
  if (what.kind !== "healthy") {
    const bearing = what.kind === "fault" ? rig.bearing : rig.neighbour;
    const far = what.kind === "fault" ? 1 : drawEven(random, 0.2, 0.8);
    // Blows that are rarer have to be harder to be found.
    const slow = Math.max(0.8, Math.min(2, Math.sqrt(1500 / rig.shaftRpm)));
    strikes.push({
      blows: inventBlows(what.fault, bearing, { turns, random }),
      peak: far * slow * peakOf(2.2, 18),
    });
  }
  if (rig.looseOrder > 0) {
    const blows = Array.from({ length: Math.floor(turns * rig.looseOrder) }, (_, index) => ({
      turn: (index + 0.5 + 0.01 * random.normal()) / rig.looseOrder,
      strength: Math.exp(0.2 * random.normal()),
    }));
    strikes.push({ blows, peak: peakOf(1.5, 12) });
  }
  const seconds = motion.samples / rig.sampleRateHz;
  const knocks = Math.round(rig.knocksHz * seconds);
  if (knocks > 0) {
    const blows = Array.from({ length: knocks }, () => ({
      turn: turns * random.uniform(),
      strength: random.uniform(),
    }));
    strikes.push({ blows, peak: peakOf(4, 30) });
  }
  return strikes.filter(({ blows }) => blows.length > 0);
}

/** Blows as forces, each shared by the two samples between which it falls. */
function strike({ turns, samples }: Motion, blows: readonly Blow[]): Float64Array {
  const forces = new Float64Array(samples);
  const first = turns[0]!;
  let index = 0;
  for (const { turn, strength } of [...blows].sort((a, b) => a.turn - b.turn)) {
    const at = first + turn;
    if (at < first) continue;
    while (index + 2 < samples && turns[index + 1]! <= at) index++;
    if (at >= turns[samples - 1]!) break;
    const part = (at - turns[index]!) / (turns[index + 1]! - turns[index]!);
    forces[index]! += strength * (1 - part);
    forces[index + 1]! += strength * part;
  }
  return forces;
}

/** What the housing makes of forces: the sum of its decaying sinusoids. */
function ring({ rings, sampleRateHz }: InventedRig, forces: Float64Array): Float64Array {
  const out = new Float64Array(forces.length);
  for (const each of rings) addRing(each, sampleRateHz, { forces, out });
  return out;
}

function addRing(
  { frequencyHz, quality, gain }: Ring,
  sampleRateHz: number,
  { forces, out }: { readonly forces: Float64Array; readonly out: Float64Array },
): void {
  const angle = (2 * Math.PI * frequencyHz) / sampleRateHz;
  const radius = Math.exp(-angle / (2 * quality));
  const [feedback1, feedback2] = [2 * radius * Math.cos(angle), -radius * radius];
  const drive = gain * Math.sin(angle) * radius;
  let [last, before, force] = [0, 0, 0];
  for (let index = 0; index < out.length; index++) {
    const value = feedback1 * last + feedback2 * before + drive * force;
    force = forces[index]!;
    before = last;
    last = value;
    out[index]! += value;
  }
}

/** Lines of shaft, gears and electrics. */
function addTones(
  { shaft, meshes, hum, sampleRateHz }: InventedRig,
  { turns, samples }: Motion,
  { out, random }: { readonly out: Float64Array; readonly random: Random },
): Float64Array {
  const add = (valueAt: (turn: number, timeS: number) => number): void => {
    for (let index = 0; index < samples; index++) out[index]! += valueAt(turns[index]!, index / sampleRateHz);
  };
  for (const [index, amplitude] of shaft.entries()) {
    const start = random.uniform();
    if (amplitude > 0) add((turn) => amplitude * cosine((index + 1) * turn + start));
  }
  for (const { order, amplitude, wheelOrder, depth } of meshes) {
    const [wheelStart, first, second, third] = drawFour(random);
    add((turn) => {
      const wheel = wheelOrder * turn + wheelStart;
      // Teeth that meet sooner and later by a twentieth of their interval at most.
      const mesh = order * turn + 0.05 * depth * cosine(wheel + 0.25);
      const sum = cosine(mesh + first) + 0.5 * cosine(2 * mesh + second) + 0.25 * cosine(3 * mesh + third);
      return amplitude * (1 + depth * cosine(wheel)) * sum;
    });
  }
  if (hum === null) return out;
  const [mainsStart, converterStart] = drawFour(random);
  add((_, timeS) => {
    const mains = hum.mainsHz * timeS;
    const doubled = cosine(2 * mains + mainsStart);
    const lines = 0.4 * cosine(mains) + doubled + 0.3 * cosine(6 * mains);
    const converter = (1 + hum.depth * doubled) * cosine(hum.converterHz * timeS + converterStart);
    return hum.amplitude * lines + hum.converterAmplitude * converter;
  });
  return out;
}

function drawFour(random: Random): readonly [number, number, number, number] {
  return [random.uniform(), random.uniform(), random.uniform(), random.uniform()];
}

/** Counts that use a tenth to all of the converter's scale. */
function convert(rig: InventedRig, values: Float64Array, random: Random): RecordedSignal {
  const limit = rig.clip ?? Number.POSITIVE_INFINITY;
  let peak = 0;
  for (let index = 0; index < values.length; index++) {
    values[index] = Math.max(-limit, Math.min(limit, values[index]!));
    peak = Math.max(peak, Math.abs(values[index]!));
  }
  const perCount = peak / (fullScale * drawRatio(random, 0.1, 1));
  const counts = new Int16Array(values.length);
  for (let index = 0; index < counts.length; index++) counts[index] = Math.round(values[index]! / perCount);
  return {
    counts,
    scale: perCount,
    sampleRateHz: rig.sampleRateHz,
    shaftRpm: rig.shaftRpm,
    bearing: rig.bearing.orders,
  };
}

function rmsOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.max(1e-12, Math.sqrt(sum / values.length));
}

/** The height that one sample in five hundred exceeds, over both signs; every seventh is looked at. */
function highOf(values: Float64Array): number {
  const some = new Float64Array(Math.floor(values.length / 7));
  for (let index = 0; index < some.length; index++) some[index] = Math.abs(values[7 * index]!);
  some.sort();
  return Math.max(1e-12, some[Math.floor(0.998 * (some.length - 1))]!);
}

const cosines = Float64Array.from({ length: 4097 }, (_, index) => Math.cos((2 * Math.PI * index) / 4096));

/** Cosine of turns ≥ 0, between the entries of a table (error below a millionth): a recording asks for it millions of times. */
function cosine(turns: number): number {
  const at = (turns - Math.floor(turns)) * 4096;
  const index = Math.floor(at);
  const low = cosines[index]!;
  return low + (at - index) * (cosines[index + 1]! - low);
}
