/**
 * Do scores stand higher in the weeks before a failure than at other times? An area under the ROC over turbine-days, and
 * how often failures at random places and times would give as much. Neighbouring days are nearly one: only the
 * permutation of whole failures says how sure the figure is.
 */
import { dayOf } from "../learn/scada-rows.ts";
import type { LeadTime } from "./cost-rule.ts";
import type { Chance, PolicyCase } from "./policy-runs.ts";
import type { TurbineDays } from "./scada-slices.ts";

export interface WindowAuc {
  /** Mean over the components that failed; NaN when none has. */
  readonly auc: number;
  readonly perComponent: Readonly<Record<string, number>>;
  /** (1 + permutations that give at least as much) / (1 + permutations), one-sided. */
  readonly permutationP: number;
}

interface JudgedDays extends LeadTime {
  readonly fromDay: number;
  readonly toDay: number;
}

/** Computes it of the failures that count, with permutations that give each a random turbine and day. */
export function computeWindowAuc(
  {
    turbines,
    counted: failures,
    startMs,
    endMs,
    lead: { minLeadDays, maxLeadDays },
  }: Pick<PolicyCase, "turbines" | "counted" | "startMs" | "endMs" | "lead">,
  { draws, random }: Chance,
): WindowAuc {
  const judged = { fromDay: dayOf(startMs), toDay: dayOf(endMs), minLeadDays, maxLeadDays };
  const placeable = Math.max(1, judged.toDay - judged.fromDay - minLeadDays);
  const names = turbines.map(({ turbine }) => turbine);
  const components = [...new Set(failures.map(({ component }) => component))];
  const ranked = components.map((component) => rankDays(turbines, component, judged));
  const aucsOf = (placed: readonly (readonly PlacedFailure[])[]): number[] =>
    placed.map((own, index) => computeAuc(ranked[index]!, own, judged));
  const placed = components.map((component) =>
    failures
      .filter((failure) => failure.component === component)
      .map(({ turbine, timestampMs }) => ({ turbine: names.indexOf(turbine), day: dayOf(timestampMs) })),
  );
  const drawPlace = (): PlacedFailure => ({
    turbine: random.integer(names.length),
    day: judged.fromDay + minLeadDays + random.integer(placeable),
  });
  const perComponent = aucsOf(placed);
  const auc = mean(perComponent);
  let atLeast = 0;
  for (let run = 0; run < draws; run++) {
    if (mean(aucsOf(placed.map((own) => own.map(drawPlace)))) >= auc) atLeast++;
  }
  return {
    auc,
    perComponent: Object.fromEntries(components.map((component, index) => [component, perComponent[index]!])),
    permutationP: (1 + atLeast) / (1 + draws),
  };
}

interface PlacedFailure {
  readonly turbine: number;
  readonly day: number;
}

/** Mid-ranks of a component's scores over all turbine-days, [turbine][day from `fromDay`]; NaN where nothing is known. */
function rankDays(turbines: readonly TurbineDays[], component: string, judged: JudgedDays): Float64Array[] {
  const length = judged.toDay - judged.fromDay;
  const cells: { turbine: number; day: number; score: number }[] = [];
  for (const [turbine, { days, scores }] of turbines.entries()) {
    const values = scores.get(component);
    for (let day = 0; values !== undefined && day < length; day++) {
      const score = values[judged.fromDay + day - days[0]!];
      if (score !== undefined && !Number.isNaN(score)) cells.push({ turbine, day, score });
    }
  }
  cells.sort((a, b) => a.score - b.score);
  const ranks = turbines.map(() => new Float64Array(length).fill(Number.NaN));
  for (let from = 0; from < cells.length; ) {
    let to = from + 1;
    while (to < cells.length && cells[to]!.score === cells[from]!.score) to++;
    for (let at = from; at < to; at++) ranks[cells[at]!.turbine]![cells[at]!.day] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/** Mann & Whitney: (R⁺ − n⁺(n⁺ + 1)/2) / (n⁺ n⁻), with the ranks of the days `minLeadDays` … `maxLeadDays` before a failure. */
function computeAuc(
  ranks: readonly Float64Array[],
  failures: readonly PlacedFailure[],
  judged: JudgedDays,
): number {
  const counts = (lead: number): boolean => lead >= judged.minLeadDays && lead <= judged.maxLeadDays;
  let positives = 0;
  let sum = 0;
  let all = 0;
  for (const [turbine, row] of ranks.entries()) {
    const own = failures.filter((failure) => failure.turbine === turbine);
    for (let day = 0; day < row.length; day++) {
      if (Number.isNaN(row[day]!)) continue;
      all++;
      const at = judged.fromDay + day;
      if (!own.some((failure) => counts(failure.day - at))) continue;
      positives++;
      sum += row[day]!;
    }
  }
  const negatives = all - positives;
  return positives === 0 || negatives === 0
    ? 0.5
    : (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
