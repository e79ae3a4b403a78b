/** What is asked of every day of a point: which columns, at which rate of false verdicts, after how many days of learning. */
import type { DriftRole } from "../contract/drift-verdict.ts";
import type { DriftReference, FeatureReference } from "./drift-reference.ts";

/** One column of the drift reference. */
interface DriftColumn {
  readonly name: string;
  readonly role: DriftRole;
  /** Interior edges of its bins, strictly increasing. */
  readonly edges: readonly number[];
}

export interface DriftTask {
  /** In the order of the drift reference. */
  readonly columns: readonly DriftColumn[];
  /** Probability that a day like the reference is called drift, all columns and aspects together. */
  readonly falsePerDay: number;
  /** The same of a warning or drift. */
  readonly warningsPerDay: number;
  /** Days that a column's own reference needs, {@link fewestLearnDays} to {@link mostDays}. */
  readonly learnDays: number;
}

/** With fewer days nothing is known of how days scatter. */
const fewestLearnDays = 5;

/** Days that a reference remembers. */
export const mostDays = 90;

interface DriftTaskOptions extends Omit<DriftTask, "columns"> {
  /** Names of columns that are conditions, where the reference itself does not say so. */
  readonly conditions: readonly string[];
}

/**
 * The task of a bundle's drift reference: .001 false verdicts and .01 warnings a day, 14 days of learning.
 * @throws RangeError for rates outside (0, .5] or days outside their range
 */
export function createDriftTask(
  reference: Pick<DriftReference, "featureCount" | "features">,
  options: Partial<DriftTaskOptions> = {},
): DriftTask {
  const { falsePerDay = 0.001, warningsPerDay = 0.01, learnDays = 14, conditions = [] } = options;
  if (!(falsePerDay > 0 && falsePerDay <= warningsPerDay && warningsPerDay <= 0.5)) {
    throw new RangeError(`false verdicts ${falsePerDay} and warnings ${warningsPerDay} a day are no rates`);
  }
  if (!(Number.isInteger(learnDays) && learnDays >= fewestLearnDays && learnDays <= mostDays)) {
    throw new RangeError(`${learnDays} days of learning, expected ${fewestLearnDays} to ${mostDays}`);
  }
  const roleOf = (
    column: Pick<FeatureReference, "name"> & { readonly role?: DriftRole },
    index: number,
  ): DriftRole => {
    if (conditions.includes(column.name)) return "condition";
    return column.role ?? (index < reference.featureCount ? "feature" : "score");
  };
  return {
    columns: reference.features.map((feature, index) => ({
      name: feature.name,
      role: roleOf(feature, index),
      edges: feature.edges,
    })),
    falsePerDay,
    warningsPerDay,
    learnDays,
  };
}
