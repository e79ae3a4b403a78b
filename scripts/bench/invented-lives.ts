/**
 * Lives of machines that do not exist, as severities over time: laws of growth that an outlook must bear, and healthy
 * ones that it must say nothing of. Seeded. Made without a thought of how an outlook works, and of no recording's shape.
 */
import { createRandom, type Random } from "../../src/core/maths/random.ts";

/** A law of growth: from one life's luck to its severity in dB over the share of its life, 0 … 1 and beyond. */
type Law = (random: Random, stopDb: number) => (share: number) => number;

export interface InventedLife {
  readonly law: string;
  readonly toMs: readonly number[];
  readonly severityDb: readonly number[];
  readonly spreadDb: number;
}

const between = (random: Random, low: number, high: number): number => low + (high - low) * random.uniform();

/** When the rise begins, as a share of the life up to the stop level. */
const beginning = (random: Random): number => between(random, 0.15, 0.8);

export const growthLaws: Readonly<Record<string, Law>> = {
  /** Amplitude grows by a constant factor an hour: linear in dB. */
  linear: (random, stopDb) => {
    const begin = beginning(random);
    return (share) => (stopDb * Math.max(0, share - begin)) / (1 - begin);
  },
  /** Decibels themselves grow faster and faster. */
  accelerating: (random, stopDb) => {
    const begin = beginning(random);
    const bend = between(random, 1, 4);
    return (share) => {
      const grown = Math.max(0, share - begin) / (1 - begin);
      return (stopDb * Math.expm1(bend * grown)) / Math.expm1(bend);
    };
  },
  /** Fast first, slower later. */
  slowing: (random, stopDb) => {
    const begin = beginning(random);
    const bend = between(random, 0.5, 0.8);
    return (share) => stopDb * (Math.max(0, share - begin) / (1 - begin)) ** bend;
  },
  /** A spall that grows piece by piece. */
  steps: (random, stopDb) => {
    const begin = beginning(random);
    const pieces = 4 + random.integer(12);
    const at = Array.from({ length: 2 * pieces }, (_, index) => {
      const nth = index < pieces ? random.uniform() : 1 + random.uniform();
      return { share: begin + (1 - begin) * nth, riseDb: (stopDb / pieces) * between(random, 0.4, 1.6) };
    });
    return (share) => at.reduce((sum, step) => sum + (step.share <= share ? step.riseDb : 0), 0);
  },
  /** Edges of a spall are rolled over: falls by up to half between its rises. */
  healing: (random, stopDb) => {
    const begin = beginning(random);
    const waves = between(random, 1.5, 4.5);
    const depth = between(random, 0.1, 0.35);
    return (share) => {
      const grown = Math.max(0, share - begin) / (1 - begin);
      return stopDb * grown * (1 + depth * Math.sin(2 * Math.PI * waves * grown));
    };
  },
  /** A noisy run-in that settles before the baseline's end is long past; then linear. */
  "run-in": (random, stopDb) => {
    const begin = between(random, 0.4, 0.8);
    const highDb = between(random, 2, 6);
    const tau = between(random, 0.02, 0.1);
    return (share) => highDb * Math.exp(-share / tau) + (stopDb * Math.max(0, share - begin)) / (1 - begin);
  },
  /** Two slopes: the later one is steeper by a factor of 2 to 6. */
  bend: (random, stopDb) => {
    const begin = beginning(random);
    const knee = between(random, 0.4, 0.9);
    const steeper = between(random, 2, 6);
    const first = stopDb / (knee + steeper * (1 - knee));
    return (share) => {
      const grown = Math.max(0, share - begin) / (1 - begin);
      return first * (Math.min(grown, knee) + steeper * Math.max(0, grown - knee));
    };
  },
  /** Nothing until the last few hundredths of its life. */
  sudden: (random, stopDb) => {
    const length = between(random, 0.005, 0.04);
    return (share) => stopDb * Math.exp((share - 1) / length);
  },
};

/** A life of `law` that passes `stopDb` at about its end and goes on a little; `healthy`: one that never does. */
export function inventLife(law: string, seed: number, stopDb: number): InventedLife {
  const random = createRandom(seed);
  const course = law === "healthy" ? () => 0 : growthLaws[law]!(random.fork("law"), stopDb);
  const samples = 300 + random.integer(2700);
  // From 10 seconds to 20 minutes between them: lives of an hour to forty days.
  const everyMs = 10_000 * 120 ** random.uniform();
  const noiseDb = between(random, 0.3, 1.5);
  // Load: a slow wander, of minutes to a fifth of the life.
  const wanderDb = between(random, 0, 1.5);
  const wanderSamples = Math.exp(between(random, Math.log(5), Math.log(samples / 5)));
  const keep = Math.exp(-1 / wanderSamples);
  // Damage itself grows by fits and starts.
  const unevenDb = between(random, 0, 2);
  let [wander, uneven] = [random.normal(), 0];
  const toMs: number[] = [];
  const severityDb: number[] = [];
  for (let index = 0; index < samples * 1.3; index++) {
    wander = keep * wander + Math.sqrt(1 - keep * keep) * random.normal();
    const grown = course(index / samples);
    if (grown > 0.5) uneven += (unevenDb / Math.sqrt(samples)) * random.normal();
    const value = Math.min(grown, 40) + uneven + wanderDb * wander + noiseDb * random.normal();
    toMs.push(index * everyMs);
    severityDb.push(value);
  }
  return { law, toMs, severityDb, spreadDb: Math.hypot(noiseDb, wanderDb) };
}
