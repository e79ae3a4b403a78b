/**
 * The background of explanations of a diagnosis: typical *healthy* windows, by their labels and by the deployed student
 * itself. Among others a fault would be explained by how it differs from other faults, and the base value would be high.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Calibration } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { calibrateLogit } from "../../core/decision/calibrate.ts";
import { gatherRows } from "../../core/maths/gather-rows.ts";
import type { Random } from "../../core/maths/random.ts";
import { runQuantised } from "../learn/quantise-network.ts";
import { type Background, clusterBackground, minClusterRows } from "./cluster-background.ts";

/** The student that serves. */
interface CalibratedStudent {
  readonly quantised: QuantisedMlp;
  /** One an output. */
  readonly calibration: readonly Calibration[];
}

/** Rows [rows × features], standardised. */
interface StandardisedRows {
  readonly rows: number;
  readonly standardised: Float32Array;
}

/**
 * Clusters those of `healthy` that the student calls healthy into at most `count` centres, and keeps the centres that it
 * calls healthy, too. Fails with TRAINING where none is left.
 */
export function clusterHealthyBackground(
  student: CalibratedStudent,
  healthy: StandardisedRows,
  options: { readonly count: number; readonly random: Random },
): Background {
  const quiet = selectRows(healthy, findQuiet(student, healthy));
  if (quiet.rows === 0) throw refuse(`the student calls all ${healthy.rows} healthy training windows faulty`);
  const background = clusterBackground(
    { values: quiet.standardised, rows: quiet.rows },
    // A centre of less is dropped: of few rows few centres are left to stand for them.
    Math.max(1, Math.min(options.count, Math.floor(quiet.rows / (2 * minClusterRows)))),
    options.random,
  );
  const { rows, features, values } = background;
  const kept = findQuiet(student, { rows, standardised: values });
  const weight = kept.reduce((sum, row) => sum + background.weights[row]!, 0);
  if (!(weight > 0)) throw refuse("the student calls every typical healthy window faulty");
  return {
    rows: kept.length,
    features,
    values: selectRows({ rows, standardised: values }, kept).standardised,
    weights: Float64Array.from(kept, (row) => background.weights[row]! / weight),
  };
}

/** The weight of a background, 0 to 1, at rows to which the student gives even odds of some fault, or more. */
export function measureFaultyWeight(student: CalibratedStudent, background: Background): number {
  const { rows, values, weights } = background;
  const quiet = new Set(findQuiet(student, { rows, standardised: values }));
  return weights.reduce((sum, weight, row) => (quiet.has(row) ? sum : sum + weight), 0);
}

/** Indexes of the rows to which the student gives less than even odds of every fault. */
function findQuiet(
  { quantised, calibration }: CalibratedStudent,
  { rows, standardised }: StandardisedRows,
): number[] {
  const logits = runQuantised(quantised, standardised, rows);
  const outputs = calibration.length;
  return Array.from({ length: rows }, (_, row) => row).filter((row) =>
    calibration.every((own, output) => calibrateLogit(logits[row * outputs + output]!, own) < 0),
  );
}

function selectRows({ rows, standardised }: StandardisedRows, kept: readonly number[]): StandardisedRows {
  return { rows: kept.length, standardised: gatherRows(standardised, standardised.length / rows, kept) };
}

function refuse(reason: string): AuroraError {
  return new AuroraError("TRAINING", `there is no background for explanations: ${reason}`, {
    op: "choose background",
    subject: "background.bin",
  });
}
