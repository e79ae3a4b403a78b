/** From the names of features to what each hypothesis calls its own, and what all of them share. */
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { Tying } from "../../../learn/tied-network.ts";
import type { Hypothesis } from "../bearing-config.ts";

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
        `features of "${hypothesis.featurePrefix}" are [${rests[index]}], those of "${hypotheses[0]!.featurePrefix}" [${rests[0]}]`,
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
