/**
 * The policy against policies without a model: what its inspections find and are worth beyond those that look at no score, or
 * at scores that say nothing. The failures are the independent unit; calendars and draws of chance are not.
 */
import { createRandom } from "../../../../core/maths/random.ts";
import { computeQuantile } from "../../../../core/maths/robust.ts";
import { type Figure, formatFigure } from "../../../judge/figure.ts";
import type { PolicyFigures } from "./cost-rule.ts";

/** By the names of the policies: what each is. */
const withoutModel: Readonly<Record<string, string>> = {
  withoutScores: "the policy of worth without any score",
  shuffledScores: "the same policy on scores that are dealt anew",
};

/** The policy less one without a model. */
interface ModelGain {
  readonly than: string;
  /** Failures found, with the 95 % interval over failures that are drawn anew. */
  readonly detected: Figure;
  /** EUR against never looking; means over calendars. One turn of luck moves it by a replacement. */
  readonly gainEur: number;
}

type Policies = Readonly<Record<string, PolicyFigures>>;

const resamples = 10_000;

/** Compares with each policy without a model that was run; `seed` draws the failures. */
export function compareWithoutModel(policies: Policies, seed: number): ModelGain[] {
  const own = policies.policy!;
  return Object.keys(withoutModel).flatMap((than) => {
    const other = policies[than];
    if (other === undefined) return [];
    const gains = own.failures.map(
      ({ detectedShare }, index) => detectedShare - other.failures[index]!.detectedShare,
    );
    const gainEur = own.gainEur.value - other.gainEur.value;
    return [{ than, detected: resampleSum(gains, seed), gainEur }];
  });
}

function resampleSum(values: readonly number[], seed: number): Figure {
  const random = createRandom(seed).fork("failures");
  const sums = Float64Array.from({ length: resamples }, () =>
    values.reduce((sum) => sum + values[random.integer(values.length)]!, 0),
  );
  const value = values.reduce((sum, each) => sum + each, 0);
  return { value, low: computeQuantile(sums, 0.025), high: computeQuantile(sums, 0.975) };
}

const thousands = (eur: number): string => `${Math.round(eur / 1000)} k`;

/** What policies came to. */
export interface ComparedPolicies {
  readonly policies: Policies;
  readonly modelGains: readonly ModelGain[];
  /** Was it said what things cost? */
  readonly hasCosts: boolean;
}

/** What the policy came to, what policies without a model did, and what follows from it. */
export function sayWithoutModel({ policies, modelGains: gains, hasCosts }: ComparedPolicies): string {
  const own = policies.policy!;
  const asked = `The policy with ${own.inspections.value.toFixed(1)} inspections`;
  if (own.failures.length === 0)
    return `${asked}: no failure was logged in the test period, so that nothing can be said of what inspections find or save.`;
  if (own.inspections.value === 0)
    return `No inspection is asked for, so that none of ${own.failures.length} failures is found by one.`;
  const outcome = ({ detected, gainEur, failures }: PolicyFigures): string =>
    `${detected.value.toFixed(2)} of ${failures.length} failures${hasCosts ? ` and ${thousands(gainEur.value)} EUR against never looking` : ""}`;
  const others = gains.map(({ than }) => `${withoutModel[than]} ${outcome(policies[than]!)}`);
  const differences = gains.map(
    ({ than, detected, gainEur }) =>
      `${hasCosts ? `${gainEur < 0 ? "" : "+"}${thousands(gainEur)} EUR and ` : ""}${formatFigure(detected, 2)} failures to ${than}`,
  );
  const isSure = gains.every(
    ({ detected, gainEur }) => (gainEur > 0 || !hasCosts) && detected.low !== null && detected.low > 0,
  );
  const verdict = isSure
    ? "The model finds more than a policy without a model"
    : `What the model ${hasCosts ? "saves" : "finds"} cannot be told from what a policy without a model ${hasCosts ? "saves" : "finds"}`;
  return `${asked}: ${outcome(own)}. Without a model: ${others.join("; ")}. ${verdict}: ${differences.join(", ")} (95 %, failures drawn anew).`;
}

/** Policies in the sequence of a table: the bundle's, those without a model, the others. */
export function orderPolicies(policies: Policies): (readonly [string, PolicyFigures])[] {
  const first = ["policy", ...Object.keys(withoutModel)];
  const rank = (name: string): number => (first.includes(name) ? first.indexOf(name) : first.length);
  return Object.entries(policies).sort(([a], [b]) => rank(a) - rank(b));
}
