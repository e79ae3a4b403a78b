/**
 * How far stated probabilities are from what happens: reliability bins of equal mass and the expected calibration error
 * over them (Nguyen & O'Connor 2015; equal mass, because most probabilities lie near 0 and 1). Both classes of each
 * output weigh the same, as they do where the calibration is fitted: the share of faults is a fleet's, not a rig's.
 */
import type { ReliabilityBin } from "../../core/contract/bundle/reliability-bin.ts";
import { columnOf, labelRows, type Multiplicities, type ScoredSet, type Statistic } from "./scored-set.ts";

/** Bins of the diagram and of the error. */
const reliabilityBins = 10;

interface Case {
  readonly probability: number;
  readonly label: number;
  readonly signal: number;
  readonly output: number;
}

/** Bins over all outputs of the sets, each of so many windows and outputs; `model` names probabilities, not logits. */
export function computeReliability(sets: readonly ScoredSet[], model: string): ReliabilityBin[] {
  const cases = collectCases(sets, model);
  const all = new Float64Array(countSignals(sets)).fill(1);
  return bin(cases, weigh(cases, all)).map(({ weight, positive, stated, count }) => ({
    stated: stated / weight,
    observed: positive / weight,
    cases: count,
  }));
}

/** The expected calibration error as a statistic of the signals' multiplicities. */
export function createCalibrationError(sets: readonly ScoredSet[], model: string): Statistic {
  const cases = collectCases(sets, model);
  return (multiplicities) => {
    let error = 0;
    let total = 0;
    for (const { weight, positive, stated } of bin(cases, weigh(cases, multiplicities))) {
      error += Math.abs(positive - stated);
      total += weight;
    }
    return error / total;
  };
}

function countSignals(sets: readonly ScoredSet[]): number {
  return sets.reduce((sum, set) => sum + set.signals.length, 0);
}

/** Sorted by probability. */
function collectCases(sets: readonly ScoredSet[], model: string): readonly Case[] {
  let first = 0;
  const cases = sets.flatMap((set) => {
    const start = first;
    first += set.signals.length;
    return Array.from({ length: set.outputs }, (_, output) => output).flatMap((output) => {
      const { signalOf, labels } = labelRows(set, output);
      const column = columnOf(set.scores[model]!, output, set.outputs);
      return Array.from(column, (probability, row) => ({
        probability,
        label: labels[row]!,
        signal: start + signalOf[row]!,
        output,
      }));
    });
  });
  return cases.sort((a, b) => a.probability - b.probability);
}

/** Weights of the cases: each class of each output has half of the output's weight. */
function weigh(cases: readonly Case[], multiplicities: Multiplicities): Float64Array {
  const sums = new Map<number, number>();
  const key = (each: Case): number => 2 * each.output + each.label;
  for (const each of cases) {
    sums.set(key(each), (sums.get(key(each)) ?? 0) + multiplicities[each.signal]!);
  }
  return Float64Array.from(cases, (each) => {
    const sum = sums.get(key(each))!;
    return sum === 0 ? 0 : multiplicities[each.signal]! / sum;
  });
}

interface Bin {
  weight: number;
  positive: number;
  stated: number;
  count: number;
}

function bin(cases: readonly Case[], weights: Float64Array): Bin[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const bins: Bin[] = Array.from({ length: reliabilityBins }, () => ({
    weight: 0,
    positive: 0,
    stated: 0,
    count: 0,
  }));
  let passed = 0;
  for (const [index, { probability, label }] of cases.entries()) {
    const weight = weights[index]!;
    if (weight === 0) continue;
    // By the middle of the case's own mass, so that a heavy case falls into one bin.
    const at = Math.min(reliabilityBins - 1, Math.floor((reliabilityBins * (passed + weight / 2)) / total));
    passed += weight;
    const own = bins[at]!;
    own.weight += weight;
    own.positive += weight * label;
    own.stated += weight * probability;
    own.count++;
  }
  return bins.filter((each) => each.count > 0);
}
