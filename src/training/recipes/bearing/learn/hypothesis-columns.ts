/**
 * From the names of features to what each hypothesis calls its own: what a tied network shares between hypotheses, and
 * the score without a learnt parameter that every model must beat.
 */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { Tying } from "../../../learn/tied-network.ts";
import type { LabelledRows } from "../../../learn/train-student.ts";
import type { BearingConfig, Hypothesis } from "../bearing-config.ts";

/**
 * A feature whose name begins with a hypothesis' prefix is its own; all others are shared. Fails with CONFIG_INVALID
 * when the hypotheses' own features do not correspond (same rest of the name, same sequence).
 */
export function deriveTying(spec: FeatureSpec, hypotheses: readonly Hypothesis[]): Tying {
  const names = spec.list.map((feature) => feature.name);
  const own = hypotheses.map(({ featurePrefix }) =>
    names.flatMap((name, index) => (name.startsWith(featurePrefix) ? [index] : [])),
  );
  const rests = own.map((columns, hypothesis) =>
    columns.map((column) => names[column]!.slice(hypotheses[hypothesis]!.featurePrefix.length)).join(" "),
  );
  for (const [index, hypothesis] of hypotheses.entries()) {
    if (own[index]!.length === 0 || rests[index] !== rests[0]) {
      throw new AuroraError(
        "CONFIG_INVALID",
        own[index]!.length === 0
          ? `no feature's name begins with "${hypothesis.featurePrefix}"`
          : `features of "${hypothesis.featurePrefix}" are [${rests[index]}], those of "${hypotheses[0]!.featurePrefix}" [${rests[0]}]`,
        {
          op: "tie weights",
          subject: hypothesis.failureMode,
          hint: "every failure mode needs the same features, named with its own prefix, in one sequence",
        },
      );
    }
  }
  const taken = new Set(own.flat());
  return { own, shared: names.flatMap((_, index) => (taken.has(index) ? [] : [index])) };
}

/** Harmonics that the physics score takes the mean of. */
const harmonics = [1, 2, 3] as const;

/** Columns of the features `<prefix>h1` to `h3` of every hypothesis; null where the spec has no such features. */
export function findPhysicsColumns(
  spec: FeatureSpec,
  hypotheses: readonly Hypothesis[],
): readonly (readonly number[])[] | null {
  const names = spec.list.map((feature) => feature.name);
  const columns = hypotheses.map(({ featurePrefix }) =>
    harmonics.map((harmonic) => names.indexOf(`${featurePrefix}h${harmonic}`)),
  );
  return columns.flat().includes(-1) || hypotheses.length < 2 ? null : columns;
}

/**
 * Physics scores [rows × hypotheses], by their name, of rows that are not standardised: the mean log signal-to-noise ratio of the
 * first harmonics of a hypothesis' own fault order, less the larger of the other hypotheses'. Nothing where
 * {@link findPhysicsColumns} finds none.
 */
export function scorePhysics(
  { features: spec, hypotheses }: Pick<BearingConfig, "features" | "hypotheses">,
  { rows, features }: Pick<LabelledRows, "rows" | "features">,
): Readonly<Record<string, Float32Array>> {
  const columns = findPhysicsColumns(spec, hypotheses);
  if (columns === null) return {};
  const width = features.length / rows;
  const out = new Float32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    const means = columns.map(
      (own) => own.reduce((sum, column) => sum + features[row * width + column]!, 0) / own.length,
    );
    for (const [index, mean] of means.entries()) {
      out[row * columns.length + index] = mean - Math.max(...means.filter((_, other) => other !== index));
    }
  }
  return { physics: out };
}
