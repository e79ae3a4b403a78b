/**
 * What changes on a healthy park without being damage: a sensor that ages, fresh grease, winter. Planned from a seed before
 * anything runs, so that it can be announced. The figures are those that operators and handbooks tell of, not a machine's own.
 */
import { createRandom, type Random } from "../maths/random.ts";

/** Kinds that a plan can be asked for. */
export const driftKinds = ["grease", "winter", "sensor"] as const;
export type DriftKind = (typeof driftKinds)[number];

/** `quieter`: its gain halves (a loose mount, a wrong setting). `noisy`: white noise in its cable. `stuck`: its last value for ever. */
const sensorFaults = ["quieter", "noisy", "stuck"] as const;
export type SensorFault = (typeof sensorFaults)[number];

/** One drift, and when it begins in simulated seconds from the start. */
export type DriftPlan =
  | {
      readonly kind: "sensor";
      readonly turbine: number;
      /** Index of the turbine's sensor. */
      readonly sensor: number;
      readonly fault: SensorFault;
      readonly onsetS: number;
    }
  /** All bearings of one turbine are greased. */
  | { readonly kind: "grease"; readonly turbine: number; readonly onsetS: number }
  /** All turbines. */
  | { readonly kind: "winter"; readonly onsetS: number };

interface DriftPlanOptions {
  readonly kind: DriftKind;
  readonly turbines: number;
  /** Sensors of each turbine. */
  readonly sensors: number;
  readonly onsetS: number;
  /** Drawn from `quieter` and `noisy` when absent: from a stuck sensor no window comes. */
  readonly fault?: SensorFault;
}

/** Draws who drifts; the same seed and options give the same plan. */
export function planDrift(seed: number, options: DriftPlanOptions): DriftPlan {
  const { kind, onsetS } = options;
  const random = createRandom(seed).fork("drift");
  const turbine = random.integer(options.turbines);
  const sensor = random.integer(options.sensors);
  const drawn = sensorFaults[random.integer(2)]!;
  switch (kind) {
    case "sensor":
      return { kind, turbine, sensor, fault: options.fault ?? drawn, onsetS };
    case "grease":
      return { kind, turbine, onsetS };
    case "winter":
      return { kind, onsetS };
  }
}

/** How a drive train and its bearing changed against how they were made. */
export interface MachineChange {
  /** Rolling noise through a resonance, dB, by the resonance's frequency in Hz. */
  readonly rollingDb: (frequencyHz: number) => number;
  /** Blows through every resonance, dB. */
  readonly impactDb: number;
  /** Of every resonance. */
  readonly frequencyRatio: number;
  readonly dampingRatio: number;
}

/** Fresh grease: a thick film damps blows and the rolling noise above 1 to 2 kHz by a few dB. */
export function drawGreaseChange(random: Random): MachineChange {
  const highDb = -4 - 2 * random.uniform();
  return {
    rollingDb: (frequencyHz) => highDb * (frequencyHz < 900 ? 0.25 : frequencyHz < 1900 ? 0.6 : 1),
    impactDb: highDb - 2,
    frequencyRatio: 1,
    dampingRatio: 1.15,
  };
}

/** Winter: stiff grease rolls louder and damps more, cold steel and rubber are stiffer by a per cent or two of frequency. */
export function drawWinterChange(random: Random): MachineChange {
  const rollingDb = 3 + random.uniform();
  return {
    rollingDb: (frequencyHz) => rollingDb * (frequencyHz < 1900 ? 1 : 0.8),
    impactDb: -1,
    frequencyRatio: 1.01 + 0.01 * random.uniform(),
    dampingRatio: 1.2 + 0.1 * random.uniform(),
  };
}
