/**
 * Invented rigs to learn from beside the recordings: each has a bearing, a neighbour, a shaft, gears, electrics, housing
 * and sensor of its own, drawn from a seed. They widen what a student has seen; nothing is judged on those it learnt from.
 * Shares no line with the demo's simulator or with the rigs of `scripts/bench`, which training never sees.
 */
import type { BearingOrders } from "../../../../core/contract/bundle/bearing.ts";
import type { FaultKind } from "../../../../core/contract/bundle/bearing-fault.ts";
import type { Random } from "../../../../core/maths/random.ts";

/** A bearing of a rig. */
export interface InventedBearing {
  readonly orders: BearingOrders;
  /** Load zone: share of the circumference's projected diameter under load (ε of Harris), 0.3 to 1. */
  readonly loadZone: number;
}

/** A way in which the housing rings. */
export interface Ring {
  readonly frequencyHz: number;
  /** Quality factor. */
  readonly quality: number;
  /** Relative strength, with its sign. */
  readonly gain: number;
}

/** A gear mesh. Amplitudes in rms of the rig's noise. */
interface Mesh {
  /** Teeth that meet in a turn of the shaft. */
  readonly order: number;
  readonly amplitude: number;
  /** Turns of what modulates it in a turn of the shaft: 1, or another wheel's. */
  readonly wheelOrder: number;
  readonly depth: number;
}

/** Lines that keep their frequency whatever the speed. */
interface Hum {
  readonly mainsHz: number;
  readonly amplitude: number;
  readonly converterHz: number;
  readonly converterAmplitude: number;
  /** Depth with which the converter's tone follows the doubled mains. */
  readonly depth: number;
}

/** How noise breathes with a turn of something. */
interface Breath {
  readonly order: number;
  readonly depth: number;
}

/** Everything that a rig's recordings have in common. */
export interface InventedRig {
  readonly sampleRateHz: number;
  /** As stated; the true one is `speedFactor` times it. */
  readonly shaftRpm: number;
  readonly speedFactor: number;
  /** Relative deviation of the speed within a recording. */
  readonly wander: number;
  readonly revolutions: number;
  readonly bearing: InventedBearing;
  readonly neighbour: InventedBearing;
  readonly rings: readonly Ring[];
  /** What share of the noise is the sensor's, and how it is coloured (coefficient of the pole). */
  readonly sensorShare: number;
  readonly sensorColour: number;
  readonly breaths: readonly Breath[];
  /** Amplitudes of the shaft's first harmonics, in rms of the noise. */
  readonly shaft: readonly number[];
  readonly meshes: readonly Mesh[];
  readonly hum: Hum | null;
  /** Knocks a second. */
  readonly knocksHz: number;
  /** Blows of something loose, so many a turn of the shaft; 0 = none. */
  readonly looseOrder: number;
  /** Where the converter clips, in rms of the noise; null = nowhere. */
  readonly clip: number | null;
}

/** A recording's fault, or what a healthy bearing has to bear. */
export type InventedCase =
  | { readonly kind: "healthy" }
  | { readonly kind: "neighbour"; readonly fault: FaultKind }
  | { readonly kind: "fault"; readonly fault: FaultKind };

const rates = [
  10_000, 10_240, 12_000, 12_800, 16_000, 20_000, 25_600, 32_000, 40_000, 48_000, 50_000, 52_000,
];
const mostSamples = 220_000;

/** Draws a rig. */
export function inventRig(random: Random): InventedRig {
  const sampleRateHz = rates[random.integer(rates.length)]!;
  const shaftRpm = Math.round(drawRatio(random, 300, 3600));
  const bearing = inventBearing(random);
  const rings = inventRings(random, sampleRateHz);
  return {
    sampleRateHz,
    shaftRpm,
    speedFactor: 1 + (chance(random, 0.35) ? 0.02 : 0.002) * (2 * random.uniform() - 1),
    wander: chance(random, 0.5) ? drawRatio(random, 0.0005, 0.006) : 0,
    revolutions: inventRevolutions(random, (mostSamples / sampleRateHz / 60) * shaftRpm),
    bearing,
    neighbour: inventBearing(random),
    rings,
    sensorShare: drawEven(random, 0.1, 0.9),
    sensorColour: chance(random, 0.5) ? drawEven(random, -0.5, 0.9) : 0,
    breaths: inventBreaths(random, bearing.orders),
    shaft: [1, 2, 3, 4].map(
      (order) => (drawRatio(random, 0.02, 1.5) / order) * (chance(random, 0.7) ? 1 : 0),
    ),
    meshes: Array.from({ length: [0, 0, 1, 1, 2][random.integer(5)]! }, () => inventMesh(random)),
    hum: chance(random, 0.4) ? inventHum(random) : null,
    knocksHz: chance(random, 0.25) ? drawRatio(random, 0.3, 6) : 0,
    looseOrder: chance(random, 0.12) ? 1 + random.integer(3) : 0,
    clip: chance(random, 0.1) ? drawRatio(random, 2.5, 7) : null,
  };
}

/**
 * A bearing of 6 to 20 elements: pure rolling of elements that fill 55 to 95 % of the room on their pitch circle, at a
 * contact angle of up to 40° (Harris, Rolling Bearing Analysis, ch. 25).
 */
function inventBearing(random: Random): InventedBearing {
  const elements = 6 + random.integer(15);
  const ratio = Math.sin(Math.PI / elements) * drawEven(random, 0.55, 0.95);
  const contact = chance(random, 0.5) ? 0 : (40 * Math.PI * random.uniform()) / 180;
  const gamma = ratio * Math.cos(contact);
  const ftf = 0.5 - gamma / 2;
  return {
    orders: {
      ftf,
      bpfo: elements * ftf,
      bpfi: elements * (0.5 + gamma / 2),
      bsf: (1 - gamma * gamma) / ratio,
    },
    loadZone: drawEven(random, 0.3, 1),
  };
}

/** Two to five, evenly over the octaves from 800 Hz to 9 kHz; one at least where the features listen. */
function inventRings(random: Random, sampleRateHz: number): Ring[] {
  const highest = Math.min(9000, 0.46 * sampleRateHz);
  return Array.from({ length: 2 + random.integer(4) }, (_, index) => ({
    frequencyHz: drawRatio(random, 800, index === 0 ? Math.min(4800, highest) : highest),
    quality: drawRatio(random, 5, 50),
    gain: (chance(random, 0.5) ? 1 : -1) * drawEven(random, 0.25, 1),
  }));
}

/** Every third recording is short: 10 to 30 revolutions. */
function inventRevolutions(random: Random, most: number): number {
  const wanted = chance(random, 0.33) ? drawEven(random, 10, 30) : drawRatio(random, 31, 130);
  return Math.max(10, Math.min(wanted, most));
}

/** A healthy machine's noise swells with its shaft, with blades on it, and a little with its cage. */
function inventBreaths(random: Random, { ftf }: BearingOrders): Breath[] {
  const breaths: Breath[] = [];
  if (chance(random, 0.7)) breaths.push({ order: 1, depth: drawRatio(random, 0.02, 0.5) });
  if (chance(random, 0.4))
    breaths.push({ order: 2 + random.integer(8), depth: drawRatio(random, 0.02, 0.4) });
  if (chance(random, 0.3)) breaths.push({ order: ftf, depth: drawRatio(random, 0.02, 0.2) });
  return breaths;
}

function inventMesh(random: Random): Mesh {
  return {
    order: 13 + random.integer(70),
    amplitude: drawRatio(random, 0.1, 4),
    wheelOrder: chance(random, 0.6) ? 1 : drawEven(random, 0.1, 0.9),
    depth: drawEven(random, 0, 0.6),
  };
}

function inventHum(random: Random): Hum {
  return {
    mainsHz: chance(random, 0.5) ? 50 : 60,
    amplitude: drawRatio(random, 0.05, 3),
    converterHz: drawRatio(random, 1500, 7000),
    converterAmplitude: chance(random, 0.5) ? drawRatio(random, 0.05, 2) : 0,
    depth: random.uniform(),
  };
}

/** A number from `low` to `high`, all differences alike. */
export function drawEven(random: Random, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}

/** A number from `low` to `high`, all ratios alike; both > 0. */
export function drawRatio(random: Random, low: number, high: number): number {
  return low * (high / low) ** random.uniform();
}

/** True in a share of all draws. */
export function chance(random: Random, share: number): boolean {
  return random.uniform() < share;
}
