/** Which turbine fails, how and when: planned from a seed before anything runs, so that it can be announced. */
import { type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import { createRandom } from "../maths/random.ts";

/** A fault and how it grows. */
export interface FaultPlan {
  /** Index of the turbine, from 0. */
  readonly turbine: number;
  readonly kind: FaultKind;
  /** Simulated seconds from the start at which the spall begins. */
  readonly onsetS: number;
  /** Seconds from onset to the final severity. Months in the field; lapsed to seconds for a demonstration. */
  readonly growthS: number;
  /** Final peak of the ringing, after a blow in the middle of the load zone, over the rms of the broadband vibration. */
  readonly finalSeverity: number;
}

/** What {@link planScenario} need not draw. */
interface ScenarioOptions {
  /** Turbines to choose from; default 3. */
  readonly turbines?: number;
  /** Only this turbine (index). */
  readonly turbine?: number;
  /** Only this kind. */
  readonly kind?: FaultKind;
}

const earliestOnsetS = 8;
const latestOnsetS = 16;
const growthS = 12;

/**
 * Final severities of a developed fault, set by one outside figure: the kurtosis of a 2 MW turbine's bearing rose from
 * 3.0 to 5.6 in its 50 days to failure (E. Bechhoefer's record). Over 20 seeds the medians of the simulated signal lie
 * between 4.0 and 5.6 here. Outside the load zone a blow is weak, so a defect on the inner race or on a ball has to be
 * deeper than one on the outer race to be as loud.
 */
const finalSeverities: Readonly<Record<FaultKind, readonly [low: number, high: number]>> = {
  "inner-race": [4.7, 6.3],
  "outer-race": [3.9, 5.4],
  ball: [7, 9.3],
};

/** Draws a fault; the same seed and options give the same plan. Throws a RangeError without turbines. */
export function planScenario(seed: number, options: ScenarioOptions = {}): FaultPlan {
  const { turbines = 3 } = options;
  if (!Number.isInteger(turbines) || turbines < 1) {
    throw new RangeError(`a scenario needs at least one turbine, got ${turbines}`);
  }
  // Every value is drawn, wanted or not: fixing one must not change the others.
  const random = createRandom(seed).fork("scenario");
  const turbine = random.integer(turbines);
  const drawnKind = faultKinds[random.integer(faultKinds.length)]!;
  const kind = options.kind ?? drawnKind;
  const onsetS = Math.round((earliestOnsetS + (latestOnsetS - earliestOnsetS) * random.uniform()) * 10) / 10;
  const [low, high] = finalSeverities[kind];
  const finalSeverity = low + (high - low) * random.uniform();
  return { turbine: options.turbine ?? turbine, kind, onsetS, growthS, finalSeverity };
}

/** Decades from the first severity to the final one: an early spall hides 20 dB below its later self. */
const growthDecades = 1;

/**
 * Severity at a moment: 0 before the onset, then exponential growth (straight on a dB scale, as envelope trends of
 * spalling bearings are) up to the final severity, where it stays.
 */
export function computeFaultSeverity(plan: FaultPlan, timeS: number): number {
  const sinceS = timeS - plan.onsetS;
  if (sinceS < 0) return 0;
  const grown = sinceS >= plan.growthS ? 1 : sinceS / plan.growthS;
  return plan.finalSeverity * 10 ** (growthDecades * (grown - 1));
}
