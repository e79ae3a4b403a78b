/**
 * How well a model decides where nobody has confirmed an outcome: from its own calibrated probabilities alone (confidence-based
 * estimation: Guillory et al., 2021; Garg et al., 2022). It assumes that they are as right here as they were on held-out data. Where
 * that is known to be broken it says nothing, and why.
 */
import type { ReliabilityBin } from "../contract/bundle/reliability-bin.ts";
import type { PerformanceEstimate, ShareRange } from "../contract/drift-performance-schema.ts";
import { createRandom, type Random } from "../maths/random.ts";

/** Decisions whose probabilities are about the same, and that were decided alike. */
export interface DecidedBin {
  /** Mean calibrated probability of a fault, 0 to 1. */
  readonly probability: number;
  readonly cases: number;
  /** Were these windows called faulty, their probability at or above the threshold? An alarm takes more than that. */
  readonly called: boolean;
}

/** What speaks against the assumption, as far as it is known. */
export interface PerformanceDoubts {
  /** The day's drift verdict is "drift": inputs or scores are not what calibration saw. */
  readonly drifted: boolean;
  /** Confirmed outcomes contradict the probabilities (`concept-watch.ts`). */
  readonly contradicted: boolean;
}

export interface PerformanceQuestion {
  readonly decided: readonly DecidedBin[];
  /** In increasing order of `stated`. */
  readonly reliability: readonly ReliabilityBin[];
  /** Cases that stand or fall together, on average (windows of one bearing); at least 1. */
  readonly casesPerUnit: { readonly decided: number; readonly reliability: number };
  readonly doubts: PerformanceDoubts;
}

/** To be printed beside every estimate. */
export const performanceAssumption =
  "Estimated without outcomes, from the model's own probabilities: right only if they are as well calibrated here as on held-out data. A kind of fault that looks different from what was learnt cannot be seen this way; confirmed outcomes can show it.";

/** A probability is one that calibration knows if it stated one as near to so many independent cases. */
const knownCases = 10;
const knownWithin = 0.1;
/** Of the cases: more that calibration does not know, and it is silent. */
const unknownShare = 0.1;
/** The stated probability counts as so many cases beside those observed at it. */
const statedCases = 2;
const draws = 1_000;

/** Estimates, or says why it does not. */
export function estimatePerformance(question: PerformanceQuestion): PerformanceEstimate {
  const { decided, doubts } = question;
  const cases = decided.reduce((sum, bin) => sum + bin.cases, 0);
  if (cases === 0) return silent("nothing was decided");
  if (doubts.contradicted) return silent("confirmed outcomes contradict the model's probabilities");
  if (doubts.drifted) return silent("what the model hears has drifted from what its calibration saw");
  const known = decided.map((bin) => findReliability(question, bin));
  const unknown = decided.reduce((sum, bin, index) => sum + (known[index] === null ? bin.cases : 0), 0);
  if (unknown > unknownShare * cases) {
    return silent(
      `${Math.round((100 * unknown) / cases)} % of the decisions have probabilities that its calibration hardly saw`,
    );
  }
  return { kind: "estimate", cases, ...drawShares(question, known), assumption: performanceAssumption };
}

function silent(reason: string): PerformanceEstimate {
  return { kind: "silent", reason };
}

/** Independent faults and others behind a probability: the parameters of a Beta distribution. */
interface KnownRisk {
  readonly faults: number;
  readonly others: number;
}

/** What calibration knows of a bin's probability; null: hardly anything. */
function findReliability(
  { reliability, casesPerUnit }: PerformanceQuestion,
  bin: DecidedBin,
): KnownRisk | null {
  const near = reliability.filter(({ stated }) => Math.abs(stated - bin.probability) <= knownWithin);
  let [cases, faults, stated] = [0, 0, 0];
  for (const row of near) {
    cases += row.cases;
    faults += row.cases * row.observed;
    stated += row.cases * row.stated;
  }
  const independent = cases / casesPerUnit.reliability;
  if (independent < knownCases) return null;
  // What was observed beside what was stated there, carried over to what is stated here.
  const observed = faults / cases + bin.probability - stated / cases;
  const weight = independent + statedCases;
  const risk = (Math.min(1, Math.max(0, observed)) * independent + bin.probability * statedCases) / weight;
  const bounded = Math.min(1 - 0.5 / weight, Math.max(0.5 / weight, risk));
  return { faults: bounded * weight, others: (1 - bounded) * weight };
}

type Shares = Pick<Extract<PerformanceEstimate, { kind: "estimate" }>, "accuracy" | "precision" | "recall">;

/** Draws risks as calibration leaves them open, and outcomes as the risks leave them open. */
function drawShares(
  { decided, casesPerUnit }: PerformanceQuestion,
  known: readonly (KnownRisk | null)[],
): Shares {
  const random = createRandom(1);
  const drawn = { accuracy: [] as number[], precision: [] as number[], recall: [] as number[] };
  const riskOf = (index: number): KnownRisk =>
    known[index] ?? { faults: decided[index]!.probability + 0.5, others: 1.5 - decided[index]!.probability };
  for (let draw = 0; draw < draws; draw++) {
    const counts = { hits: 0, called: 0, faults: 0, right: 0, cases: 0 };
    for (const [index, bin] of decided.entries()) {
      const { faults, others } = riskOf(index);
      const risk = drawBeta(random, faults, others);
      const units = Math.max(1, bin.cases / casesPerUnit.decided);
      const share = drawBeta(random, Math.max(1e-3, risk * units), Math.max(1e-3, (1 - risk) * units));
      counts.cases += bin.cases;
      counts.faults += bin.cases * share;
      counts.right += bin.cases * (bin.called ? share : 1 - share);
      if (bin.called) {
        counts.called += bin.cases;
        counts.hits += bin.cases * share;
      }
    }
    drawn.accuracy.push(counts.right / counts.cases);
    if (counts.called > 0) drawn.precision.push(counts.hits / counts.called);
    drawn.recall.push(counts.faults > 0 ? counts.hits / counts.faults : 1);
  }
  return {
    accuracy: sumUp(drawn.accuracy),
    precision: drawn.precision.length === 0 ? null : sumUp(drawn.precision),
    recall: sumUp(drawn.recall),
  };
}

function sumUp(values: number[]): ShareRange {
  const sorted = values.sort((a, b) => a - b);
  return {
    value: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    low: sorted[Math.floor(0.05 * sorted.length)]!,
    high: sorted[Math.floor(0.95 * sorted.length)]!,
  };
}

function drawBeta(random: Random, a: number, b: number): number {
  const x = drawGamma(random, a);
  const y = drawGamma(random, b);
  return x + y > 0 ? x / (x + y) : a / (a + b);
}

/** Marsaglia, Tsang, 2000. */
function drawGamma(random: Random, shape: number): number {
  if (shape < 1) return drawGamma(random, shape + 1) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
